"""Panels of the preview and of maps: a window or a tab of QuPath's pane, where they were last."""

from __future__ import annotations

from typing import Any

import pytest

from support.dark_slides import FIRST, SECOND, make_dark_project, save_dark_model
from support.extension import installed_extension
from support.window_visits import pictures_folder, visit

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(900)]

#: Texts that have a letter for Alt in a window.
NAMED = {"Live", "Model", "Browse…", "Turn off", "Show", "Hide below", "Opacity"}


def plain(text: str) -> str:
    """A text without the mark of its letter."""
    return text.replace("_", "", 1)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a visit to QuPath's window saw."""
    root = tmp_path_factory.mktemp("dock")
    project = make_dark_project(root / "Projekt", images=(FIRST, SECOND))
    model = save_dark_model(project.parent / "hookpath" / "models" / "dark or pale")
    qupath = installed_extension(tmp_path_factory.mktemp("QuPath home"))
    out = pictures_folder("dock", root / "out")
    return visit(
        qupath, "dock_in_window.groovy", project, FIRST, out, 800,
        HOOKPATH_DOCK_OUT=str(out), HOOKPATH_DOCK_MODEL=str(model),
        HOOKPATH_CACHE=str(root / "cache"),
    )  # fmt: skip


def test_it_goes_into_the_pane_and_back_while_it_runs(seen: dict[str, Any]) -> None:
    docked = seen["state"]["docked"]
    assert docked.pop("letters") == []  # Alt's are those of QuPath's menus there
    assert docked == {"running": True, "window": False, "selected": True, "kept": True}
    undocked = seen["state"]["undocked"]
    assert undocked["running"]
    assert {plain(text) for text in undocked["letters"]} >= NAMED


def test_every_button_and_named_field_has_a_letter_in_a_window(seen: dict[str, Any]) -> None:
    assert {plain(text) for text in seen["letters"]} >= {*NAMED, "Into the pane"}
    marks = [text[text.index("_") + 1].lower() for text in seen["letters"]]
    assert len(marks) == len(set(marks))


def test_it_opens_again_where_it_was(seen: dict[str, Any]) -> None:
    assert seen["state"]["again"] == {
        "docked": True, "window": False, "pane": True, "checked": True,
    }  # fmt: skip
    assert seen["state"]["uncheckedAfterOff"]
    assert seen["state"]["uncheckedAfterEscape"]


def test_escape_and_other_tabs_leave_it_running_in_the_pane(seen: dict[str, Any]) -> None:
    assert seen["state"]["escapeInPane"]
    assert seen["state"]["otherTab"]


def test_it_stays_when_the_project_closes(seen: dict[str, Any]) -> None:
    assert seen["state"]["withoutProject"] == {"docked": True, "text": "Turn on"}


def test_the_map_is_a_tab_or_a_window_as_the_preview_is(seen: dict[str, Any]) -> None:
    found = seen["map"]
    assert found["docked"] == {"overlay": True, "window": False, "letters": []}
    assert {plain(text) for text in found["letters"]} >= {"Map", "Hide", "Into the pane", "Show"}
    assert found["window"][0] <= 400
    assert found["uncertainty"]
    assert found["quPathKeepsItsSize"]
    assert found["narrow"][0] <= found["narrow"][1]  # as narrow as QuPath lets its pane be


def test_the_map_of_another_image_takes_over_behind_other_tabs(seen: dict[str, Any]) -> None:
    assert seen["map"]["otherImage"]


def test_objects_are_made_while_the_map_s_panel_moves_and_closes(seen: dict[str, Any]) -> None:
    assert seen["map"]["sameWhileMoved"]
    assert seen["map"]["afterwards"] == ["Dark", "Pale"]


def test_no_control_moves_under_the_mouse(seen: dict[str, Any]) -> None:
    assert {name: ids for name, ids in seen["moved"].items() if ids} == {}
    assert len(seen["moved"]) == 6


def test_it_is_small_and_its_texts_are_whole(seen: dict[str, Any]) -> None:
    assert {name: texts for name, texts in seen["clipped"].items() if texts} == {}
    width, height = seen["places"]["window"]
    assert width <= 380
    assert height <= 420
