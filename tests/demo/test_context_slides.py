"""The demo's slides are what the demo says of them."""

import numpy as np
import pytest

from hookpath.annotations import LabelSource
from hookpath.demo.context_slides import (
    CLASSES,
    IN_SITU,
    INVASIVE,
    SPACING_UM,
    STROMA,
    SyntheticSlide,
    synthesize_slide,
)
from hookpath.demo.sparse_annotations import draw_sparsely
from hookpath.geometry import Region


@pytest.fixture(scope="module")
def slide() -> SyntheticSlide:
    return synthesize_slide(np.random.default_rng(3), size=2600)


def test_the_same_seed_paints_the_same_slide(slide: SyntheticSlide) -> None:
    again = synthesize_slide(np.random.default_rng(3), size=2600)
    assert np.array_equal(again.rgb, slide.rgb)
    assert np.array_equal(again.truth, slide.truth)


def test_every_class_is_there(slide: SyntheticSlide) -> None:
    shares = np.bincount(slide.truth.ravel(), minlength=4) / slide.truth.size
    assert (shares[1:] > 0.1).all()


def test_texture_alone_does_not_tell_walled_from_free_nests(slide: SyntheticSlide) -> None:
    """Inside the nests both classes have the same colours; stroma the same mean, another spread."""
    inner = {label: np.zeros(slide.truth.shape, np.bool_) for label in (IN_SITU, INVASIVE)}
    y, x = np.mgrid[: slide.truth.shape[0], : slide.truth.shape[1]].astype(np.float32)
    for nest in slide.nests:
        label = IN_SITU if nest.walled else INVASIVE
        inner[label] |= np.hypot(x - nest.x, y - nest.y) < nest.radius * 0.8
    walled, free = (slide.rgb[mask].astype(float) for mask in inner.values())
    assert np.abs(walled.mean(0) - free.mean(0)).max() < 1
    assert np.abs(walled.std(0) - free.std(0)).max() < 1
    stroma = slide.rgb[slide.truth == STROMA].astype(float)
    assert np.abs(stroma.mean(0) - free.mean(0)).max() < 1.5


def test_the_drawn_polygons_are_sparse_and_right(slide: SyntheticSlide) -> None:
    annotated = draw_sparsely(np.random.default_rng(0), slide, nests_per_class=2, stroma=2)
    assert len(annotated) == 6
    size = slide.truth.shape[0]
    labels = LabelSource(annotated, CLASSES).rasterize(Region(0, 0, size, size, 1, 1))
    known = labels > 0
    assert 0 < known.mean() < 0.05
    assert np.array_equal(labels[known], slide.truth[known])


def test_bands_of_stroma_lie_along_nests(slide: SyntheticSlide) -> None:
    plain = draw_sparsely(np.random.default_rng(0), slide, nests_per_class=2, stroma=2)
    *others, band = draw_sparsely(
        np.random.default_rng(0), slide, nests_per_class=2, stroma=2, beside=1
    )
    assert [o.geometry for o in others] == [o.geometry for o in plain]
    assert band.path_class == CLASSES.classes[STROMA - 1]
    size = slide.truth.shape[0]
    known = LabelSource([band], CLASSES).rasterize(Region(0, 0, size, size, 1, 1)) > 0
    assert (slide.truth[known] == STROMA).all()
    y, x = (a.astype(np.float32) for a in np.nonzero(known))
    gaps = [-nest.distance_inside(x, y) * SPACING_UM for nest in slide.nests]
    nearest = min(gaps, key=lambda gap: float(np.median(gap)))
    assert 30 < nearest.min() < nearest.max() < 80


@pytest.mark.parametrize("size", [900, 1100])
def test_no_band_where_there_is_no_room(size: int) -> None:
    crowded = synthesize_slide(np.random.default_rng(1), size)
    assert draw_sparsely(np.random.default_rng(0), crowded, 1, stroma=0, beside=2) == []
