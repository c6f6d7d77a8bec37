"""Slides are asked what suits them, and training goes by the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from hookpath.annotations import read_geojson, write_geojson
from hookpath.cli.app import app
from hookpath.projects import open_project
from hookpath.suggestion import Suggestion, suggest
from hookpath.training import TrainConfig, given_settings
from support.textures import texture_folder

Hookpath = Callable[..., Any]


@pytest.fixture
def hookpath() -> Hookpath:
    """``hookpath("suggest", folder)``."""

    def run(*args: object) -> Any:
        done = CliRunner().invoke(app, [str(a) for a in args])
        return SimpleNamespace(code=done.exit_code, out=done.stdout, err=done.stderr)

    return run


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Features are made once for all that is asked here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOOKPATH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texture_folder(tmp_path_factory.mktemp("project") / "slides", slides=3)


@pytest.fixture(scope="module")
def found(folder: Path) -> Suggestion:
    return suggest([open_project(folder)], device="cpu")


def test_every_slide_is_left_out_once(found: Suggestion) -> None:
    assert len(found.slides) == 3
    assert all(set(j.by_fold) <= {0, 1, 2} for j in found.judged)
    assert found.judged[0].views.spacings == (1.0,)


def test_textures_are_told_apart_by_the_finest_view(found: Suggestion) -> None:
    fine = found.judged[0]
    assert fine.macro_f1 > 0.9
    assert found.chosen.views.spacings[0] == 1.0
    assert found.chosen.macro_f1 >= fine.macro_f1


def test_run_toml_is_a_configuration(found: Suggestion, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(found.toml(), encoding="utf-8")
    config = TrainConfig.load(path)
    assert (config.preset, config.family) == ("auto", found.settings["family"])
    assert config.model["spacings"] == found.settings["model.spacings"]
    assert given_settings(path, ["epochs=2"]) == {"preset", "family", "model.spacings", "epochs"}


def test_the_command_prints_a_row_for_every_view_and_writes_the_file(
    hookpath: Hookpath, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run.toml"
    done = hookpath("suggest", folder, "-o", out, "--device", "cpu")
    assert done.code == 0, done.err
    assert done.out.count("µm/px") >= 8
    assert "draw next" in done.out
    assert TrainConfig.load(out).preset == "auto"


def test_training_takes_the_views_that_suit_unless_they_are_given(
    hookpath: Hookpath, folder: Path, tmp_path: Path
) -> None:
    quick = ("--set=epochs=1", "--set=steps_per_epoch=1", "--set=batch_size=2", "--set=device=cpu")
    asked = hookpath("train", folder, "-o", tmp_path / "a", *quick)
    assert asked.code == 0, asked.err
    assert "on strokes left out" in asked.err
    given = hookpath(
        "train", folder, "-o", tmp_path / "b", "--set=model.spacings=[2.0, 4.0]", *quick
    )
    assert given.code == 0, given.err
    assert "on strokes left out" not in given.err
    record = json.loads((tmp_path / "b" / "run.json").read_text())
    assert record["config"]["model"]["spacings"] == [2.0, 4.0]


def test_what_cannot_be_compared_is_trained_as_usual(hookpath: Hookpath, tmp_path: Path) -> None:
    folder = texture_folder(tmp_path / "slides", slides=1)
    (path,) = folder.glob("*.geojson")
    objects = read_geojson(path)
    firsts = {o.path_class: o for o in reversed(objects) if o.path_class}
    write_geojson(path, list(firsts.values()))
    done = hookpath("suggest", folder, "--device", "cpu")
    assert done.code == 1
    assert "draw every class on two slides or at two places" in done.err
