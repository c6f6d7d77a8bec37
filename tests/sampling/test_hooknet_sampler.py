"""Which class, which polygon, which point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from hookpath.sampling import AnnotatedSlide, BalancedSampler
from hookpath.sampling.loading.read_plan import Planner, count_pixels
from hookpath.sampling.patch_alignment import label_regions
from support.annotated import BRANCHES, CLASSES, annotated_slide
from support.streams import stream_of


def sampler_of(slides: list[AnnotatedSlide], seed: int = 0) -> BalancedSampler:
    facts = [slide.read_facts() for slide in slides]
    return BalancedSampler(slides, facts, CLASSES, BRANCHES, seed)


@pytest.fixture
def uneven(tmp_path: Path) -> AnnotatedSlide:
    """A block of stroma, and a bar of tumour 8 px wide: 256 against 128 px of a patch."""
    drawn = [("Stroma", shapely.box(40, 40, 300, 300)), ("Tumor", shapely.box(400, 40, 408, 480))]
    return annotated_slide(tmp_path / "s.tif", drawn)


def test_first_batch_draws_classes_evenly(uneven: AnnotatedSlide) -> None:
    assert sampler_of([uneven]).class_chances(12) == pytest.approx([0.5, 0.5])


def test_the_fewer_pixels_of_a_class_were_seen_the_more_it_is_drawn(
    uneven: AnnotatedSlide,
) -> None:
    """Behind by 36 patches of 16 × 16 px with batches of 12: weights 48 to 12, and 5 % even."""
    sampler = sampler_of([uneven])
    sampler.observe(np.array([0, 36 * 256]))
    expected = [0.95 * 48 / 60 + 0.025, 0.95 * 12 / 60 + 0.025]
    assert sampler.class_chances(12) == pytest.approx(expected)


def test_pixels_of_all_classes_become_equal_although_patches_hold_unequal_numbers(
    uneven: AnnotatedSlide,
) -> None:
    """Drawn evenly tumour would have half of stroma's, by their inverse squares 0.79 of them."""
    sampler = sampler_of([uneven])
    planner = Planner((uneven,), (uneven.read_facts(),), BRANCHES)
    for _ in range(150):
        sampler.observe(count_pixels(planner.target_labels(sampler.draw(8)), 2))
    tumour, stroma = sampler.pixel_counts
    assert 0.95 < tumour / stroma < 1.05


def test_every_patch_has_its_class_at_the_centre_and_points_cover_the_polygon(
    tmp_path: Path,
) -> None:
    """A ring: no centre in its hole, and a quarter of them in each quarter (±4 σ)."""
    ring = shapely.Point(256, 256).buffer(200).difference(shapely.Point(256, 256).buffer(120))
    sampler = sampler_of([annotated_slide(tmp_path / "s.tif", [("Tumor", ring)])])
    draws = sampler.draw(2000)
    points = np.array([(d.x_l0, d.y_l0) for d in draws])
    radius = np.hypot(*(points - 256).T)
    assert radius.min() > 120 - 0.75  # the fallback lattice moves a point by half a pixel
    assert radius.max() < 200 + 0.75
    quarters = np.bincount((points > 256) @ (1, 2), minlength=4)
    assert np.abs(quarters - 500).max() < 4 * np.sqrt(2000 * 0.25 * 0.75)


def test_a_polygon_is_drawn_by_the_root_of_its_area(tmp_path: Path) -> None:
    """100 × 100 against 10 × 10 px: 10 to 1 (±4 σ)."""
    drawn = [("Tumor", shapely.box(40, 40, 140, 140)), ("Tumor", shapely.box(300, 300, 310, 310))]
    draws = sampler_of([annotated_slide(tmp_path / "s.tif", drawn)]).draw(2200)
    small = sum(d.x_l0 > 250 for d in draws)
    assert abs(small - 200) < 4 * np.sqrt(2200 * (1 / 11) * (10 / 11))


def test_counts_are_of_the_output_grid_not_of_the_input(tmp_path: Path) -> None:
    """Everything is labelled: a patch counts 16 × 16 px although 48 × 48 px are read."""
    slide = annotated_slide(tmp_path / "s.tif", [("Stroma", shapely.box(0, 0, 512, 512))])
    with stream_of([slide], batch_size=1) as stream:
        next(stream)
        assert stream.pixel_counts.sum() <= 16 * 16  # fewer only where it hangs off the slide
        for _ in range(9):
            next(stream)
        assert 8 * 16 * 16 < stream.pixel_counts.sum() <= 10 * 16 * 16


def test_windows_called_uniform_are_so(tmp_path: Path) -> None:
    """What is not rasterised must be what rasterising gives; here a smaller tumour lies on top."""
    drawn = [
        ("Stroma", shapely.Point(200, 200).buffer(150)),
        ("Tumor", shapely.Point(220, 180).buffer(60)),
    ]
    slide = annotated_slide(tmp_path / "s.tif", drawn)
    facts = slide.read_facts()
    draws = sampler_of([slide]).draw(400)
    labels = Planner((slide,), (facts,), BRANCHES).target_labels(draws)
    for draw, label in zip(draws, labels, strict=True):
        (region,) = label_regions(facts, BRANCHES[:1], (draw.x_l0, draw.y_l0))
        assert np.array_equal(label, slide.labels.rasterize(region))
    assert {draw.label for draw in draws if draw.uniform} == {1, 2}
    assert not all(draw.uniform for draw in draws)
