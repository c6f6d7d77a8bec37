"""One experiment in a folder; contestants may be added to it, none may change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hookpath.errors import UsageError
from hookpath.experiments import Contestant, Design, Options
from hookpath.experiments.experiment_folder import RECORD_NAME, claim
from hookpath.projects import open_project
from support.slides import position_image, write_pyramid

ONE, TWO = Contestant("one", {"trees": 3}), Contestant("two")
DESIGN = Design("mine", "", (ONE,))


def test_a_contestant_may_be_added_and_left_out_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    claim(out, DESIGN, None, Options())
    claim(out, replace(DESIGN, contestants=(ONE, TWO)), None, Options())
    claim(out, replace(DESIGN, contestants=(TWO,)), None, Options())
    kept = json.loads((out / RECORD_NAME).read_text())
    assert kept["contestants"] == {"one": {"trees": 3}, "two": {}}


@pytest.mark.parametrize(
    ("design", "options"),
    [
        (replace(DESIGN, contestants=(replace(ONE, settings={"trees": 4}),)), Options()),
        (replace(DESIGN, name="other"), Options()),
        (DESIGN, Options(seeds=(0, 1))),
        (DESIGN, Options(budget_s=60.0)),
        (DESIGN, Options(by="patient")),
        (DESIGN, Options(overrides=("epochs=3",))),
    ],
)
def test_what_would_change_metrics_needs_another_folder(
    design: Design, options: Options, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    claim(out, DESIGN, None, Options())
    before = (out / RECORD_NAME).read_text()
    with pytest.raises(UsageError, match="holds another experiment"):
        claim(out, design, None, options)
    assert (out / RECORD_NAME).read_text() == before


def test_a_damaged_record_is_another_s_folder(tmp_path: Path) -> None:
    (tmp_path / RECORD_NAME).write_text("{")
    with pytest.raises(UsageError, match="holds another experiment"):
        claim(tmp_path, DESIGN, None, Options())


def test_other_slides_under_the_same_names_are_another_experiment(tmp_path: Path) -> None:
    slides = tmp_path / "slides"
    slides.mkdir()
    write_pyramid(slides / "a.tif", position_image(64, 64), 1.0)
    out = tmp_path / "out"
    claim(out, DESIGN, open_project(slides), Options())
    claim(out, DESIGN, open_project(slides), Options())
    with pytest.raises(UsageError, match="holds another experiment"):
        claim(out, DESIGN, open_project(slides, override_mpp=0.5), Options())
    write_pyramid(slides / "a.tif", position_image(64, 64)[::-1], 1.0)
    with pytest.raises(UsageError, match="holds another experiment"):
        claim(out, DESIGN, open_project(slides), Options())
