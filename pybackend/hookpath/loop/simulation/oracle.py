"""A pathologist who never errs and never tires, but has little time: for simulations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import (
    PathClass,
    PathObject,
    class_names_in,
    keep_area,
    read_geojson,
    write_geojson,
)
from hookpath.loop.ground_truth.ground_truth_rules import CONFIRMED_CLASS
from hookpath.loop.simulation.fully_annotated_slides import PlayedEntry, known_objects

#: Places looked at before the first annotations are made.
_LOOKS = 25


def correct(entry: PlayedEntry, regions: Sequence[BaseGeometry]) -> None:
    """Draw what is really there in these regions (level-0 px), and confirm them.

    Everything else stays as it was proposed.
    """
    area = shapely.union_all(list(regions))
    outline = keep_area(area)
    confirmed = [PathObject(outline, path_class=PathClass(CONFIRMED_CLASS))] if outline else []
    before = _in_viewer(entry)
    write_geojson(entry.annotation_file, [*before, *_inside(entry, area), *confirmed])


def _in_viewer(entry: PlayedEntry) -> list[PathObject]:
    """What a viewer shows that has imported the drawing and the proposals beside it."""
    files = [p for p in (entry.results_file, entry.annotation_file) if p.is_file()]
    return list({o.id: o for path in files for o in read_geojson(path)}.values())


def draw_sparsely(entry: PlayedEntry, region: BaseGeometry) -> None:
    """The first annotations, before anything was proposed: all classes in one region."""
    write_geojson(entry.annotation_file, _inside(entry, region))


def informative_square(
    rng: np.random.Generator, entry: PlayedEntry, size_l0: tuple[int, int], side_l0: float
) -> BaseGeometry:
    """A square with as many classes as a few looks about the slide can find."""
    looks = [random_squares(rng, size_l0, side_l0, 1)[0] for _ in range(_LOOKS)]
    return max(looks, key=lambda square: len(class_names_in(_inside(entry, square))))


def _inside(entry: PlayedEntry, area: BaseGeometry) -> list[PathObject]:
    return [
        PathObject(inside, path_class=o.path_class)
        for o in known_objects(entry.known)
        if (inside := keep_area(o.geometry.intersection(area))) is not None
    ]


def random_squares(
    rng: np.random.Generator, size_l0: tuple[int, int], side_l0: float, count: int
) -> list[BaseGeometry]:
    """`count` squares on a slide, anywhere, that do not overlap (fewer where there is no room)."""
    found: list[BaseGeometry] = []
    for _ in range(50 * count):
        x, y = (rng.uniform(0, max(0.0, s - side_l0)) for s in size_l0)
        square = shapely.box(x, y, x + side_l0, y + side_l0)
        if len(found) < count and not any(square.intersects(f) for f in found):
            found.append(square)
    return found
