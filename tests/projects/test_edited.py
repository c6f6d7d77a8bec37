"""Proposals that somebody edited count as drawn; where a loop ran, that is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.loop.records import CONFIRMED_AREA_KEY, ROUND_KEY, STATE_KEY, WORTH_KEY
from hookpath.projects import count_edited, edited_in_loop, open_project, summarise
from hookpath.projects.edited import LOOP_KEYS
from support.edited import nudge_first, propose
from support.textures import texture_slide


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One slide with nothing drawn on it."""
    texture_slide(tmp_path / "a.tif", seed=0)
    return tmp_path


@pytest.mark.parametrize("key", [CONFIRMED_AREA_KEY, ROUND_KEY, STATE_KEY, WORTH_KEY])
def test_what_the_loop_writes_tells_that_it_ran(key: str) -> None:
    assert key.startswith(LOOP_KEYS)


def test_only_what_somebody_changed_is_edited(folder: Path) -> None:
    propose(folder, "a.tif")
    (image,) = summarise(open_project(folder))
    assert (image.edited, image.results, dict(image.annotated_mm2)) == (0, 2, {})
    nudge_first(folder, "a.tif")
    (image,) = summarise(open_project(folder))
    assert (image.edited, image.results, list(image.annotated_mm2)) == (1, 1, ["Dark"])


def test_edited_results_are_told_of_where_a_loop_ran(folder: Path) -> None:
    propose(folder, "a.tif", loop=False)
    nudge_first(folder, "a.tif")
    project = open_project(folder)
    assert count_edited(project.images[0].objects()) == 1
    assert edited_in_loop(project, 1) == ""
    project.images[0].set_metadata({STATE_KEY: "proposed"})
    assert edited_in_loop(open_project(folder), 0) == ""
    told = edited_in_loop(open_project(folder), 1)
    assert "1 edited proposal of the annotation loop" in told
    assert "hookpath loop retrain" in told
