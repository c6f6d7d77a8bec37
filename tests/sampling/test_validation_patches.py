"""The fixed patches of held-out slides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from hookpath.errors import TrainingError
from hookpath.sampling import (
    LoaderConfig,
    ValidationStream,
    validation_patches,
    validation_regions,
)
from hookpath.sampling.samplers.visible_polygons import visible_parts
from support.annotated import BRANCHES, CLASSES, annotated_slide, two_slides


def test_windows_tile_the_annotated_area_without_overlap(tmp_path: Path) -> None:
    """A 40 × 24 px box from (16, 32) meets 3 × 2 windows of 16 px."""
    slide = annotated_slide(tmp_path / "s.tif", [("Tumor", shapely.box(16, 32, 56, 56))], 128)
    draws = validation_regions([slide], BRANCHES, max_patches=100, seed=0)
    assert [(d.x_l0, d.y_l0) for d in draws] == [
        (x, y) for y in (40, 56) for x in (24, 40, 56)
    ]  # fmt: skip
    with ValidationStream([slide], CLASSES, BRANCHES, 100, LoaderConfig(4)) as stream:
        batches = list(stream)
        assert [len(b) for b in batches] == [4, 2]
        assert (len(stream), stream.patches) == (2, 6)
    labelled = sum(int((b.labels[0] == 1).sum()) for b in batches)
    assert labelled == 40 * 24


@pytest.mark.parametrize("at_once", [1, 7, 10**6])
def test_a_winding_outline_has_the_windows_that_it_shares_area_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """A star of 800 corners, which is cut into pieces, and a hole that just fits two windows."""
    monkeypatch.setattr(validation_patches, "_WINDOWS_AT_ONCE", at_once)
    angle = np.linspace(0, 2 * np.pi, 800, endpoint=False)
    radius = np.where(np.arange(800) % 2, 150, 230)
    star = shapely.Polygon(
        np.stack([256 + radius * np.cos(angle), 256 + radius * np.sin(angle)], 1)
    )
    star = star.difference(shapely.box(240, 240, 272, 256))  # type: ignore[assignment]
    slide = annotated_slide(tmp_path / "s.tif", [("Tumor", star)])
    draws = validation_regions([slide], BRANCHES, max_patches=10_000, seed=0)
    corners = [(x, y) for y in range(0, 512, 16) for x in range(0, 512, 16)]
    expected = [
        (x + 8, y + 8)
        for x, y in corners
        if star.intersection(shapely.box(x, y, x + 16, y + 16)).area > 0
    ]
    assert [(d.x_l0, d.y_l0) for d in draws] == expected
    assert (248, 248) not in expected


def test_many_small_areas_have_the_windows_that_they_share_area_with(tmp_path: Path) -> None:
    """Discs, of which some cover others or have no corner in a window; boxes of whole windows."""
    rng = np.random.default_rng(0)
    places = [*rng.uniform(0, 500, (80, 2)), *rng.integers(0, 30, (20, 2)) * 16.0]
    areas = [
        shapely.Point(x, y).buffer(rng.uniform(1, 20), quad_segs=2)
        if number < 80
        else shapely.box(x, y, x + 16 * rng.integers(1, 4), y + 16)
        for number, (x, y) in enumerate(places)
    ]
    names = ["Tumor" if number % 3 else "Stroma" for number in range(len(areas))]
    slide = annotated_slide(tmp_path / "s.tif", list(zip(names, areas, strict=True)))
    facts = slide.read_facts()
    parts = visible_parts(0, slide, facts)
    found = validation_patches._windows(0, slide, facts, BRANCHES)
    assert set(found) == {1, 2}
    for label, windows in found.items():
        expected = [
            (column, row)
            for row in range(32)
            for column in range(32)
            if any(
                part.polygon.relate_pattern(
                    shapely.box(column * 16, row * 16, column * 16 + 16, row * 16 + 16), "T********"
                )
                for part in parts
                if part.label == label
            )
        ]
        assert windows.cells == expected


def test_same_patches_each_epoch_and_for_the_same_seed(tmp_path: Path) -> None:
    slides = two_slides(tmp_path)
    with ValidationStream(slides, CLASSES, BRANCHES, 12, LoaderConfig(4, 1)) as stream:
        first, second = list(stream), list(stream)
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.images[1], b.images[1])
        assert np.array_equal(a.labels[0], b.labels[0])
    draws = [validation_regions(slides, BRANCHES, 12, seed) for seed in (1, 1, 2)]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]


def test_rare_class_and_every_slide_have_their_turn(tmp_path: Path) -> None:
    """The tumour squares meet few windows among hundreds of stroma; all of them are taken."""
    draws = validation_regions(two_slides(tmp_path), BRANCHES, max_patches=16, seed=0)
    assert len(draws) == 16
    assert len({(d.slide_index, d.x_l0, d.y_l0) for d in draws}) == 16
    labels = [d.label for d in draws]
    assert labels.count(1) == 8
    stroma = [d.slide_index for d in draws if d.label == 2]
    assert stroma.count(0) == stroma.count(1) == 4


def test_nothing_annotated_is_refused(tmp_path: Path) -> None:
    off = annotated_slide(tmp_path / "s.tif", [("Tumor", shapely.box(900, 900, 950, 950))], 128)
    with pytest.raises(TrainingError, match="nothing is annotated"):
        ValidationStream([off], CLASSES, BRANCHES, 100, LoaderConfig(4))
