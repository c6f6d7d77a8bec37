"""Networks computed by OpenVINO, each compared with torch before it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hookpath.devices import lacks_memory
from hookpath.inference.aligned_tile_grids import Box, BranchGrid, branch_grids
from hookpath.inference.engines.hook_cache import FloatMap
from hookpath.inference.engines.openvino_graph import Array, Graph
from hookpath.inference.engines.patch_runners import TorchPatches
from hookpath.inference.engines.tile_runner import TorchRunner
from hookpath.inference.engines.torch_device import TileTooLargeError
from hookpath.models import Network, SegmentationModel
from hookpath.models.network_base import BranchOutput
from hookpath.slides.slide_base import RGBArray

CLOSE = {False: 1e-3, True: 0.2}
"""Scores may differ from torch's float32 by this share of the largest, in float32 (measured: 2e-5)
and in bfloat16 (0.06). A size that was followed as a constant moves them by more than all of it."""

_LARGEST_TILE = 800
"""Px: every branch's graph keeps its own memory; larger tiles are no faster."""


_EXAMPLE, _OTHER = (2, 2), (3, 5)
"""Phases, rows and columns, of the tile that is followed and of the one that is compared."""


class DisagreesError(Exception):
    """The compiled network gives other numbers than torch does."""


class CompiledTiles(TorchRunner):
    """A `Runner` of a `SegmentationModel` on the CPU.

    Args:
        bf16: compute in bfloat16; `say` hears how many labels of the first tile stay the same.

    Raises:
        DisagreesError: the network cannot be followed at any size of its tiles.
        Exception: of any kind, where it cannot be converted.
    """

    def __init__(self, model: SegmentationModel, bf16: bool, say: Callable[[str], None]) -> None:
        super().__init__(model, "cpu")
        self.bf16, self._say = bf16, say
        self._graphs = _graphs(self, bf16)
        self._told = not bf16

    def largest_input(self) -> int:
        """See `Runner`."""
        return min(super().largest_input(), _LARGEST_TILE)

    def hook_map(self, branch: int, image: RGBArray, hook: FloatMap | None) -> FloatMap:
        """See `Runner`."""
        return self._computed(branch, image, hook)

    def logits(self, image: RGBArray, hook: FloatMap | None) -> Tensor:
        """See `Runner`."""
        scores = self._computed(0, image, hook)
        if not self._told:
            self._told = True
            self._say(_agreement(scores, super().logits(image, hook).numpy()))
        return torch.from_numpy(scores)

    def _computed(self, branch: int, image: RGBArray, hook: FloatMap | None) -> Array:
        given = [_rows(self._tile(image)), *([] if hook is None else [hook[None]])]
        return _or_too_large(lambda: np.asarray(self._graphs[branch](*given)[0]))


class CompiledPatches(TorchPatches):
    """A `PatchRunner` of a `Network` on the CPU; see `CompiledTiles`."""

    def __init__(self, model: Network, bf16: bool, say: Callable[[str], None]) -> None:
        super().__init__(model, "cpu")
        self.bf16, self._say = bf16, say
        module, free = _Patches(model).eval(), [(0,)] * len(model.branches)
        self._graph = Graph(module, self._examples(1), free, bf16)
        _compare(self._graph, module, self._examples(2), bf16)
        self._told = not bf16

    def logits(self, images: Sequence[RGBArray]) -> Tensor:
        """See `PatchRunner`."""
        scores = _or_too_large(lambda: self._graph(*(_rows(self._input(i)) for i in images)))
        if not self._told:
            self._told = True
            self._say(_agreement(scores, super().logits(images).numpy(), axis=1))
        return torch.from_numpy(scores)

    def _examples(self, count: int) -> list[Tensor]:
        sizes = zip(self.model.channels, self.branches, strict=True)
        return [_noise(count, c, b.input_size, b.input_size) for c, b in sizes]


class _Branch(nn.Module):
    """One branch's part of dense prediction, as a module that gives one tensor."""

    def __init__(self, model: SegmentationModel, index: int) -> None:
        super().__init__()
        self.model, self.index = model, index

    def forward(self, image: Tensor, hook: Tensor | None = None) -> Tensor:
        found: BranchOutput = self.model.run_branch(self.index, image, hook)
        wanted = found.hook if self.index else found.logits
        assert wanted is not None
        return wanted


class _Patches(nn.Module):
    """A network whose first head alone is wanted."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, *images: Tensor) -> Tensor:
        scores: Tensor = self.model(images)[0]
        return scores


def _graphs(runner: TorchRunner, bf16: bool) -> list[Graph]:
    """Of all branches, finest first."""
    grids, graphs = branch_grids(runner), list[Graph]()
    handed_on = 0  # channels of the coarser branch's map
    for index in reversed(range(len(grids))):
        module = _Branch(runner.model, index).eval()
        inputs = _Inputs(grids, index, runner.model.channels[index], handed_on)
        graph = Graph(module, inputs.of(_EXAMPLE), inputs.free, bf16)
        handed_on = _compare(graph, module, inputs.of(_OTHER), bf16)
        graphs.insert(0, graph)
    return graphs


@dataclass(frozen=True)
class _Inputs:
    """Noise for a branch: an image, and a hooked map where it takes one."""

    grids: Sequence[BranchGrid]
    index: int
    channels: int
    hooked: int

    @property
    def free(self) -> list[tuple[int, ...]]:
        return [(2, 3)] * (1 if self.grids[self.index].hook_depth is None else 2)

    def of(self, phases: tuple[int, int]) -> list[Tensor]:
        """For a tile of so many phases, rows and columns."""
        grid = self.grids[self.index]
        box = Box(0, 0, phases[1] * grid.phase, phases[0] * grid.phase)
        rows, columns = box.height + grid.input_extra, box.width + grid.input_extra
        found = [_noise(1, self.channels, rows, columns)]
        if grid.hook_depth is not None:
            cells = grid.hook_cells(box, self.grids[self.index + 1])
            found.append(_noise(1, self.hooked, cells.height, cells.width))
        return found


def _compare(graph: Graph, module: nn.Module, inputs: Sequence[Tensor], bf16: bool) -> int:
    """Number of channels of what a module gives.

    Raises:
        DisagreesError: a graph of it gives something else.
    """
    found = graph(*(image.numpy() for image in inputs))
    with torch.inference_mode():
        right = module(*inputs).numpy()
    scale = max(float(np.abs(right).max()), 1e-6)
    if found.shape != right.shape or not np.abs(found - right).max() <= CLOSE[bf16] * scale:
        raise DisagreesError("OpenVINO's scores differ from torch's")
    return int(right.shape[1])


def _noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(sum(shape)))


def _rows(image: Tensor) -> Array:
    """In the order of channels, rows, columns, as graphs take images."""
    return image.contiguous(memory_format=torch.contiguous_format).numpy()


def _agreement(found: Array, right: Array, axis: int = 0) -> str:
    """What is said of the first tile or batch in bfloat16."""
    same = float((found.argmax(axis) == right.argmax(axis)).mean())
    return f"bfloat16: {100 * same:.2f} % of the first labels are those of float32"


def _or_too_large(run: Callable[[], Array]) -> Array:
    try:
        return run()
    except (RuntimeError, MemoryError) as error:
        if not lacks_memory(error):
            raise
        reason = str(error).splitlines()[0] if str(error) else "out of memory"
    raise TileTooLargeError(reason)
