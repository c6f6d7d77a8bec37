"""Counting over tiles: sparse truth, any grid, nothing dropped silently."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Point, box

from hookpath.annotations import RUN_TAG, PathClass, PathObject
from hookpath.evaluation.scoring.annotated_tiles import covering_grid, labelled_tiles, tile_of
from hookpath.evaluation.scoring.ground_truth import truth_of
from hookpath.evaluation.scoring.pixel_counting import ErrorTally, count_slide
from hookpath.geometry import Region
from support.evaluation import BLUE, GREEN, RED, TABLE, annotated, map_of_labels


def test_only_drawn_pixels_are_counted() -> None:
    truth = truth_of(annotated([(RED, 10, 10, 30, 20), (BLUE, 40, 40, 50, 60)]), TABLE)
    assert truth is not None
    labels = np.full((64, 64), 1, np.uint8)
    labels[50:, :] = 2
    counts = count_slide(truth, map_of_labels(labels))
    assert counts.tolist() == [[200, 0, 0, 0], [100, 100, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("tile", [7, 16, 64, 1024])
def test_the_size_of_the_tiles_changes_nothing(tile: int) -> None:
    disc = PathObject(Point(60, 50).buffer(33), path_class=RED)
    truth = truth_of([disc, *annotated([(GREEN, 0, 90, 100, 100)])], TABLE)
    assert truth is not None
    labels = np.random.default_rng(1).integers(0, 4, (100, 120)).astype(np.uint8)
    predicted = map_of_labels(labels)
    true = truth.labels.rasterize(predicted.grid)
    whole = [[int(((true == t) & (labels == p)).sum()) for p in (1, 2, 3, 0)] for t in (1, 2, 3)]
    assert count_slide(truth, predicted, tile=tile).tolist() == whole


def test_pixels_are_those_of_the_class_map() -> None:
    truth = truth_of(annotated([(RED, 16, 16, 48, 32)]), TABLE)
    assert truth is not None
    counts = count_slide(truth, map_of_labels(np.full((16, 16), 1, np.uint8), downsample=4))
    assert counts[0].tolist() == [32, 0, 0, 0]


def test_what_is_off_the_map_counts_as_not_predicted() -> None:
    truth = truth_of(annotated([(RED, 10, 10, 50, 20)]), TABLE)
    assert truth is not None
    part = map_of_labels(np.full((32, 32), 1, np.uint8))
    counts = count_slide(truth, part, covering_grid(part.grid, 64, 64))
    assert counts[0].tolist() == [22 * 10, 0, 0, 18 * 10]


def test_classes_that_the_model_does_not_know_have_their_own_rows() -> None:
    necrosis = PathClass("Necrosis", (0, 0, 0))
    truth = truth_of(annotated([(RED, 0, 0, 10, 10), (necrosis, 20, 20, 30, 30)]), TABLE)
    assert truth is not None
    assert truth.unknown == ("Necrosis",)
    labels = np.full((40, 40), 2, np.uint8)
    labels[25:] = 0
    counts = count_slide(truth, map_of_labels(labels))
    assert counts.tolist() == [[0, 100, 0, 0], [0] * 4, [0] * 4, [0, 50, 0, 50]]


def test_earlier_predictions_points_and_regions_are_no_truth() -> None:
    ours = PathObject(box(0, 0, 9, 9), path_class=RED, metadata={RUN_TAG: "r1"})
    point = PathObject(Point(3, 3), path_class=RED)
    ignored = PathObject(box(0, 0, 9, 9), path_class=PathClass("Region*"))
    assert truth_of([ours, point, ignored], TABLE) is None


def test_only_tiles_that_a_polygon_touches_are_read() -> None:
    grid = Region(0, 0, 1000, 1000, 2, 2)
    shapes = [box(10, 10, 20, 20), box(1990, 1990, 2100, 2100), box(-50, -50, -10, -10)]
    found = list(labelled_tiles(grid, shapes, tile=100))
    assert [(r.x_l0, r.y_l0) for r in found] == [(0, 0), (1800, 1800)]
    ring = Point(1000, 1000).buffer(900).difference(Point(1000, 1000).buffer(890))
    assert len(list(labelled_tiles(grid, [ring], tile=100))) < 50


def test_tiles_at_the_rim_are_clipped_to_the_grid() -> None:
    grid = Region(5, 7, 250, 130, 2, 2)
    last = tile_of(grid, 2, 1, 100)
    assert (last.x_l0, last.y_l0, last.width, last.height) == (405, 207, 50, 30)


def test_a_grid_is_carried_on_in_its_own_pixels() -> None:
    part = Region(10, 20, 5, 5, 4, 4)
    whole = covering_grid(part, 100, 60)
    assert (whole.x_l0, whole.y_l0) == (-2, 0)
    assert (whole.width, whole.height) == (26, 15)
    assert covering_grid(Region(0, 0, 25, 15, 4, 4), 100, 60) == Region(0, 0, 25, 15, 4, 4)


def test_errors_are_seen_however_coarse_the_view() -> None:
    truth = truth_of(annotated([(RED, 0, 0, 64, 64)]), TABLE)
    assert truth is not None
    labels = np.full((64, 64), 1, np.uint8)
    labels[5, 40] = 2
    tally = ErrorTally(Region(0, 0, 4, 4, 16, 16))
    count_slide(truth, map_of_labels(labels), errors=tally, tile=10)
    assert tally.wrong.sum() == 1
    assert tally.wrong[0, 2] == 1
    assert (tally.right + tally.wrong).tolist() == [[256] * 4] * 4
