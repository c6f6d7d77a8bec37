"""A plain training tells that it takes edited proposals of the annotation loop for drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.projects import Project, open_project
from hookpath.training import TrainConfig
from hookpath.training.data import gather
from support.edited import nudge_first, propose
from support.textures import texture_folder, texture_slide
from support.training import TINY, Recorder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two slides with drawings, one with proposals of a loop."""
    made = texture_folder(tmp_path / "slides", slides=2)
    texture_slide(made / "p.tif", seed=9)
    propose(made, "p.tif")
    return made


def warnings_of(*projects: Project) -> list[str]:
    recorder = Recorder()
    gather(projects, TrainConfig.load(overrides=TINY), recorder)
    return recorder.warnings


def test_untouched_proposals_are_not_learned_and_not_warned_of(folder: Path) -> None:
    assert warnings_of(open_project(folder)) == []


def test_edited_proposals_are_warned_of_in_one_line(folder: Path, tmp_path: Path) -> None:
    nudge_first(folder, "p.tif")
    (warning,) = warnings_of(open_project(folder))
    assert warning.startswith("slides: 1 edited proposal of the annotation loop")
    assert "hookpath loop retrain" in warning
    other = texture_folder(tmp_path / "other", slides=2)
    # Both folders hold the same pictures, which is told as well.
    found = warnings_of(open_project(other), open_project(folder))
    assert [line for line in found if "same slide" not in line] == [warning]
