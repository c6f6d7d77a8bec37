"""Class maps come out as polygons that hold exactly their pixels, however the rows arrive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import ndimage
from shapely.geometry import box

from hookpath.annotations import (
    ClassTable,
    LabelSource,
    PathClass,
    PathObject,
    Vectorizer,
    read_geojson,
    vectorize,
    write_geojson,
)
from hookpath.errors import AnnotationError
from hookpath.geometry import Calibration, Region

CLASSES = ClassTable.of([PathClass(n) for n in "ABC"])


def blobs(seed: int, height: int = 90, width: int = 110, sigma: float = 2.0) -> Any:
    """A smooth random map of labels 0…3; small sigma: ragged, with holes and touching corners."""
    noise = np.random.default_rng(seed).normal(size=(4, height, width))
    smooth = ndimage.gaussian_filter(noise, (0, sigma, sigma)) if sigma else noise
    return smooth.argmax(axis=0).astype(np.uint8)


def streamed(labels: Any, block: int, probabilities: Any = None, **options: Any) -> Any:
    vectorizer = Vectorizer(CLASSES, options.pop("downsample", (1.0, 1.0)), **options)
    for y in range(0, len(labels), block):
        part = None if probabilities is None else probabilities[:, y : y + block]
        vectorizer.add_rows(y, labels[y : y + block], part)
    return vectorizer.finish()


def without_id(objects: list[PathObject]) -> list[PathObject]:
    return [replace(o, id="") for o in objects]


@pytest.mark.parametrize("sigma", [0, 0.6, 2, 6])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_pixel_is_in_one_valid_polygon_and_pieces_are_those_of_scipy(
    sigma: float, seed: int
) -> None:
    labels = blobs(seed, sigma=sigma)
    objects = vectorize(labels, CLASSES)
    for label, name in enumerate(CLASSES.names, 1):
        mine = [o.geometry for o in objects if o.path_class and o.path_class.name == name]
        assert len(mine) == ndimage.label(labels == label)[1]
        assert sum(g.area for g in mine) == (labels == label).sum()
    assert all(o.geometry.is_valid for o in objects)
    source = LabelSource([replace(o, object_type="annotation") for o in objects], CLASSES)
    assert np.array_equal(source.rasterize(Region(0, 0, 110, 90, 1, 1)), labels)


@pytest.mark.parametrize("block", [1, 7, 64])
@pytest.mark.parametrize("sigma", [0, 1, 4])
@pytest.mark.parametrize("options", [{}, {"min_area_l0": 20, "simplify_l0": 1.5}])
def test_objects_do_not_depend_on_how_the_rows_arrive(
    block: int, sigma: float, options: Any
) -> None:
    labels = blobs(3, sigma=sigma)
    probabilities = np.random.default_rng(0).random((3, *labels.shape), np.float32)
    whole = vectorize(labels, CLASSES, (1.0, 1.0), probabilities, **options)
    parts = streamed(labels, block, probabilities, **options)
    assert without_id(parts) == without_id(whole)


def test_coordinates_are_level_0_px_of_the_pixel_corners() -> None:
    labels = np.zeros((10, 10), np.uint8)
    labels[2:5, 3:9] = 2
    (obj,) = vectorize(labels, CLASSES, (4.0, 3.0), origin_l0=(100.5, 200))
    assert obj.geometry.equals(box(100.5 + 12, 206, 100.5 + 36, 215))
    assert obj.path_class == CLASSES.classes[1]


def test_area_and_mean_probability_are_measured() -> None:
    labels = np.zeros((4, 4), np.uint8)
    labels[1, 1:3] = 1
    probabilities = np.zeros((3, 4, 4), np.uint8)
    probabilities[0, 1, 1:3] = 255, 51
    (obj,) = vectorize(labels, CLASSES, 8.0, probabilities, calibration=Calibration(0.5, 0.25))
    assert obj.measurements == {"Area µm^2": 2 * 4 * 2, "Probability": pytest.approx(0.6)}


def test_the_map_comes_back_through_a_file(tmp_path: Path) -> None:
    labels = blobs(5, sigma=1)
    write_geojson(tmp_path / "a.geojson", vectorize(labels, CLASSES, (3.7, 2.1), origin_l0=(9, 4)))
    source = LabelSource(read_geojson(tmp_path / "a.geojson"), CLASSES)
    height, width = labels.shape
    assert np.array_equal(source.rasterize(Region(9, 4, width, height, 3.7, 2.1)), labels)


def test_pieces_that_touch_at_a_corner_are_two_and_a_gap_that_does_is_a_hole() -> None:
    two = np.array([[1, 0], [0, 1]], np.uint8)
    assert [o.geometry.area for o in vectorize(two, CLASSES)] == [1, 1]
    pinched = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], np.uint8)
    (obj,) = vectorize(pinched, CLASSES)
    assert obj.geometry.is_valid
    assert obj.geometry.area == 7
    assert len(obj.geometry.interiors) == 1  # type: ignore[attr-defined]


def test_small_pieces_are_left_out_and_small_holes_filled() -> None:
    labels = np.ones((9, 9), np.uint8)
    labels[1:3, 1:3] = 0  # a hole of 4 px
    labels[4:7, 4:7] = 2  # a hole of 9 px, which is a piece
    labels[8, 8] = 3
    first, second = vectorize(labels, CLASSES, min_area_l0=5)
    assert first.geometry.area == 81 - 9 - 1
    assert second.geometry.equals(box(4, 4, 7, 7))
    assert len(vectorize(labels, CLASSES, min_area_l0=4)) == 2
    exact = vectorize(labels, CLASSES, min_area_l0=4)[0]
    assert exact.geometry.area == 81 - 4 - 9 - 1


@pytest.mark.parametrize("tolerance", [0.6, 1, 2, 5])
def test_simplified_neighbours_leave_no_gap_and_do_not_overlap(tolerance: float) -> None:
    labels = blobs(8, 150, 170, sigma=6) % 3 + 1
    exact = vectorize(labels, CLASSES)
    simple = vectorize(labels, CLASSES, simplify_l0=tolerance)
    shapes = [o.geometry for o in simple]
    assert all(g.is_valid for g in shapes)
    covered = shapely.union_all(shapes)
    assert sum(g.area for g in shapes) == pytest.approx(covered.area, abs=1e-6)
    assert covered.geom_type == "Polygon"
    assert not covered.interiors  # type: ignore[attr-defined]
    assert covered.covers(box(0, 0, 170, 150).buffer(-tolerance))
    assert corners(simple) < corners(exact) * (0.8 if tolerance < 1 else 0.4)
    for before, after in zip(exact, simple, strict=True):
        moved = shapely.hausdorff_distance(before.geometry.boundary, after.geometry.boundary)
        assert moved <= tolerance + 1e-9


def corners(objects: list[PathObject]) -> int:
    return sum(len(shapely.get_coordinates(o.geometry)) for o in objects)


@pytest.mark.parametrize("sigma", [0, 0.5, 1])
def test_ragged_maps_stay_valid_when_simplified(sigma: float) -> None:
    labels = blobs(9, sigma=sigma)
    exact, simple = vectorize(labels, CLASSES), vectorize(labels, CLASSES, simplify_l0=1.5)
    assert len(simple) == len(exact)
    assert all(o.geometry.is_valid and o.geometry.area > 0 for o in simple)


def test_rows_left_out_hold_nothing() -> None:
    labels = np.ones((2, 5), np.uint8)
    vectorizer = Vectorizer(CLASSES, 1.0, simplify_l0=0.5)
    for y in (0, 2, 10):
        vectorizer.add_rows(y, labels)
    assert [o.geometry.bounds for o in vectorizer.finish()] == [(0, 0, 5, 4), (0, 10, 5, 12)]


def test_nothing_gives_nothing() -> None:
    assert Vectorizer(CLASSES, 1.0).finish() == []
    assert vectorize(np.zeros((3, 4), np.uint8), CLASSES, simplify_l0=1) == []


def test_the_last_column_and_row_are_cut_at_the_end_of_the_slide() -> None:
    labels = np.ones((3, 4), np.uint8)
    (obj,) = vectorize(labels, CLASSES, 10.0, size_l0=(37, 25))
    assert obj.geometry.equals(box(0, 0, 37, 25))


def test_rows_out_of_order_or_of_another_kind_are_refused() -> None:
    labels = np.ones((2, 5), np.uint8)
    scores = np.ones((3, 2, 5), np.float32)
    for y, wrong, wrong_scores, why in [
        (1, labels, scores, "top to bottom"),
        (2, labels[:, :4], scores[:, :, :4], "one width"),
        (2, labels, None, "probabilities"),
        (2, labels, scores[:2], "do not fit"),
        (2, labels * 4, scores, "label 4, but only 3 classes"),
        (2, labels.astype(int), scores, "uint8"),
    ]:
        vectorizer = Vectorizer(CLASSES, 1.0)
        vectorizer.add_rows(0, labels, scores)
        with pytest.raises(ValueError, match=why):
            vectorizer.add_rows(y, wrong, wrong_scores)
    assert vectorizer.finish() is vectorizer.finish()
    with pytest.raises(ValueError, match="top to bottom"):
        vectorizer.add_rows(2, labels, scores)


def test_outlines_that_do_not_hold_the_pixels_are_an_error(monkeypatch: Any) -> None:
    from hookpath.annotations.vectorization import vectorizer

    def without_holes(*args: Any) -> Any:
        rings = trace(*args)
        return rings.take(rings.is_outline)

    trace = vectorizer.trace  # type: ignore[attr-defined]
    ring = np.ones((5, 5), np.uint8)
    ring[2, 2] = 0
    monkeypatch.setattr(vectorizer, "trace", without_holes)
    with pytest.raises(AnnotationError, match="1 pieces do not enclose their pixels"):
        vectorize(ring, CLASSES)


def test_pieces_that_miss_pixels_of_the_map_are_an_error(monkeypatch: Any) -> None:
    from hookpath.annotations.vectorization import vectorizer

    runs_of = vectorizer.runs_of  # type: ignore[attr-defined]
    monkeypatch.setattr(vectorizer, "runs_of", lambda *args: runs_of(*args).take(slice(1, None)))
    with pytest.raises(AnnotationError, match=r"outlines hold \[5, 0, 0\] px.*map \[10, 0, 0\]"):
        vectorize(np.ones((2, 5), np.uint8), CLASSES)


def test_speckle_below_the_minimum_costs_no_outline() -> None:
    labels = np.zeros((60, 60), np.uint8)
    labels[::2, ::2] = 1
    vectorizer = Vectorizer(CLASSES, 1.0, min_area_l0=2)
    vectorizer.add_rows(0, labels)
    assert vectorizer.finish() == []
    assert vectorizer.pieces == 900


def random_map(seed: int) -> tuple[Any, float]:
    """Labels 1…3, from single pixels to large blobs, and a tolerance in px."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(4, 40, 2)
    count, sigma = rng.integers(2, 5), rng.choice([0, 0.5, 0.8, 1, 2, 4])
    noise = rng.random((count, height, width))
    if sigma:
        noise = np.stack([ndimage.gaussian_filter(layer, sigma) for layer in noise])
    return noise.argmax(0).astype(np.uint8) % 3 + 1, float(rng.choice([0.6, 1, 1.5, 2, 3]))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.booleans())
@example(577, False)  # these had gaps, or swallowed what lay beside them
@example(600, False)
@example(1549, False)
@example(122, True)
@example(1960, True)
def test_any_simplified_map_has_no_gap_and_no_overlap(seed: int, sparse: bool) -> None:
    labels, tolerance = random_map(seed)
    if sparse:
        labels = labels % 3
    exact = vectorize(labels, CLASSES)
    simple = vectorize(labels, CLASSES, simplify_l0=tolerance)
    shapes = [o.geometry for o in simple]
    assert all(g.is_valid for g in shapes)
    covered = shapely.union_all(shapes)
    assert sum(g.area for g in shapes) == pytest.approx(covered.area, abs=1e-6)
    assert sparse or (covered.geom_type == "Polygon" and not covered.interiors)  # type: ignore[attr-defined]
    for before, after in zip(exact, simple, strict=True):
        moved = shapely.hausdorff_distance(before.geometry.boundary, after.geometry.boundary)
        assert moved <= tolerance + 1e-9
