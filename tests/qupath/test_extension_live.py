"""Live in QuPath's own window: annotations are learned, and the overlay follows every stroke."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hookpath.models import load_model
from support.dark_slides import FIRST, SECOND, UNKNOWN, make_dark_project
from support.extension import installed_extension
from support.window_visits import pictures_folder, visit

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a visit to QuPath's window saw."""
    root = tmp_path_factory.mktemp("live µ")
    project = make_dark_project(root / "Projekt", (FIRST, SECOND, UNKNOWN), {})
    qupath = installed_extension(tmp_path_factory.mktemp("QuPath home"))
    out = pictures_folder("live", root / "out")
    return visit(
        qupath, "live_in_window.groovy", project, FIRST, out, 200,
        HOOKPATH_LIVE_OUT=str(out), HOOKPATH_CACHE=str(root / "cache"),
    )  # fmt: skip


def test_it_begins_with_nothing_and_says_what_it_waits_for(seen: dict[str, Any]) -> None:
    said = seen["said"]
    assert seen["objects"] == 0
    assert said["empty"] == "Live waits: draw an area and give it a class."
    assert said["classless"] == "Live waits: give what you drew a class."
    assert said["one"] == "Live waits: annotate a second class; only Dark is annotated."
    assert seen["overlayOfOne"] is False


def test_the_overlay_follows_every_stroke(seen: dict[str, Any]) -> None:
    strokes = {"two classes", "a third class", "reclassified", "erased", "swapped", "undone"}
    assert strokes <= seen["seconds"].keys()
    assert {"afar 2.0", "afar 4.0"} <= seen["seconds"].keys()


def test_nothing_is_written_but_the_model_that_was_asked_for(seen: dict[str, Any]) -> None:
    assert seen["changedByLive"] is False
    _, card = load_model(Path(seen["model"]))
    assert {c.name for c in card.classes} == {"Dark", "Pale"}
    assert card.training["split"]["train"] == [FIRST]
    assert "'no/name' cannot be the name" in seen["said"]["badName"]


def test_it_ends_with_the_image(seen: dict[str, Any]) -> None:
    assert seen["said"]["otherImage"] == "Live is off: another image was opened."


def test_a_lesson_that_failed_is_learned_with_the_next_one(seen: dict[str, Any]) -> None:
    assert seen["said"]["noScale"].startswith("Live could not learn from this. no scale.tif: ")


def test_it_ends_with_its_worker(seen: dict[str, Any]) -> None:
    assert seen["said"]["killed"].startswith("The preview's Python ended unexpectedly.")
