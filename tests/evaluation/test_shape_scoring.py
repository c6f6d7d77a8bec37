"""Objects and boundaries against analytic shapes, and SciPy on the whole picture at once."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage
from shapely.geometry import Point, box

from hookpath.annotations import PathClass, PathObject
from hookpath.evaluation.scoring.ground_truth import truth_of
from hookpath.evaluation.scoring.pixel_counting import count_slide
from hookpath.evaluation.shape_scoring.boundary_distance import (
    DRAWN_EDGES,
    HD95_UM,
    PREDICTED_EDGES,
    UNJUDGED_EDGES,
    BoundaryTally,
    PointSet,
)
from hookpath.evaluation.shape_scoring.pixel_pairs import Pairs, Pixels
from hookpath.evaluation.shape_scoring.shape_counts import ShapeTally
from hookpath.evaluation.shape_scoring.shape_metrics import ShapeMetrics, assd, object_f1
from support.evaluation import BLUE, RED, TABLE, annotated, map_of_labels

Labels = npt.NDArray[np.uint8]

TUMOR, STROMA = 0, 1


def metrics_of(
    objects: list[PathObject], labels: Labels, tile: int = 1024, least_um2: float = 0.0
) -> ShapeMetrics:
    """Shapes of a prediction of 1 µm/px against what was drawn."""
    truth = truth_of(objects, TABLE)
    assert truth is not None
    tally = ShapeTally(truth.n_known, 1.0, least_um2)
    count_slide(truth, map_of_labels(labels, mpp=1.0), tile=tile, shapes=tally)
    return tally.metrics()


def disc(size: int, x: float, y: float, radius: float) -> npt.NDArray[np.bool_]:
    rows, columns = np.mgrid[:size, :size] + 0.5
    inside: npt.NDArray[np.bool_] = np.hypot(columns - x, rows - y) < radius
    return inside


def labels_of(inside: npt.NDArray[np.bool_]) -> Labels:
    return np.where(inside, 1, 2).astype(np.uint8)


def whole_slide(size: int = 200) -> list[PathObject]:
    return annotated([(BLUE, 0, 0, size, size)])


def test_discs_of_two_radii_are_their_difference_apart() -> None:
    truth = [*whole_slide(), PathObject(Point(100, 100).buffer(60, 64), path_class=RED)]
    found = metrics_of(truth, labels_of(disc(200, 100, 100, 52)))
    for label in (TUMOR, STROMA):  # one boundary, the same for what lies on either side
        assert assd(found.boundaries)[label] == pytest.approx(8, abs=0.3)
        assert found.boundaries[label, HD95_UM] == pytest.approx(8, abs=1)
    assert math.isnan(assd(found.boundaries)[2])


def test_a_shifted_disc_has_the_distances_of_two_circles() -> None:
    """From a point at angle t to the other circle: |√(r² + s² + 2rs·cos t) − r|."""
    radius, shift = 70.0, 12.0
    truth = [*whole_slide(220), PathObject(Point(104, 110).buffer(radius, 64), path_class=RED)]
    found = metrics_of(truth, labels_of(disc(220, 104 + shift, 110, radius)))
    angles = np.linspace(0, 2 * np.pi, 10_000)
    apart = np.abs(np.sqrt(radius**2 + shift**2 + 2 * radius * shift * np.cos(angles)) - radius)
    assert assd(found.boundaries)[TUMOR] == pytest.approx(apart.mean(), abs=0.4)
    assert found.boundaries[TUMOR, HD95_UM] == pytest.approx(np.quantile(apart, 0.95), abs=1)


def test_what_is_the_same_is_0_apart() -> None:
    truth = [*whole_slide(), *annotated([(RED, 30, 40, 90, 120)])]
    labels = np.full((200, 200), 2, np.uint8)
    labels[40:120, 30:90] = 1
    found = metrics_of(truth, labels, tile=37)
    assert found.boundaries[TUMOR].tolist() == [280, 280, 0, 560, 0, 0]
    assert found.objects.tolist()[:2] == [[1, 1, 0, 0], [1, 1, 0, 0]]


def by_distance_transform(true: Labels, guess: Labels, label: int) -> tuple[float, float]:
    """ASSD and HD95 in px on a lattice of half pixels, all of the picture labelled."""
    sides = []
    for mask in (true == label, guess == label):
        edges = np.zeros([2 * n + 1 for n in mask.shape], bool)
        edges[1::2, 2:-1:2] = mask[:, 1:] != mask[:, :-1]
        edges[2:-1:2, 1::2] = mask[1:] != mask[:-1]
        sides.append(edges)
    apart = [ndimage.distance_transform_edt(~b)[a] / 2 for a, b in (sides, sides[::-1])]
    hd95 = max(np.quantile(d, 0.95, method="inverted_cdf") for d in apart)
    return float(np.concatenate(apart).mean()), float(hd95)


@pytest.mark.parametrize("tile", [16, 23, 1024])
def test_any_shapes_have_the_distances_of_scipys_transform(tile: int) -> None:
    rng = np.random.default_rng(3)
    noise = ndimage.gaussian_filter(rng.normal(size=(2, 60, 80)), (0, 4, 4))
    true, guess = (noise > 0).astype(np.uint8) + 1
    tally = BoundaryTally(3, 0.5)
    shapes = ShapeTally(3, 0.5)
    grid = map_of_labels(guess).grid
    from hookpath.evaluation.scoring.annotated_tiles import labelled_tiles

    for region in labelled_tiles(grid, [box(0, 0, 80, 60)], tile):
        rows = slice(int(region.y_l0), int(region.y_l0) + region.height)
        columns = slice(int(region.x_l0), int(region.x_l0) + region.width)
        shapes.add(grid, region, true[rows, columns], guess[rows, columns])
    for pairs in Pairs.within(Pixels(true, guess, np.zeros(true.shape, np.int64))):
        tally.add(pairs)
    for found in (tally.metrics(), shapes.metrics().boundaries):
        for label in (1, 2):
            mean, hd95 = by_distance_transform(true, guess, label)
            assert assd(found)[label - 1] == pytest.approx(mean * 0.5)
            assert found[label - 1, HD95_UM] == pytest.approx(hd95 * 0.5)


def test_the_rim_of_a_drawn_area_is_no_boundary() -> None:
    found = metrics_of(annotated([(RED, 20, 20, 80, 80)]), labels_of(disc(100, 50, 50, 20)))
    assert found.boundaries[TUMOR, DRAWN_EDGES] == 0
    assert found.boundaries[TUMOR, PREDICTED_EDGES] > 0
    assert math.isnan(assd(found.boundaries)[TUMOR])


def test_predicted_edges_nearer_to_the_unknown_than_to_the_boundary_are_not_judged() -> None:
    """Red left of column 50, blue right of it; predicted: red again from column 90 on.

    That edge is 40 px from the annotated boundary, and 10 from where nothing is known.
    """
    truth = annotated([(RED, 0, 0, 50, 100), (BLUE, 50, 0, 100, 100)])
    labels = np.full((100, 120), 2, np.uint8)
    labels[:, :54] = 1
    labels[:, 90:] = 1
    found = metrics_of(truth, labels)
    assert found.boundaries[TUMOR].tolist()[:4] == [100, 200, 100, 200]
    assert assd(found.boundaries)[TUMOR] == pytest.approx(4)
    assert found.boundaries[TUMOR, HD95_UM] == pytest.approx(4)


def test_a_class_that_is_never_predicted_has_no_distance() -> None:
    truth = [*whole_slide(), *annotated([(RED, 30, 40, 90, 120)])]
    found = metrics_of(truth, np.full((200, 200), 2, np.uint8))
    assert np.isnan(found.boundaries[:, HD95_UM]).all()
    assert found.objects[TUMOR].tolist() == [1, 0, 0, 0]


def test_too_many_points_are_thinned_and_distances_stay_within_a_cell() -> None:
    few = PointSet(most=500)
    rng = np.random.default_rng(5)
    points = rng.integers(0, 20_000, (30_000, 2)).astype(np.int32)
    for part in np.array_split(points, 40):
        few.add(part)
    assert len(few.points) <= 1000
    assert few.weights.sum() == 30_000
    from scipy.spatial import cKDTree

    assert cKDTree(few.points).query(points)[0].max() <= math.sqrt(2) * few.cell
    truth = [*whole_slide(), *annotated([(RED, 30, 40, 90, 120)])]
    source = truth_of(truth, TABLE)
    assert source is not None
    labels = np.full((200, 200), 2, np.uint8)
    labels[44:124, 30:90] = 1
    grid = map_of_labels(labels).grid
    tallies = [BoundaryTally(3, 1.0, most) for most in (20, 10_000)]
    for tally in tallies:
        tile = Pixels(source.labels.rasterize(grid), labels, labels)
        for pairs in Pairs.within(tile):
            tally.add(pairs)
    thin, full = (tally.metrics()[TUMOR] for tally in tallies)
    assert thin[DRAWN_EDGES] == full[DRAWN_EDGES] == 280
    assert abs(assd(thin) - assd(full)) < 40


def by_labelling(true: Labels, guess: Labels, label: int) -> list[int]:
    """Objects on the whole picture at once; all matches of IoU ≥ ½ looked for one by one."""
    known = true > 0
    first, n = ndimage.label(true == label)
    second, m = ndimage.label(known & (guess == label))
    pairs = []
    for i in range(1, n + 1):
        for j in np.unique(second[(first == i) & (second > 0)]).tolist():
            both = int(((first == i) & (second == j)).sum())
            either = int(((first == i) | (second == j)).sum())
            if 2 * both >= either:
                pairs.append((i, j))
    found, used = {i for i, _ in pairs}, {j for _, j in pairs}
    assert len(found) == len(used) == len(pairs)
    beyond = ndimage.binary_dilation(~known & (guess == label))
    alone = [j for j in range(1, m + 1) if j not in used]
    cut = sum(bool((beyond & (second == j)).any()) for j in alone)
    return [n, len(found), len(alone) - cut, cut]


@pytest.mark.parametrize("tile", [11, 32, 1024])
def test_objects_are_those_of_the_whole_picture_whatever_the_tiles(tile: int) -> None:
    rng = np.random.default_rng(11)
    common = ndimage.gaussian_filter(rng.normal(size=(90, 110)), 3)
    other = ndimage.gaussian_filter(rng.normal(size=(90, 110)), 3)
    true = 1 + (common > 0.02).astype(np.uint8) + (common > 0.06)
    guess = 1 + (common + 0.5 * other > 0.02).astype(np.uint8) + (common + 0.5 * other > 0.06)
    true[ndimage.gaussian_filter(rng.normal(size=(90, 110)), 6) > 0.03] = 0
    grid = map_of_labels(guess.astype(np.uint8)).grid
    from hookpath.evaluation.scoring.annotated_tiles import labelled_tiles

    tally = ShapeTally(3, 1.0, 0.0)
    for region in labelled_tiles(grid, [box(0, 0, 110, 90)], tile):
        rows = slice(int(region.y_l0), int(region.y_l0) + region.height)
        columns = slice(int(region.x_l0), int(region.x_l0) + region.width)
        tally.add(grid, region, true[rows, columns], guess[rows, columns])
    expected = [by_labelling(true, guess, label) for label in (1, 2, 3)]
    assert tally.metrics().objects.tolist() == expected
    assert min(min(row[:3]) for row in expected) > 0
    assert sum(row[3] for row in expected) > 0


def test_half_in_common_is_enough_and_less_is_not() -> None:
    """A square of 20 × 20 and predictions of 20 × 10 (½) and 20 × 9 within it."""
    truth = [*whole_slide(100), *annotated([(RED, 10, 10, 30, 30), (RED, 60, 10, 80, 30)])]
    labels = np.full((100, 100), 2, np.uint8)
    labels[10:20, 10:30] = 1
    labels[10:19, 60:80] = 1
    found = metrics_of(truth, labels)
    assert found.objects[TUMOR].tolist() == [2, 1, 1, 0]
    assert object_f1(found.objects)[TUMOR] == pytest.approx(2 / 4)


def test_what_goes_on_where_nobody_drew_is_no_false_alarm() -> None:
    truth = annotated([(BLUE, 0, 0, 60, 60)])
    labels = np.full((100, 100), 2, np.uint8)
    labels[40:90, 50:90] = 1  # reaches into the annotated area, which is of another class
    labels[5:15, 5:15] = 1  # lies within it
    found = metrics_of(truth, labels)
    assert found.objects[TUMOR].tolist() == [0, 0, 1, 1]
    assert math.isnan(object_f1(found.objects)[TUMOR])


def test_small_objects_are_left_out_unless_they_match_a_large_one() -> None:
    truth = [*whole_slide(100), *annotated([(RED, 10, 10, 20, 20), (RED, 50, 50, 53, 53)])]
    labels = np.full((100, 100), 2, np.uint8)
    labels[10:19, 10:20] = 1  # 90 µm², of the object of 100
    labels[50:53, 50:53] = 1  # 9 of 9
    labels[80, 80] = 1
    assert metrics_of(truth, labels).objects[TUMOR].tolist() == [2, 2, 1, 0]
    assert metrics_of(truth, labels, least_um2=100).objects[TUMOR].tolist() == [1, 1, 0, 0]


def test_classes_that_the_model_does_not_know_are_unknown_area() -> None:
    necrosis = PathClass("Necrosis", (0, 0, 0))
    truth = [*annotated([(BLUE, 0, 0, 50, 100), (necrosis, 50, 0, 100, 100)])]
    labels = np.full((100, 100), 2, np.uint8)
    labels[20:40, 30:70] = 1
    found = metrics_of(truth, labels)
    assert found.objects[TUMOR].tolist() == [0, 0, 0, 1]
    assert found.boundaries[STROMA, DRAWN_EDGES] == 0
    assert found.boundaries[TUMOR, UNJUDGED_EDGES] == found.boundaries[TUMOR, PREDICTED_EDGES] > 0


def test_metrics_survive_json_and_pool() -> None:
    truth = [*whole_slide(), *annotated([(RED, 30, 40, 90, 120)])]
    labels = np.full((200, 200), 2, np.uint8)
    labels[43:120, 30:90] = 1
    one = metrics_of(truth, labels)
    again = ShapeMetrics.from_dict(one.as_dict(TABLE.names))
    assert again.objects.tolist() == one.objects.tolist()
    np.testing.assert_array_equal(again.boundaries, one.boundaries)
    both = ShapeMetrics.pooled([one, again])
    assert both.objects[TUMOR].tolist() == [2, 2, 0, 0]
    np.testing.assert_allclose(assd(both.boundaries), assd(one.boundaries))
    assert np.isnan(both.of("hd95_um")).all()
    assert both.in_order([1, 0, 2]).objects[1].tolist() == [2, 2, 0, 0]
