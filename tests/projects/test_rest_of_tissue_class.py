"""Undrawn tissue of slides that are completely annotated is a class of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import ClassTable, PathClass
from hookpath.annotations.sparse_labels.rasterizer import LabelSource
from hookpath.geometry import Region
from hookpath.projects import NO_REST, REST_KEY, ImageEntry, Rest, open_project, summarise
from hookpath.slides import SlideRef, tissue_mask
from support.slides import write_pyramid
from support.tissue_square import area, slide_with

TUMOUR = PathClass("Tumor", (200, 0, 0))
TABLE = ClassTable.of([TUMOUR, PathClass("Normal")])
NORMAL = Rest(class_name="Normal", tissue="saturation")


def rest_of(entry: ImageEntry, rest: Rest = NORMAL) -> BaseGeometry | None:
    annotated = entry.objects()
    found = rest.completed(entry, annotated)
    assert found[: len(annotated)] == annotated
    added = found[len(annotated) :]
    assert all(o.path_class is not None and o.path_class.name == "Normal" for o in added)
    return added[0].geometry if added else None


def test_the_rest_is_the_tissue_without_what_is_drawn(tmp_path: Path) -> None:
    entry = slide_with(tmp_path, area("Tumor", 50, 50, 100, 90))
    expected = shapely.box(32, 32, 224, 224).difference(shapely.box(50, 50, 100, 90))
    assert rest_of(entry).equals(expected)


def test_a_drawing_larger_than_the_tissue_keeps_its_class(tmp_path: Path) -> None:
    """Of two that overlap the smaller wins; the rest must never."""
    entry = slide_with(tmp_path, area("Tumor", 0, 0, 256, 128))
    objects = NORMAL.completed(entry, entry.objects())
    labels = LabelSource(objects, TABLE).rasterize(Region(0, 0, 256, 256, 1, 1))
    expected = np.zeros((256, 256), np.uint8)
    expected[128:224, 32:224] = 2
    expected[:128] = 1
    assert np.array_equal(labels, expected)


@pytest.mark.parametrize("name", ["Ignore*", "Region: unknown*"])
def test_what_is_ignored_or_unknown_is_not_the_rest_and_frames_are_nothing(
    tmp_path: Path, name: str
) -> None:
    entry = slide_with(
        tmp_path,
        area("Tumor", 40, 40, 60, 60),
        area(name, 100, 32, 224, 224),
        area("Region*", 32, 100, 224, 224),
        area(None, 0, 0, 256, 256),
    )
    expected = shapely.box(32, 32, 100, 224).difference(shapely.box(40, 40, 60, 60))
    assert rest_of(entry).equals(expected)


def test_nothing_is_added_where_everything_is_drawn(tmp_path: Path) -> None:
    entry = slide_with(tmp_path, area("Tumor", 0, 0, 256, 256))
    assert rest_of(entry) is None


def test_a_setting_is_for_slides_with_a_drawing_and_a_mark_for_any(tmp_path: Path) -> None:
    bare = slide_with(tmp_path)
    assert rest_of(bare) is None
    bare.set_metadata({REST_KEY: "Normal"})
    assert rest_of(bare, Rest(tissue="saturation")).equals(shapely.box(32, 32, 224, 224))


def test_a_mark_wins_over_the_setting(tmp_path: Path) -> None:
    entry = slide_with(tmp_path, area("Tumor", 50, 50, 100, 90))
    assert rest_of(entry, Rest()) is None
    entry.set_metadata({REST_KEY: "Stroma"})
    assert NORMAL.class_of(entry, entry.objects()) == "Stroma"
    entry.set_metadata({REST_KEY: NO_REST})
    assert rest_of(entry) is None


@pytest.mark.parametrize("tissue", ["generous", "saturation"])
def test_the_rest_has_the_mask_s_pixels(tmp_path: Path, tissue: str) -> None:
    entry = slide_with(tmp_path, area("Tumor", 50, 50, 100, 90))
    rest = Rest(class_name="Normal", tissue=tissue)  # type: ignore[arg-type]
    objects = rest.completed(entry, entry.objects())
    labels = LabelSource(objects, TABLE).rasterize(Region(0, 0, 256, 256, 1, 1))
    with SlideRef(tmp_path / "s.tif").open() as slide:
        mask = tissue_mask(slide, rule=rest.tissue).mask
    assert np.array_equal(labels > 0, mask)
    assert (labels[50:90, 50:100] == 1).all()


@pytest.mark.parametrize("name", ["Region*", "Region: unknown*"])
def test_what_is_no_class_cannot_be_the_rest(name: str) -> None:
    with pytest.raises(ValueError, match="name another one"):
        Rest(class_name=name)


def test_none_is_no_class() -> None:
    assert Rest(class_name=NO_REST) == Rest()


def test_a_summary_has_the_rest_among_the_areas(tmp_path: Path) -> None:
    slide_with(tmp_path, area("Tumor", 50, 50, 100, 90))
    project = open_project(tmp_path)
    (bare,) = summarise(project)
    assert (bare.rest, list(bare.annotated_mm2)) == (None, ["Tumor"])
    (image,) = summarise(project, NORMAL)
    # 64e-6 mm² a pixel: 50 × 40 px annotated, and what is left of 192 × 192.
    assert image.annotated_mm2 == pytest.approx({"Tumor": 0.128, "Normal": 2.231296})
    assert image.rest == "Normal"


def test_a_summary_without_micrometres_still_names_what_is_drawn(tmp_path: Path) -> None:
    slide_with(tmp_path, area("Tumor", 50, 50, 100, 90))
    write_pyramid(tmp_path / "s.tif", np.full((256, 256, 3), 240, np.uint8), mpp=None, levels=1)
    (image,) = summarise(open_project(tmp_path), NORMAL)
    assert list(image.annotated_mm2) == ["Tumor"]
    assert "µm" in image.problem
