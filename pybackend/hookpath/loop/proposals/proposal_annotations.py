"""From a probability map to annotations that a brush can correct (AN2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import ClassTable, PathClass, PathObject, Vectorizer, keep_area
from hookpath.annotations.objects import new_object_id
from hookpath.errors import LoopError
from hookpath.geometry import Calibration
from hookpath.inference import PredictionRecord
from hookpath.loop.ground_truth.disjoint_areas import union_of
from hookpath.loop.proposals.smoothing import smooth_labels, without_specks
from hookpath.loop.state.loop_settings import ProposalSettings
from hookpath.slides import MapReader, Slide, open_map

PROBABILITIES = "probabilities.tif"
#: A map with more px than this is made at a coarser spacing (some 20 bytes a px are held).
MAX_PIXELS = 2**24
#: Proposals are never finer than this, unless asked for: nobody corrects single pixels.
FINEST_UM = 2.0


@dataclass(frozen=True)
class ProbabilityMap:
    """One level of a slide's probability map.

    `downsample`: level-0 px per map px in x and y; `px_um`: mean side of a map px in µm.
    """

    reader: MapReader
    level: int
    downsample: tuple[float, float]
    px_um: float
    classes: tuple[str, ...]

    @classmethod
    def open(cls, folder: Path, record: PredictionRecord, spacing_um: float) -> ProbabilityMap:
        """The coarsest level that is not coarser than `spacing_um`, of at most `MAX_PIXELS`.

        Raises:
            SlideError: the file is missing or damaged.
        """
        reader = open_map(folder / PROBABILITIES)
        level, scale = 0, 1
        for n, (width, height) in enumerate(reader.level_sizes):
            fine_enough = record.spacing_um * 2**n <= spacing_um * 1.001
            if n and not fine_enough and width * height * 4 <= MAX_PIXELS:
                break
            level, scale = n, 2**n
        dx, dy = record.downsample
        return cls(
            reader, level, (dx * scale, dy * scale), record.spacing_um * scale, record.classes
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.reader.level_sizes[self.level]

    def rows(self, top: int, bottom: int) -> npt.NDArray[np.uint8]:
        """``(C, bottom − top, W)`` uint8, 0…255; all 0 where nothing was predicted."""
        window = self.reader.read(0, top, self.size[0], bottom - top, self.level)
        if window.ndim == 2:
            window = window[..., None]
        return np.asarray(np.moveaxis(window, -1, 0))

    def close(self) -> None:
        """Close the file."""
        self.reader.close()


def propose_objects(
    folder: Path,
    record: PredictionRecord,
    classes: ClassTable,
    slide: Slide,
    settings: ProposalSettings,
    rest: str | None = None,
) -> list[PathObject]:
    """Smoothed, hole-filled, size-filtered outlines as unlocked annotations.

    Args:
        folder: of the slide's prediction, with its probability map.
        classes: of the model, in label order.
        slide: open, for its size and calibration.
        rest: class that is not outlined: it is what is left.

    Raises:
        SlideError: the map is missing or damaged.
        LoopError: the classes are not those of the map.
    """
    if classes.names != record.classes:
        raise LoopError(f"{folder}: predicted with other classes; predict again")
    wanted = settings.spacing_um or max(record.spacing_um, FINEST_UM)
    with closing(ProbabilityMap.open(folder, record, wanted)) as found:
        labels = tidy_labels(found, settings)
        labels = classes.outlined[labels]
        if rest in classes.names:
            labels[labels == classes.label(rest)] = 0
        return _outlined(labels, classes, found.downsample, slide, settings)


def tidy_labels(found: ProbabilityMap, settings: ProposalSettings) -> npt.NDArray[np.uint8]:
    """The class map that proposals are outlines of."""
    width, height = found.size
    px_um2 = found.px_um**2
    labels = smooth_labels(found.rows, height, width, settings.smooth_um / found.px_um)
    return without_specks(labels, settings.min_area_um2 / px_um2, settings.max_hole_um2 / px_um2)


def _outlined(
    labels: npt.NDArray[np.uint8],
    classes: ClassTable,
    downsample: tuple[float, float],
    slide: Slide,
    settings: ProposalSettings,
) -> list[PathObject]:
    vectorizer = Vectorizer(
        classes,
        downsample,
        simplify_l0=settings.simplify_um / slide.calibration.mpp,
        calibration=slide.calibration,
        size_l0=(slide.width_l0, slide.height_l0),
    )
    vectorizer.add_rows(0, labels)
    return vectorizer.finish()


def leave_room(
    proposals: Iterable[PathObject], taken: Sequence[BaseGeometry], least_l0: float
) -> list[PathObject]:
    """Proposals outside of what a person has drawn or confirmed; each part an object of its own.

    Args:
        taken: areas in level-0 px.
        least_l0: parts smaller than this (px²) are dropped.
    """
    if not taken:
        return list(proposals)
    area = union_of(taken)
    found: list[PathObject] = []
    for proposal in proposals:
        if not proposal.geometry.intersects(area):
            found.append(proposal)
            continue
        left = keep_area(proposal.geometry.difference(area))
        parts = shapely.get_parts(left) if left is not None else ()
        found += [
            replace(proposal, geometry=part, id=new_object_id(), measurements={})
            for part in parts
            if part.area >= least_l0
        ]
    return found


def measured(proposals: Iterable[PathObject], calibration: Calibration) -> list[PathObject]:
    """With the area as QuPath names it, also where `leave_room` cut."""
    return [
        replace(o, measurements={"Area µm^2": calibration.area_um2(o.geometry.area)})
        for o in proposals
    ]


def class_named(classes: Iterable[PathClass], name: str) -> PathClass:
    """The class of that name, with its colour if it is known."""
    return next((c for c in classes if c.name == name), PathClass(name))
