"""The loop's images as training sees them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shapely import box

from hookpath.annotations import ClassTable, PathObject
from hookpath.loop.ground_truth.ground_truth_rules import drawn_truth
from hookpath.loop.ground_truth.training_view import TeachingEntry
from hookpath.projects import PlaneChoice, open_project
from hookpath.projects.image_planes import PlaneProject
from hookpath.sampling.annotated_slide import load_source
from support.multiplex import write_ome
from support.textures import DARK


@pytest.mark.parametrize(("choice", "plane"), [(PlaneChoice(), 1), (PlaneChoice((0, 2)), 0)])
def test_labels_are_learned_on_the_pixels_of_their_plane(
    choice: PlaneChoice, plane: int, tmp_path: Path
) -> None:
    """Of a stack the loop takes the plane that QuPath shows first, the middle, or chosen ones."""
    pixels = np.arange(3, dtype=np.uint16)[:, None, None, None] * np.ones((1, 64, 64), np.uint16)
    write_ome(tmp_path / "a.ome.tif", pixels, axes="ZCYX", names=["x"])
    view = PlaneProject(open_project(tmp_path), choice).images[0]
    truth = drawn_truth([PathObject(box(5, 5, 40, 40), path_class=DARK)])
    entry = TeachingEntry(view, truth, None)
    source = load_source(entry, entry.objects(), ClassTable((DARK,)))
    with source.slide.open() as slide:
        assert (slide.read_level(0, 10, 10, 8, 8) == plane).all()
