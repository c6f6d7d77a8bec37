"""Areas that one can work out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.annotations import RUN_TAG, PathClass, PathObject, write_geojson
from hookpath.errors import EvaluationError
from hookpath.measurements import measure_project, write_table
from hookpath.measurements.class_areas import Outlines, Parent, measure
from hookpath.measurements.parent_regions import parents_of
from hookpath.projects import open_project
from support.evaluation import BLUE, GREEN, RED, write_slide
from support.reporting import Notes

IGNORE = PathClass("Ignore*")


def result(path_class: PathClass, *bounds: float, kind: str = "detection") -> PathObject:
    """What a prediction left."""
    return PathObject(
        box(*bounds),  # type: ignore[arg-type]
        object_type=kind,
        path_class=path_class,
        metadata={RUN_TAG: "run"},
    )


def region(*bounds: float, path_class: PathClass | None = None, name: str = "") -> PathObject:
    """What a person drew."""
    return PathObject(box(*bounds), path_class=path_class, name=name)  # type: ignore[arg-type]


def parent(*bounds: float) -> Parent:
    shape = box(*bounds)  # type: ignore[arg-type]
    return Parent("p", "annotation", "", "", shape, shape.area)


def test_what_lies_in_a_region_is_cut_at_its_edge() -> None:
    """Red fills the left half of 100 × 100 px, blue a tenth at its right."""
    outlines = Outlines([result(RED, 0, 0, 50, 100), result(BLUE, 50, 0, 60, 100)])
    (found,) = measure(outlines, [parent(40, 0, 80, 50)], 2.0)
    assert found.areas_mm2 == {"Tumor": 10 * 50 * 2, "Stroma": 10 * 50 * 2}
    assert found.parent_mm2 == 40 * 50 * 2
    assert (found.covered_percent, found.percent("Tumor")) == (50, 50)


def test_where_objects_overlap_the_smaller_one_counts_once() -> None:
    outlines = Outlines([
        result(RED, 0, 0, 100, 100), result(BLUE, 90, 0, 110, 10), result(RED, 0, 0, 10, 10),
    ])  # fmt: skip
    assert outlines.inside(None) == {"Tumor": 10_000 - 100, "Stroma": 200}


def test_a_region_that_holds_nothing_has_no_percentages() -> None:
    (found,) = measure(Outlines([result(RED, 0, 0, 10, 10)]), [parent(20, 20, 30, 30)], 1.0)
    assert found.areas_mm2 == {"Tumor": 0}
    assert found.percent("Tumor") != found.percent("Tumor")
    assert found.covered_percent == 0


def test_labels_and_missing_cores_are_no_regions() -> None:
    core, missing = (
        PathObject(box(0, 0, 9, 9), object_type="tmaCore", name=name, extra=extra)
        for name, extra in (("A-1", {}), ("A-2", {"properties": {"isMissing": True}}))
    )
    objects = [
        core,
        missing,
        region(0, 0, 5, 5, name="plain"),
        region(0, 0, 5, 5, path_class=PathClass("Region*"), name="mark"),
        region(0, 0, 5, 5, path_class=RED, name="label"),
        region(0, 0, 5, 5, path_class=GREEN, name="other"),
        result(BLUE, 0, 0, 5, 5, kind="annotation"),
        region(0, 0, 5, 5, path_class=PathClass("Region: confirmed*"), name="ours"),
    ]
    names = [p.name for p in parents_of(objects, ("Tumor", "Stroma"))]
    assert names == ["A-1", "plain", "mark", "other"]
    assert [p.name for p in parents_of(objects, ("Tumor",), "Tumor")] == ["A-1", "label"]
    assert [p.name for p in parents_of(objects, ("Tumor",), "*")] == [
        "A-1", "plain", "mark", "label", "other",
    ]  # fmt: skip


def test_a_project_becomes_a_table(tmp_path: Path) -> None:
    """0.5 µm/px: 100 × 100 px are 0.0025 mm²."""
    for name, objects in {
        "a.tif": [result(RED, 0, 0, 100, 100), result(BLUE, 100, 0, 200, 100),
                  result(IGNORE, 0, 100, 50, 150), region(50, 0, 150, 50, name="=cmd")],
        "b.tif": [result(GREEN, 0, 0, 20, 100)],
        "c.tif": [],
    }.items():  # fmt: skip
        path = write_slide(tmp_path / "s", name, [])
        write_geojson(path.with_suffix(".geojson"), objects)
    done, problems = measure_project(open_project(tmp_path / "s"))
    assert not problems
    assert [one.name for one in done] == ["a.tif", "b.tif"]
    write_table(done, tmp_path / "new" / "table.csv")
    rows = list(csv.DictReader((tmp_path / "new" / "table.csv").open(newline="")))
    assert [(r["image"], r["region"], r["kind"]) for r in rows] == [
        ("a.tif", "", "image"), ("a.tif", "'=cmd", "annotation"), ("b.tif", "", "image"),
    ]  # fmt: skip
    whole, inside, other = rows
    assert float(whole["Tumor mm2"]) == pytest.approx(0.0025)
    assert float(whole["region_mm2"]) == pytest.approx(256**2 * 0.25e-6, abs=1e-6)
    assert float(inside["Stroma mm2"]) == pytest.approx(50 * 50 * 0.25e-6, abs=1e-6)
    assert float(inside["Stroma percent"]) == 50
    assert float(inside["covered_percent"]) == 100
    assert (float(other["Tumor mm2"]), float(other["Other percent"])) == (0, 100)


def test_a_class_without_annotations_to_measure_in_is_told(tmp_path: Path) -> None:
    region = PathObject(box(0, 0, 50, 50), path_class=PathClass("Core biopsy"))
    path = write_slide(tmp_path / "s", "a.tif", [])
    write_geojson(path.with_suffix(".geojson"), [result(RED, 0, 0, 100, 100), region])
    project = open_project(tmp_path / "s")
    for inside, lines in (("Core biopsy", 0), ("*", 0), (None, 0), ("core biopsy", 1)):
        notes = Notes()
        (one,), _ = measure_project(project, inside=inside, reporter=notes)
        assert len(one.measured) == 2 - lines
        assert len(notes.warnings) == lines
    assert "no annotation of class 'core biopsy', and no core, on any image" in notes.warnings[0]


def test_results_of_two_runs_are_not_added_up(tmp_path: Path) -> None:
    path = write_slide(tmp_path / "s", "a.tif", [])
    other = PathObject(
        box(0, 0, 10, 10), "detection", path_class=RED, metadata={RUN_TAG: "another"}
    )
    write_geojson(path.with_suffix(".geojson"), [result(RED, 0, 0, 100, 100), other])
    project = open_project(tmp_path / "s")
    done, problems = measure_project(project)
    assert not done
    assert "results of 2 runs" in problems[0].message
    (only,), _ = measure_project(project, run="another")
    assert only.measured[0].areas_mm2["Tumor"] == pytest.approx(100 * 0.25e-6)


def test_without_results_there_is_nothing_to_measure(tmp_path: Path) -> None:
    write_slide(tmp_path / "s", "a.tif", [(RED, 0, 0, 10, 10)])
    with pytest.raises(EvaluationError, match="predict first"):
        measure_project(open_project(tmp_path / "s"))
