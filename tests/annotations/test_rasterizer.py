"""Label patches are where the shapes are: checked against shapes whose truth is a formula."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.affinity import rotate
from shapely.geometry import MultiPolygon, Point, Polygon, box

from hookpath.annotations import ClassTable, LabelSource, LeftOut, PathClass, PathObject
from hookpath.errors import AnnotationError
from hookpath.geometry import Region

A, B = PathClass("A", (255, 0, 0)), PathClass("B", (0, 0, 255))
CLASSES = ClassTable.of([A, B])
SPACINGS = [0.25, 0.5, 1, 1.7, 2, 4, 8, 16]


def area(geometry: Any, path_class: PathClass | None = A, **more: Any) -> PathObject:
    return PathObject(geometry, path_class=path_class, **more)


def source(*objects: PathObject) -> LabelSource:
    return LabelSource(objects, CLASSES)


def around(x: float, y: float, size_l0: float, downsample: tuple[float, float]) -> Region:
    """A region about (x, y) that covers at least `size_l0` in both directions."""
    width, height = (math.ceil(size_l0 / d / 2) * 2 + 2 for d in downsample)
    return Region.centred(x, y, width, height, downsample)


def centroid_l0(labels: Any, region: Region) -> tuple[float, float]:
    rows, columns = np.nonzero(labels)
    return (
        region.x_l0 + (columns.mean() + 0.5) * region.downsample_x,
        region.y_l0 + (rows.mean() + 0.5) * region.downsample_y,
    )


def centres_l0(region: Region) -> tuple[Any, Any]:
    x = region.x_l0 + (np.arange(region.width) + 0.5) * region.downsample_x
    y = region.y_l0 + (np.arange(region.height) + 0.5) * region.downsample_y
    return np.meshgrid(x, y)


# --- position ----------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("centre", [(3000.0, 2000.0), (3000.37, 1999.81)])
def test_circle_is_labelled_where_its_equation_says(
    spacing: float, centre: tuple[float, float]
) -> None:
    radius = 40 * spacing
    circle = Point(centre).buffer(radius, quad_segs=256)
    region = around(*centre, 2.2 * radius, (spacing, spacing))
    labels = source(area(circle)).rasterize(region)
    x, y = centres_l0(region)
    distance = np.hypot(x - centre[0], y - centre[1])
    # The 1024-gon lies within 0.001 px of the circle; the label must be exact outside that band.
    sure = np.abs(distance - radius) > 0.001 * spacing
    assert np.array_equal(labels[sure] == 1, (distance < radius)[sure])
    found_x, found_y = centroid_l0(labels, region)
    assert abs(found_x - centre[0]) < 0.05 * spacing
    assert abs(found_y - centre[1]) < 0.05 * spacing


@pytest.mark.parametrize("dx", SPACINGS)
@pytest.mark.parametrize("dy", [0.5, 3])
def test_rectangle_at_fractional_place_is_within_half_a_pixel_on_each_side(
    dx: float, dy: float
) -> None:
    x0, y0, x1, y1 = 1000.3, 2000.7, 1000.3 + 37.6 * dx, 2000.7 + 21.2 * dy
    region = Region(x0 - 5.3 * dx, y0 - 4.1 * dy, 60, 40, dx, dy)
    labels = source(area(box(x0, y0, x1, y1))).rasterize(region)
    rows, columns = np.nonzero(labels)
    assert abs(region.x_l0 + columns.min() * dx - x0) <= 0.5 * dx
    assert abs(region.x_l0 + (columns.max() + 1) * dx - x1) <= 0.5 * dx
    assert abs(region.y_l0 + rows.min() * dy - y0) <= 0.5 * dy
    assert abs(region.y_l0 + (rows.max() + 1) * dy - y1) <= 0.5 * dy
    assert labels.sum() == (np.ptp(columns) + 1) * (np.ptp(rows) + 1)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_pixel_aligned_rectangle_has_its_exact_area(spacing: float) -> None:
    region = Region(512.5, 256.25, 64, 48, spacing, spacing)
    x0, y0 = 512.5 + 10 * spacing, 256.25 + 7 * spacing
    labels = source(area(box(x0, y0, x0 + 30 * spacing, y0 + 20 * spacing))).rasterize(region)
    expected = np.zeros((48, 64), np.uint8)
    expected[7:27, 10:40] = 1
    assert np.array_equal(labels, expected)


def test_concentric_grids_agree_at_one_and_four_times_the_spacing() -> None:
    """With a factor of 4 no fine pixel sits in the middle of a coarse one, but the fine grid
    shifted by half a fine pixel has its centres on the coarse centres. A shift of one grid against
    the other by half a pixel would move the centroid by 0.5 px; 0.1 px is what sampling the edge
    of a shape 25 px wide costs.
    """
    shape = rotate(box(1000, 850, 1300, 1050), 27)
    labels = source(area(shape))
    centre = (1131.4, 947.9)
    coarse = labels.rasterize(Region.centred(*centre, 70, 70, (8, 8)))
    fine = labels.rasterize(Region.centred(centre[0] + 1, centre[1] + 1, 280, 280, (2, 2)))
    assert np.array_equal(coarse, fine[1::4, 1::4])
    for factor in (1, 4):
        region = Region.centred(*centre, 280, 280, (2 * factor, 2 * factor))
        x, y = centroid_l0(labels.rasterize(region), region)
        assert math.hypot(x - shape.centroid.x, y - shape.centroid.y) < 0.1 * 2 * factor


def test_windows_are_cut_out_of_one_and_the_same_picture() -> None:
    """However a big outline is cut into pieces, a window equals that part of the whole."""
    rng = np.random.default_rng(4)
    angle = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    radius = 400 + 60 * np.sin(9 * angle) + rng.uniform(-3, 3, angle.size)
    star = Polygon(np.column_stack([500 + radius * np.cos(angle), 500 + radius * np.sin(angle)]))
    holes = MultiPolygon([Point(x, y).buffer(25) for x in (350, 600) for y in (400, 620)])
    labels = source(area(shapely.make_valid(star).difference(holes)), area(holes.geoms[0], B))
    whole = labels.rasterize(Region(0, 0, 1000, 1000, 1, 1))
    assert set(np.unique(whole)) == {0, 1, 2}
    for x, y in rng.integers(0, 900, (40, 2)).tolist():
        window = labels.rasterize(Region(x, y, 100, 90, 1, 1))
        assert np.array_equal(window, whole[y : y + 90, x : x + 100])
    x, y = centres_l0(Region(0, 0, 1000, 1000, 1, 1))
    truth = shapely.contains_xy(labels.polygons[0].geometry, x, y)
    assert np.array_equal(whole > 0, truth | (whole == 2))


def test_a_window_far_from_everything_is_all_ignore() -> None:
    labels = source(area(box(0, 0, 10, 10))).rasterize(Region(1e5, 1e5, 7, 5, 2, 2))
    assert labels.shape == (5, 7)
    assert labels.dtype == np.uint8
    assert not labels.any()
    assert not source().rasterize(Region(0, 0, 7, 5, 2, 2)).any()


# --- which object counts -----------------------------------------------------------------------


def test_holes_and_parts() -> None:
    ring = box(0, 0, 10, 10).difference(box(3, 3, 7, 7))
    labels = source(area(MultiPolygon([ring, box(12, 0, 14, 10)])))  # type: ignore[list-item]
    found = labels.rasterize(Region(0, 0, 16, 10, 1, 1))
    assert found.sum() == 100 - 16 + 20
    assert found[5, 5] == 0
    assert labels.report.area_l0 == {"A": 104.0, "B": 0.0}


@pytest.mark.parametrize("order", [1, -1])
def test_the_smaller_object_wins_and_the_overlap_is_reported(order: int) -> None:
    big, small = area(box(0, 0, 10, 10), A), area(box(8, 8, 12, 12), B)
    labels = source(*[big, small][::order])
    found = labels.rasterize(Region(0, 0, 12, 12, 1, 1))
    assert (found == 2).sum() == 16
    assert (found == 1).sum() == 96
    assert labels.report.area_l0 == {"A": 96.0, "B": 16.0}
    assert labels.report.overlap_l0 == 4.0
    lost = "A: 1 annotation, 4 px², not used: under another class"
    assert any(line.startswith(lost) for line in labels.report.problems())


def test_overlap_within_a_class_is_counted_once_and_is_no_problem() -> None:
    report = source(area(box(0, 0, 10, 10)), area(box(5, 0, 12, 10))).report
    assert report.area_l0["A"] == 120
    assert report.overlap_l0 == 0
    assert report.problems() == ()


def test_three_classes_deep_areas_equal_the_raster() -> None:
    objects = [area(box(0, 0, 20, 20), A), area(box(4, 4, 14, 14), B), area(box(6, 6, 9, 9), A)]
    labels = source(*objects)
    found = labels.rasterize(Region(0, 0, 20, 20, 1, 1))
    assert labels.report.area_l0 == {"A": (found == 1).sum(), "B": (found == 2).sum()}
    assert labels.report.overlap_l0 == 100


def test_equal_areas_the_later_one_wins() -> None:
    first, later = area(box(0, 0, 4, 4), A), area(box(0, 0, 4, 4), B)
    assert source(first, later).rasterize(Region(0, 0, 4, 4, 1, 1)).min() == 2


def test_only_areas_that_people_drew_in_known_classes_count() -> None:
    square = box(0, 0, 4, 4)
    objects = [
        area(Point(1, 1)),
        area(square.boundary),
        area(square, None),
        area(square, PathClass("Region*")),
        area(square, PathClass("Other")),
        area(square, metadata={"hookpath.run": "r"}),
        area(square, object_type="detection"),
        area(square, object_type="cell"),
    ]
    labels = source(*objects)
    assert labels.polygons == ()
    assert labels.bounds_l0 is None
    assert not labels.rasterize(Region(0, 0, 4, 4, 1, 1)).any()
    report = labels.report
    assert (report.results, report.detections) == (1, 2)
    assert report.left_out == (
        LeftOut("A", 1, 0.0, "point"),
        LeftOut("A", 1, 0.0, "line"),
        LeftOut("", 1, 16.0, "unclassified"),
        LeftOut("Region*", 1, 16.0, "region"),
        LeftOut("Other", 1, 16.0, "other_class"),
    )
    lines = report.problems(1e-3)
    assert lines[2] == "without a class: 1 annotation, 0.0160 mm², not used: no class"
    assert lines[-1] == "2 detection(s) are no annotations: not used"
    assert report.objects == {"A": 0, "B": 0}


# --- hostile shapes ----------------------------------------------------------------------------


def test_a_bow_tie_keeps_both_wings_and_is_reported() -> None:
    labels = source(area(Polygon([(0, 0), (8, 8), (8, 0), (0, 8)])))
    assert labels.polygons[0].area_l0 == 32
    assert labels.polygons[0].geometry.is_valid
    assert labels.report.repaired == 1
    found = labels.rasterize(Region(0, 0, 8, 8, 1, 1))
    assert found[4, 1] == found[4, 6] == 1
    assert found[1, 4] == found[6, 4] == 0


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON EMPTY",
        "MULTIPOLYGON EMPTY",
        "POLYGON ((0 0, 5 5, 9 9, 0 0))",
        "POLYGON ((0 0, NaN 5, 9 9, 0 0))",
        "POLYGON ((0 0, inf 5, 9 9, 0 0))",
    ],
)
@pytest.mark.filterwarnings("error")
def test_shapes_without_area_are_dropped_and_counted(wkt: str) -> None:
    with np.errstate(invalid="ignore"):  # GEOS compares NaN while it builds the ring
        geometry = shapely.from_wkt(wkt)
    labels = source(area(geometry), area(box(0, 0, 2, 2)))
    assert labels.report.count("broken") == 1
    assert labels.rasterize(Region(0, 0, 4, 4, 1, 1)).sum() == 4


def test_third_coordinates_do_not_matter() -> None:
    labels = source(area(Polygon([(0, 0, 7), (4, 0, 7), (4, 4, 7), (0, 4, 7)])))
    assert labels.rasterize(Region(0, 0, 6, 6, 1, 1)).sum() == 16


def test_a_collection_counts_with_its_areas() -> None:
    mixed = shapely.GeometryCollection([Point(9, 9), box(0, 0, 2, 2), box(1, 0, 4, 2)])
    labels = source(area(mixed))
    assert labels.polygons[0].area_l0 == 8
    assert labels.rasterize(Region(0, 0, 6, 6, 1, 1)).sum() == 8


def test_an_ellipse_as_qupath_writes_it() -> None:
    t = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    ellipse = Polygon(np.column_stack([100 + 60 * np.cos(t), 80 + 30 * np.sin(t)]).round(2))
    count = source(area(ellipse)).rasterize(Region(0, 0, 400, 320, 0.5, 0.5)).sum()
    assert count * 0.25 == pytest.approx(ellipse.area, rel=2e-3)


def test_what_lies_off_the_slide_is_cut_away_and_reported() -> None:
    objects = [area(box(-5, 2, 5, 4)), area(box(50, 50, 60, 60)), area(box(1, 6, 2, 7))]
    labels = LabelSource(objects, CLASSES, slide_size=(20, 10))
    found = labels.rasterize(Region(-10, -10, 80, 80, 1, 1))
    assert found.sum() == 10 + 1
    assert labels.report.count("off_slide") == 2
    assert sum(f.area_l0 for f in labels.report.left_out if f.why == "off_slide") == 110
    assert labels.report.objects["A"] == 2
    assert labels.bounds_l0 == (0, 2, 5, 7)


def test_pickled_sources_give_the_same_labels() -> None:
    labels = source(area(Point(50, 50).buffer(30)), area(box(40, 40, 60, 60), B))
    region = Region(10, 10, 80, 80, 1, 1)
    before = labels.rasterize(region)
    copy = pickle.loads(pickle.dumps(labels))
    assert np.array_equal(copy.rasterize(region), before)
    assert copy.report == labels.report


def test_more_classes_than_labels_are_one_clear_error() -> None:
    ClassTable.of(PathClass(f"c{i}") for i in range(254))
    with pytest.raises(AnnotationError, match="255 classes are annotated, but no more than 254"):
        ClassTable.of(PathClass(f"c{i}") for i in range(255))


@pytest.mark.parametrize("far", [1e10, 1e300])
def test_coordinates_that_no_slide_has_are_not_used(far: float) -> None:
    tumour = PathClass("Tumor")
    annotated = [
        PathObject(shapely.Polygon([(0, 0), (far, 0), (far, far)]), path_class=tumour),
        PathObject(shapely.box(0, 0, 10, 10), path_class=tumour),
    ]
    report = LabelSource(annotated, ClassTable.of([tumour]), slide_size=(100, 100)).report
    assert (report.count("broken"), report.area_l0) == (1, {"Tumor": 100.0})
