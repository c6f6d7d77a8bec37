"""A plain training learns of a changed proposal what the annotation loop would: the stroke."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.projects import open_project
from hookpath.training import TrainConfig
from hookpath.training.data.training_data import TrainingData, gather
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


def gathered(folder: Path) -> tuple[TrainingData, list[str]]:
    recorder = Recorder()
    data = gather([open_project(folder)], TrainConfig.load(overrides=TINY), recorder)
    return data, recorder.warnings


def learned_l0(data: TrainingData, name: str) -> float:
    """Labelled area of a slide, px²."""
    sources = [s for s in (*data.train, *data.val) if s.name == name]
    return sum(sum(s.labels.report.area_l0.values()) for s in sources)


def test_untouched_proposals_are_not_learned_and_not_warned_of(folder: Path) -> None:
    data, warnings = gathered(folder)
    assert learned_l0(data, "p.tif") == 0
    assert warnings == []


def test_of_an_edited_proposal_the_stroke_is_learned(folder: Path) -> None:
    nudge_first(folder, "p.tif")
    data, (warning,) = gathered(folder)
    assert learned_l0(data, "p.tif") == pytest.approx(9 * 40)
    assert warning.startswith("p.tif: Dark: 1 annotation, 0.0064 mm², not used: a changed pred")


def test_of_an_edited_prediction_that_no_loop_remembers_nothing_is_learned(tmp_path: Path) -> None:
    folder = texture_folder(tmp_path / "slides", slides=2)
    texture_slide(folder / "p.tif", seed=9)
    propose(folder, "p.tif", loop=False)
    nudge_first(folder, "p.tif")
    data, warnings = gathered(folder)
    assert learned_l0(data, "p.tif") == 0
    assert any("nobody confirmed" in line for line in warnings)
