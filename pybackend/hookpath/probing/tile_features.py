"""Features of tiles, as prediction would make them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from hookpath.inference.dense.read_ahead import read_ahead
from hookpath.inference.engines.hook_cache import FloatMap, HookStore
from hookpath.inference.engines.tile_runner import TorchRunner
from hookpath.inference.tile_order import RowEnd, Step
from hookpath.models import FeatureProbe
from hookpath.probing.feature_lattice import Lattice, TileKey
from hookpath.slides import Slide
from hookpath.slides.slide_base import RGBArray

Vectors = npt.NDArray[np.float16]
"""``(h·w, F)`` features of a tile's cells, row by row. Half precision: they are kept on disk."""

_HOOK_BYTES = 256 * 2**20
#: Beyond, half precision knows no number.
_MOST = 65504.0


class Describer(TorchRunner):
    """Computes the features of a probe's cells instead of its scores."""

    model: FeatureProbe  # type: ignore[assignment]

    def tiles(
        self, lattice: Lattice, slides: Sequence[Slide], keys: set[TileKey]
    ) -> Iterator[tuple[TileKey, Vectors]]:
        """The given tiles of a slide, each once.

        Args:
            slides: handles of the slide, one for each reading thread.

        Raises:
            SlideError: the slide is damaged there.
            TileTooLargeError: not enough memory.
        """
        plan = lattice.plan(keys)
        with HookStore(plan, _HOOK_BYTES) as store:
            for item in read_ahead(plan.steps(), slides):
                if isinstance(item, RowEnd):
                    store.forget_before(item.keep_from)
                    continue
                step, (image,) = item
                if step.branch:
                    store.put(step.branch, step.box, self._context(lattice, step, image, store))
                    continue
                key = step.box.y // lattice.side, step.box.x // lattice.side
                yield key, self._vectors(lattice, image, self._hook(lattice, step, store))

    def _context(self, lattice: Lattice, step: Step, image: RGBArray, store: HookStore) -> FloatMap:
        return self.hook_map(step.branch, image, self._hook(lattice, step, store))

    def _hook(self, lattice: Lattice, step: Step, store: HookStore) -> FloatMap | None:
        grid = lattice.grids[step.branch]
        if grid.hook_depth is None:
            return None
        return store.window(step.branch, grid.hook_cells(step.box, lattice.grids[step.branch + 1]))

    def _vectors(self, lattice: Lattice, image: RGBArray, hook: FloatMap | None) -> Vectors:
        count = lattice.side // lattice.cell

        def run() -> torch.Tensor:
            found = self.model.describe(0, self._tile(image), self._taken(hook))
            cells = found[0, :, :count, :count].permute(1, 2, 0).reshape(count * count, -1)
            return cells.float().clamp(-_MOST, _MOST).half().cpu()

        return np.asarray(self.computed(run).numpy())
