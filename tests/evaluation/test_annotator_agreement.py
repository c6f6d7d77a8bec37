"""Two people's drawings on the same slides, on pixels that both labelled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hookpath.annotations import LabelRules, write_geojson
from hookpath.errors import EvaluationError
from hookpath.evaluation import load_report
from hookpath.evaluation.annotator_agreement import agreement
from hookpath.projects import FolderProject
from support.evaluation import BLUE, RED, Box, annotated, write_slide
from support.reporting import Notes


@pytest.fixture
def projects(tmp_path: Path) -> tuple[FolderProject, FolderProject]:
    """A slide of 256 px at 0.5 µm/px that two people drew on, and one that only the first did.

    First: left half red, right half blue. Second: red up to column 160, blue to 224, no more.
    """
    write_slide(tmp_path / "A", "a.tif", [(RED, 0, 0, 128, 256), (BLUE, 128, 0, 256, 256)])
    write_slide(tmp_path / "A", "only.tif", [(RED, 0, 0, 9, 9)])
    theirs: list[Box] = [(RED, 0, 0, 160, 256), (BLUE, 160, 0, 224, 256)]
    (tmp_path / "B").mkdir()
    shutil.copy2(tmp_path / "A" / "a.tif", tmp_path / "B" / "renamed.tif")
    write_geojson(tmp_path / "B" / "renamed.geojson", annotated(theirs))
    return FolderProject(tmp_path / "A"), FolderProject(tmp_path / "B")


def test_pixels_that_both_labelled_are_compared(
    projects: tuple[FolderProject, FolderProject], tmp_path: Path
) -> None:
    """At 1 µm/px, 128 rows: 64 columns red to both, 16 red or blue, 32 blue to both, 16 of one."""
    report = agreement(*projects, tmp_path / "out")
    assert report.pooled.counts.tolist() == [[64 * 128, 0, 0], [16 * 128, 32 * 128, 0]]
    dice = report.pooled_measured.per_class("dice").tolist()
    assert dice == pytest.approx([2 * 64 / (2 * 64 + 16), 2 * 32 / (2 * 32 + 16)])
    # po = 96/112; pe = (64·80 + 48·32)/112².
    chance = (64 * 80 + 48 * 32) / 112**2
    assert report.pooled_measured.value("kappa") == pytest.approx(
        (96 / 112 - chance) / (1 - chance)
    )
    assert load_report(tmp_path / "out").settings["annotators"] == ["A", "B"]
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "annotated stands for A, predicted for B" in page


def test_it_is_the_same_the_other_way_round(
    projects: tuple[FolderProject, FolderProject], tmp_path: Path
) -> None:
    there = agreement(*projects, tmp_path / "one")
    back = agreement(projects[1], projects[0], tmp_path / "two")
    for metric in ("kappa", "dice"):
        assert there.pooled_measured.value(metric) == pytest.approx(
            back.pooled_measured.value(metric)
        )


def test_a_class_to_count_as_another_that_neither_drew_is_reported(
    projects: tuple[FolderProject, FolderProject], tmp_path: Path
) -> None:
    write_geojson(tmp_path / "B" / "renamed.geojson", annotated([(BLUE, 0, 0, 160, 256)]))
    notes = Notes()
    rules = LabelRules(rename={RED.name: "Dark", BLUE.name: "Dark", "Absent": "Dark"})
    agreement(*projects, tmp_path / "out", rules, reporter=notes)
    (line,) = notes.warnings
    assert line.startswith("class 'Absent', which is to count as 'Dark', is annotated on none")


def test_people_who_never_drew_in_the_same_place_are_reported(
    projects: tuple[FolderProject, FolderProject], tmp_path: Path
) -> None:
    first, second = projects
    write_geojson(tmp_path / "B" / "renamed.geojson", [])
    with pytest.raises(EvaluationError, match="no slide on which both drew"):
        agreement(first, second, tmp_path / "out")
    write_geojson(tmp_path / "A" / "a.geojson", annotated([(RED, 0, 0, 40, 40)]))
    write_geojson(tmp_path / "B" / "renamed.geojson", annotated([(BLUE, 100, 100, 140, 140)]))
    with pytest.raises(EvaluationError, match="no pixel that both labelled"):
        agreement(first, second, tmp_path / "out")
