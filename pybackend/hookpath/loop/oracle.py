"""A pathologist who never errs and never tires, but has little time: for simulations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathClass, PathObject, keep_area, read_geojson, write_geojson
from hookpath.loop.truth import CONFIRMED_CLASS
from hookpath.projects import FolderEntry

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Oracle:
    """Knows what is on every slide: ``<stem>.geojson`` in `truth`."""

    truth: Path

    def knows(self, entry: FolderEntry) -> list[PathObject]:
        """All that is on a slide."""
        return read_geojson(self.truth / f"{Path(entry.name).stem}.geojson")

    def correct(self, entry: FolderEntry, regions: Sequence[BaseGeometry]) -> None:
        """Draw what is really there in these regions (level-0 px), and confirm them.

        Everything else stays as it was proposed.
        """
        area = shapely.union_all(list(regions))
        drawn = [
            PathObject(inside, path_class=o.path_class)
            for o in self.knows(entry)
            if (inside := keep_area(o.geometry.intersection(area))) is not None
        ]
        outline = keep_area(area)
        confirmed = [PathObject(outline, path_class=PathClass(CONFIRMED_CLASS))] if outline else []
        path = entry.annotation_file
        before = read_geojson(path) if path.is_file() else []
        write_geojson(path, [*before, *drawn, *confirmed])

    def draw_sparsely(self, entry: FolderEntry, region: BaseGeometry) -> None:
        """The first annotations, before anything was proposed: all classes in one region."""
        drawn = [
            PathObject(inside, path_class=o.path_class)
            for o in self.knows(entry)
            if (inside := keep_area(o.geometry.intersection(region))) is not None
        ]
        write_geojson(entry.annotation_file, drawn)


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
