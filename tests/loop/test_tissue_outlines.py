"""Tissue outlines by threshold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import Point, box

from hookpath.annotations import PathClass, PathObject
from hookpath.loop import TissueSettings, outline_tissue, tissue_in_project
from hookpath.projects import open_project
from hookpath.slides import SlideRef
from support.slides import write_pyramid

SETTINGS = TissueSettings(
    spacing_um=10, min_area_um2=2_000, max_hole_um2=2_000, smooth_um=10, simplify_um=2
)


def slide_with(path: Path, *shapes, size: int = 400, holes=()) -> Path:
    """Tissue of grey 150 on glass of 240, 2 µm/px."""
    y, x = np.mgrid[:size, :size] + 0.5
    image = np.full((size, size, 3), 240, np.uint8)
    for (cx, cy, r), grey in [*((s, 150) for s in shapes), *((h, 240) for h in holes)]:
        image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = grey
    return write_pyramid(path, image, mpp=2.0)


def test_outlines_are_where_the_tissue_is(tmp_path: Path) -> None:
    path = slide_with(tmp_path / "a.tif", (200, 200, 120), (40, 40, 6), holes=[(200, 200, 8)])
    with SlideRef(path).open() as slide:
        (found,) = outline_tissue(slide, SETTINGS)
    disc = Point(200, 200).buffer(120)
    # The speck and the pinhole are gone; the outline is off by less than half a px of 10 µm.
    assert found.geometry.symmetric_difference(disc).area < 0.02 * disc.area
    assert len(found.geometry.interiors) == 0  # type: ignore[attr-defined]
    assert (found.object_type, found.locked) == ("annotation", False)
    assert found.path_class is not None
    assert found.path_class.name == "Tissue"
    assert found.measurements["Area µm^2"] == pytest.approx(found.geometry.area * 4)


def test_threshold_and_large_holes(tmp_path: Path) -> None:
    path = slide_with(tmp_path / "a.tif", (200, 200, 120), holes=[(200, 200, 40)])
    with SlideRef(path).open() as slide:
        (ring,) = outline_tissue(slide, SETTINGS)
        assert len(ring.geometry.interiors) == 1  # type: ignore[attr-defined]
        darker = TissueSettings(threshold=100, spacing_um=10)
        assert outline_tissue(slide, darker) == []
        auto = TissueSettings(threshold=None, spacing_um=10, min_area_um2=2_000)
        assert outline_tissue(slide, auto)[0].geometry.covers(Point(200, 100))


def test_into_a_project_beside_what_a_person_drew(tmp_path: Path) -> None:
    slide_with(tmp_path / "a.tif", (200, 200, 120))
    (tmp_path / "b.tif").write_bytes(b"no slide")
    from hookpath.annotations import write_geojson

    mine = PathObject(box(0, 0, 10, 10), path_class=PathClass("Tumor"))
    write_geojson(tmp_path / "a.geojson", [mine])
    for _ in range(2):
        project = open_project(tmp_path)
        done, problems = tissue_in_project(project, SETTINGS)
        assert [d.name for d in done] == ["a.tif"]
        assert [p.image for p in problems] == ["b.tif"]
    objects = open_project(tmp_path).images[0].objects()
    assert [o.run is None for o in objects] == [True, False]
    assert done[0].area_mm2 == pytest.approx(np.pi * 0.24**2, rel=0.02)


def test_outlines_have_no_steps(tmp_path: Path) -> None:
    """Along px, a circle's outline is as long as its square's: 27 % longer."""
    path = slide_with(tmp_path / "a.tif", (200, 200, 120))
    with SlideRef(path).open() as slide:
        (found,) = outline_tissue(slide, replace(SETTINGS, simplify_um=4))
    assert found.geometry.length == pytest.approx(2 * np.pi * 120, rel=0.06)
    assert found.geometry.hausdorff_distance(Point(200, 200).buffer(120)) < 3


def test_outlines_and_results_leave_each_other_alone(tmp_path: Path) -> None:
    slide_with(tmp_path / "a.tif", (200, 200, 120))
    result = PathObject(box(0, 0, 50, 50), path_class=PathClass("Tumor"))

    def predict() -> None:
        (entry,) = open_project(tmp_path).images
        entry.objects()
        entry.write([result], "hookpath-run")

    def outline(settings: TissueSettings) -> None:
        tissue_in_project(open_project(tmp_path), settings)

    predict()
    outline(SETTINGS)
    predict()
    outline(replace(SETTINGS, smooth_um=40))
    objects = open_project(tmp_path).images[0].objects()
    assert sorted(str(o.run) for o in objects) == ["hookpath-run", "hookpath-tissue"]


def test_outlines_by_saturation_leave_grey_out(tmp_path: Path) -> None:
    image = np.full((400, 400, 3), 240, np.uint8)
    image[50:150, 50:150] = 120
    image[200:300, 200:300] = (200, 120, 170)
    path = write_pyramid(tmp_path / "a.tif", image, mpp=2.0)
    settings = replace(SETTINGS, threshold=None, rule="saturation", smooth_um=0, simplify_um=0)
    with SlideRef(path).open() as slide:
        (found,) = outline_tissue(slide, settings)
    assert found.geometry.equals(box(200, 200, 300, 300))
