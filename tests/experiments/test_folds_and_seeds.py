"""Which slides train, validate and test in which trial."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from hookpath.errors import UsageError
from hookpath.events import SILENT, Reporter
from hookpath.experiments.design import SyntheticSlides
from hookpath.experiments.folds_and_seeds import (
    annotated_areas,
    make_folds,
    project_trials,
    synthetic_trials,
    table_trials,
)
from hookpath.projects import SPLIT_KEY, Project, SplitTable, open_project
from hookpath.projects.splits.split_table import SplitRow
from support.evaluation import BLUE, RED, write_slide


def nine_slides(folder: Path) -> Path:
    """s0…s8: Tumor on all, Stroma on every third."""
    for number in range(9):
        annotated = [(RED, 0, 0, 100, 100)]
        if number % 3 == 0:
            annotated.append((BLUE, 0, 100, 100, 150))
        write_slide(folder, f"s{number}.tif", annotated)
    write_slide(folder, "bare.tif", [])
    return folder


def test_every_annotated_slide_is_tested_once_and_never_seen_before(tmp_path: Path) -> None:
    project = open_project(nine_slides(tmp_path))
    trials = project_trials(project, 3, (0,), None, validation=1 / 3)
    assert sorted(n for t in trials for n in t.test) == [f"s{i}.tif" for i in range(9)]
    for trial in trials:
        parts = [set(trial.train), set(trial.val), set(trial.test)]
        assert [len(p) for p in parts] == [4, 2, 3]
        assert set.union(*parts) == {f"s{i}.tif" for i in range(9)}
        # A third of the slides has Stroma: every fold tests on one of them, and learns from one.
        with_stroma = {"s0.tif", "s3.tif", "s6.tif"}
        assert len(with_stroma & parts[2]) == 1
        assert with_stroma & parts[0]


def test_folds_of_a_table_are_tested_in_turn(tmp_path: Path) -> None:
    project = open_project(nine_slides(tmp_path))
    table = SplitTable(tuple(SplitRow(f"s{i}.tif", fold=i % 3 + 1) for i in range(9)))
    table.save(tmp_path / "folds.csv")
    trials = table_trials(project, tmp_path / "folds.csv", None, (0, 1), None, validating=True)
    assert [t.name for t in trials] == [f"seed-{s}-fold-{f}" for s in (0, 1) for f in (1, 2, 3)]
    assert trials[1].test == ("s1.tif", "s4.tif", "s7.tif")
    assert trials[1].val == ("s2.tif", "s5.tif", "s8.tif")
    assert trials[1].train == ("s0.tif", "s3.tif", "s6.tif")
    (one,) = table_trials(project, tmp_path / "folds.csv", 2, (0,), None, validating=False)
    assert (one.name, one.val) == ("seed-0-fold-2", ())
    assert set(one.train) == set(trials[1].train) | set(trials[1].val)


def test_parts_of_a_table_are_one_trial(tmp_path: Path) -> None:
    project = open_project(nine_slides(tmp_path))
    parts = {"s0.tif": "train", "s1.tif": "val", "s2.tif": "test"}
    SplitTable(tuple(SplitRow(n, split=p) for n, p in parts.items())).save(tmp_path / "parts.csv")
    (trial,) = table_trials(project, tmp_path / "parts.csv", None, (0,), None, validating=True)
    assert trial.name == "seed-0"
    assert (trial.train, trial.val, trial.test) == (("s0.tif",), ("s1.tif",), ("s2.tif",))
    with pytest.raises(UsageError, match="has no folds"):
        table_trials(project, tmp_path / "parts.csv", 1, (0,), None, validating=True)


def test_folds_follow_from_the_seed_alone() -> None:
    areas = {f"s{i}": {"a": 1.0, "b": float(i)} for i in range(8)}
    assert make_folds(areas, 2, random.Random(3)) == make_folds(areas, 2, random.Random(3))
    made = {tuple(make_folds(areas, 2, random.Random(seed))) for seed in range(6)}
    assert len(made) > 1


def test_areas_are_those_drawn(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 50), (BLUE, 0, 100, 10, 110)])
    project = open_project(tmp_path)
    assert annotated_areas(project) == {"a.tif": {"Tumor": 5000.0, "Stroma": 100.0}}


def test_more_folds_than_slides_are_refused(tmp_path: Path) -> None:
    write_slide(tmp_path, "a.tif", [(RED, 0, 0, 100, 50)])
    with pytest.raises(UsageError, match="1 annotated slides do not make 3 folds"):
        project_trials(open_project(tmp_path), 3, (0,), None, validation=1 / 3)


def test_one_fold_is_the_projects_own_split(tmp_path: Path) -> None:
    project = open_project(nine_slides(tmp_path))
    with pytest.raises(UsageError, match=SPLIT_KEY):
        project_trials(project, 1, (0,), None, validation=1 / 3)
    names = ["s0.tif", "s1.tif", "s2.tif", "s3.tif"]
    marks = dict(zip(names, ("train", "train", "validation", "test"), strict=True))
    for entry in project.images:
        # What nobody drew on cannot be learned from, whatever its mark.
        entry.set_metadata({SPLIT_KEY: marks.get(entry.name, "train")})
        if entry.name not in names[:4] and entry.name != "bare.tif":
            entry.set_metadata({SPLIT_KEY: None})
    first, second = project_trials(project, 1, (4, 5), None, validation=1 / 3)
    assert (first.train, first.val, first.test) == (tuple(names[:2]), (names[2],), (names[3],))
    assert (first.seed, second.seed) == (4, 5)


def test_synthetic_slides_are_new_for_every_seed(tmp_path: Path) -> None:
    def make(folder: Path, slides: Mapping[str, int], seed: int, reporter: Reporter) -> Project:
        for split, count in slides.items():
            for number in range(count):
                write_slide(folder, f"{split}-{number}.tif", [(RED, 0, 0, 10 + seed, 10)])
        project = open_project(folder)
        for entry in project.images:
            entry.set_metadata({SPLIT_KEY: entry.name.split("-")[0]})
        return project

    synthetic = SyntheticSlides(make, {"train": 2, "val": 1, "test": 1})
    first, second = synthetic_trials(synthetic, tmp_path, (0, 7), SILENT)
    assert (first.name, second.name) == ("seed-0", "seed-7")
    assert second.project.source == tmp_path / "slides/seed-7"
    assert second.truth == tmp_path / "slides/seed-7/truth"
    assert first.train == second.train == ("train-0.tif", "train-1.tif")
    assert (first.val, first.test, first.withheld) == (
        ("val-0.tif",), ("test-0.tif",), ("test-0.tif",))  # fmt: skip


def test_validation_never_takes_the_only_slide_of_a_class(tmp_path: Path) -> None:
    for number in range(6):
        colour = BLUE if number in (0, 1) else RED
        write_slide(tmp_path, f"s{number}.tif", [(colour, 0, 0, 100, 100)])
    for seed in range(5):
        for trial in project_trials(open_project(tmp_path), 2, (seed,), None, validation=1 / 3):
            assert {"s0.tif", "s1.tif"} & set(trial.train)


def test_a_patient_is_in_one_fold_and_on_one_side(tmp_path: Path) -> None:
    """Names are TCGA's: two slides of each of four patients."""
    for patient in range(4):
        for number in (1, 2):
            name = f"TCGA-AA-000{patient}-01Z-00-DX{number}.tif"
            write_slide(tmp_path, name, [(RED, 0, 0, 90, 90), (BLUE, 0, 100, 90, 150)])
    project = open_project(tmp_path)
    trials = project_trials(project, 2, (0, 1), None, validation=0.5)
    for trial in trials:
        sides = [{name[:12] for name in part} for part in (trial.train, trial.val, trial.test)]
        assert [len(side) for side in sides] == [1, 1, 2]
        assert len(set.union(*sides)) == 4
    with pytest.raises(UsageError, match="8 annotated slides of so few patients do not make 5"):
        project_trials(project, 5, (0,), None, validation=0.2)
