"""Where a model and the person disagree, in QuPath's own window; Models… and Jobs… beside it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from support.dark_slides import DRAWN, FIRST, SECOND, make_dark_project, save_dark_model, square
from support.extension import installed_extension
from support.qupath import SCRIPTS, display
from support.window_visits import pictures_folder

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(900)]

#: Keep the pictures there, to be looked at.

#: Pale tissue that somebody called Dark.
WRONG = square(5, "Dark", 450, 600, 80)


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the windows showed after each step."""
    root = tmp_path_factory.mktemp("check")
    out = pictures_folder("check", root / "pictures")
    drawn = {**DRAWN, FIRST: [*DRAWN[FIRST], WRONG]}
    project = make_dark_project(root / "Projekt", (FIRST, SECOND), drawn)
    save_dark_model(project.parent / "hookpath" / "models" / "dark or pale")
    with display() as screen:
        qupath = installed_extension(root / "home", DISPLAY=screen, GSETTINGS_BACKEND="memory")
        environment = qupath.process_environment()
        environment["JAVA_TOOL_OPTIONS"] += (
            f' -Dprism.order=sw "-Dqupath.startup.script={SCRIPTS / "check_in_window.groovy"}"'
            f' "-Dhookpath.visit={out}"'
        )
        command = qupath.command("--quiet", "--project", project, "--image", SECOND)
        with (out / "log.txt").open("w", encoding="utf-8") as log:
            subprocess.run(
                command, env=environment, stdout=log, stderr=log, timeout=800, check=False
            )
    said = (out / "log.txt").read_text(encoding="utf-8", errors="replace")
    assert (out / "report.json").is_file(), said[-5000:]
    found: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert found["error"] is None, found
    steps: dict[str, Any] = found["steps"]
    return steps


def test_the_area_that_is_wrong_comes_first(steps: dict[str, Any]) -> None:
    rows = steps["found"]["rows"]
    assert len(rows) == 5
    image, drawn, predicted, right, loss, left_out, _, _, state = rows[0]
    assert (image, drawn, predicted, right, state) == (FIRST, "Dark", "Pale", 0.0, "")
    assert loss > 1
    assert left_out.startswith("Pale (")
    assert all(row[1] == row[2] and row[3] == 1.0 for row in rows[1:])


def test_the_viewer_goes_there(steps: dict[str, Any]) -> None:
    first = steps["first"]
    assert (first["image"], first["object"], first["type"]) == (FIRST, WRONG["id"], "Dark")
    assert first["centre"] == pytest.approx([490, 640], abs=1)


def test_what_was_corrected_or_found_right_is_marked(steps: dict[str, Any]) -> None:
    assert steps["corrected"][0][-1] == "changed"
    marked = steps["marked"]
    drawn = next(row[1] for row in marked["rows"] if row[-1] == "right as drawn")
    assert marked["metadata"]["hookpath.right"] == drawn
    assert marked["changed"]


def test_a_cell_of_the_matrix_shows_its_areas(steps: dict[str, Any]) -> None:
    cells = {(row, column): text for row, column, text, _ in steps["matrix"]}
    assert cells[2, 1] == "0%"
    assert cells[2, 2] == "100%"
    assert 0 < int(cells[1, 2][:-1]) < 50
    assert steps["cell"]["tab"] == 0
    assert [row[1:3] for row in steps["cell"]["rows"]] == [["Dark", "Pale"]]


def test_layers_are_of_every_class_and_go_with_the_window(steps: dict[str, Any]) -> None:
    assert steps["layers"] == [
        "Likeliest class", "Probability of Dark", "Probability of Pale", "Uncertainty",
    ]  # fmt: skip
    assert steps["closed"]["overlay"] is False
    assert steps["again"].startswith("As it was at the last check. 5 areas on 2 images")


def test_a_window_opens_where_it_was_closed(steps: dict[str, Any]) -> None:
    assert steps["beside"] > 0  # right of the middle at first: the slide is to be seen
    before, after = steps["place"]
    assert after == pytest.approx(before, abs=2)


def test_models_are_listed_and_enter_deletes_nothing(steps: dict[str, Any]) -> None:
    assert [row[0] for row in steps["models"]] == ["dark or pale"]
    assert steps["afterEnter"] == 1


def test_jobs_are_listed(steps: dict[str, Any]) -> None:
    assert len(steps["jobs"]) == 1
    assert steps["jobsButtons"] == {"cancel": True, "log": False}
