"""What is annotated on a slide, cell by cell, and the features of these cells."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hookpath.events import OnStep
from hookpath.models import FeatureProbe
from hookpath.probing.color_augmented_copies import Repainting, recoloured_source
from hookpath.probing.feature_cache import FeatureCache, digest, identity_of_slide
from hookpath.probing.feature_lattice import Lattice, TileKey
from hookpath.probing.tile_features import Describer, Vectors
from hookpath.sampling import AnnotatedSlide, AugmentationConfig
from hookpath.slides import Slide
from hookpath.slides.recolored_slide import RecolouredSlide

#: Most cells of one class that are taken from one tile: its neighbours look much the same.
_OF_TILE = 256
#: Handles of a slide that are read from while features are computed.
_READERS = 2

Chosen = Mapping[TileKey, npt.NDArray[np.intp]]
"""By tile: which of its cells are learned from."""


@dataclass(frozen=True)
class Places:
    """Cells of one slide that are learned from.

    Attributes:
        vectors: ``(1 + copies, N, F)`` float16: as the slide is, and in other colours.
        labels: ``(N,)`` uint8, 1…C.
        centres_l0: ``(N, 2)`` x, y in level-0 px of what each looks at.
    """

    vectors: npt.NDArray[np.float16]
    labels: npt.NDArray[np.uint8]
    centres_l0: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Making:
    """How features are made.

    Attributes:
        describer: computes what is not in `cache`.
        copies: times that a slide is looked at in other colours.
        colours: how different they are.
        seed: of the colours.
        features: `identity_of_features` of the network.
        cells: most of a class on a slide.
        on_tile: called with the number of tiles that were done.
    """

    describer: Describer
    cache: FeatureCache
    copies: int
    colours: AugmentationConfig
    seed: int
    cells: int
    features: str
    on_tile: OnStep = lambda _: None

    @property
    def model(self) -> FeatureProbe:
        """Whose features they are."""
        return self.describer.model


def places_of(source: AnnotatedSlide, making: Making) -> Places:
    """All that is learned from one slide.

    Raises:
        SlideError: the slide cannot be read.
    """
    with source.open() as slide:
        lattice = Lattice.of(making.model, slide)
    chosen, labels = choose_cells(source, lattice, making.cells)
    copies = [
        _vectors(source, lattice, chosen, making, number) for number in range(1 + making.copies)
    ]
    return Places(np.stack(copies), labels, _centres(lattice, chosen))


def missing_tiles(source: AnnotatedSlide, making: Making) -> list[dict[TileKey, str]]:
    """By copy (see `Places`): the tiles whose features `places_of` would compute, and their names.

    Raises:
        SlideError: the slide cannot be read.
    """
    with source.open() as slide:
        lattice = Lattice.of(making.model, slide)
    chosen, _ = choose_cells(source, lattice, making.cells)
    named = (_names(source, lattice, chosen, making, n) for n in range(1 + making.copies))
    return [{key: n for key, n in names.items() if not making.cache.has(n)} for names in named]


def make_tiles(
    source: AnnotatedSlide, making: Making, number: int, names: Mapping[TileKey, str]
) -> Generator[tuple[TileKey, Vectors], None, None]:
    """Compute tiles of copy `number`, and keep them under their names; each as soon as it is there.

    Raises:
        SlideError: the slide cannot be read.
    """
    with ExitStack() as opened:
        slides = [opened.enter_context(_copy(source, making, number)) for _ in range(_READERS)]
        lattice = Lattice.of(making.model, slides[0])
        for key, vectors in making.describer.tiles(lattice, slides, set(names)):
            making.cache.put(names[key], vectors)
            yield key, vectors


def choose_cells(
    source: AnnotatedSlide, lattice: Lattice, most: int
) -> tuple[Chosen, npt.NDArray[np.uint8]]:
    """Annotated cells, and their labels in the same order.

    Tiles are taken in an order that follows from their place alone, until there is enough of every
    class: one stroke more changes little of what was chosen before.
    """
    bounds = [p.geometry.bounds for p in source.polygons]
    keys = {key for b in bounds for key in lattice.under(b)}
    annotated = {p.label for p in source.polygons}
    order = np.random.default_rng(0).permutation((lattice.side // lattice.cell) ** 2)
    counts = dict.fromkeys(annotated, 0)
    chosen: dict[TileKey, npt.NDArray[np.intp]] = {}
    labels: list[npt.NDArray[np.uint8]] = []
    for key in sorted(keys, key=_place_hash):
        wanted = [label for label in annotated if counts[label] < most]
        if not wanted:
            break
        found = source.labels.rasterize(lattice.cells_of(key)).ravel()
        taken = [order[found[order] == label][:_OF_TILE] for label in wanted]
        for label, cells in zip(wanted, taken, strict=True):
            counts[label] += len(cells)
        cells = np.concatenate(taken)
        if len(cells):
            chosen[key] = cells
            labels.append(found[cells])
    return chosen, np.concatenate(labels) if labels else np.zeros(0, np.uint8)


def _place_hash(key: TileKey) -> tuple[int, TileKey]:
    return zlib.crc32(np.array(key, np.int64).tobytes()), key


def _vectors(
    source: AnnotatedSlide, lattice: Lattice, chosen: Chosen, making: Making, number: int
) -> Vectors:
    """``(N, F)`` of the chosen cells in copy `number` (0: the slide as it is)."""
    names = _names(source, lattice, chosen, making, number)
    found: dict[TileKey, Vectors] = {}
    for key, name in names.items():
        kept = making.cache.get(name)
        if kept is not None:
            found[key] = kept[chosen[key]]
    making.on_tile(len(found))
    if missing := {key: name for key, name in names.items() if key not in found}:
        for key, vectors in make_tiles(source, making, number, missing):
            found[key] = vectors[chosen[key]]
            making.on_tile(1)
    return np.concatenate([found[key] for key in chosen])


def _copy(source: AnnotatedSlide, making: Making, number: int) -> Slide:
    if number and source.slide.channels:
        return recoloured_source(source, making.colours, _seed(making, number)).open()
    slide = source.open()
    if number == 0:
        return slide
    return RecolouredSlide(slide, Repainting.drawn(making.colours, _seed(making, number)))


def _seed(making: Making, number: int) -> int:
    return making.seed * 1000 + number


def _names(
    source: AnnotatedSlide, lattice: Lattice, chosen: Chosen, making: Making, number: int
) -> dict[TileKey, str]:
    """Under what name each tile's features are kept."""
    colours = None
    if number:
        colours = [making.colours.model_dump(mode="json"), _seed(making, number)]
    slide = identity_of_slide(source)
    here = digest(slide, making.features, lattice.grid.start, lattice.side, colours)
    return {key: digest(here, key) for key in chosen}


def _centres(lattice: Lattice, chosen: Chosen) -> npt.NDArray[np.float64]:
    across = lattice.side // lattice.cell
    found: list[npt.NDArray[np.float64]] = [np.zeros((0, 2))]
    for key, cells in chosen.items():
        region = lattice.cells_of(key)
        x = region.x_l0 + (cells % across + 0.5) * region.downsample_x
        y = region.y_l0 + (cells // across + 0.5) * region.downsample_y
        found.append(np.stack([x, y], axis=1))
    return np.concatenate(found)
