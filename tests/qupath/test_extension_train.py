"""A model trained inside QuPath from its annotations, then run; and which Python does it."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from shapely import get_coordinates

from support.dark_slides import DRAWN, FIRST, HEIGHT, SECOND, WIDTH, make_dark_project
from support.extension import InstalledExtension, installed_extension
from support.seen import Objects, ours, shape_of
from support.training import TINY, rows_of

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "Projekt"
    return make_dark_project(root, (FIRST, SECOND), DRAWN).parent


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of the project; its slides stay where they are."""
    return Path(shutil.copytree(made, tmp_path / "Kopie µ")) / "project.qpproj"


def test_a_model_is_trained_on_what_is_drawn_and_found_by_its_name(
    qupath: InstalledExtension, project: Path
) -> None:
    settings = tuple(f"set={one}" for one in TINY if not one.startswith("preset="))
    done = qupath.script(
        "train.groovy", project, FIRST, arguments=settings, name="mine", preset="fast"
    ).ok()
    run = project.parent / "hookpath" / "models" / "mine"
    said = re.search(r"model (.*mine.*), macro F1 (\S+)", done.out)
    assert said
    assert Path(said[1]).joinpath("model.json").is_file()
    assert len(rows_of(run)) == 3
    assert qupath.seen(project, FIRST)["steps"] == []

    taken = qupath.script("train.groovy", project, FIRST, name="mine", preset="fast")
    assert "mine" in taken.problem()

    qupath.script("run_on_image.groovy", project, SECOND, save=True, model="mine").ok()
    found = ours(qupath.seen(project, SECOND))
    assert {o["classification"] for o in found} <= {"Dark", "Pale"}
    assert found


#: Of a classifier of patches of 24 µm; what is annotated is 48 µm wide or more.
PATCHES = ("epochs=1", "steps_per_epoch=4", "batch_size=4", "backbone_weights=none")


def test_a_patch_classifier_is_trained_and_gives_every_square_one_class(
    qupath: InstalledExtension, project: Path
) -> None:
    settings = (*PATCHES, "model.input_size=48", "validation.max_patches=8")
    found = _trained_and_run(qupath, project, "classifier", settings)
    corners = get_coordinates([shape_of(o) for o in found])
    assert set(corners.ravel() % 48) <= {0, WIDTH % 48, HEIGHT % 48}


def test_two_stages_are_trained_and_predict_a_whole_slide(
    qupath: InstalledExtension, project: Path
) -> None:
    stages = tuple(f"stages.classifier.{one}" for one in PATCHES)
    settings = (*stages, "model.patch.input_size=48", "epochs=2", "steps_per_epoch=2")
    given = (*settings, "model.refine.size=64", "batch_size=2", "validation.fraction=0")
    found = _trained_and_run(qupath, project, "h2gnet", given)
    assert {o["classification"] for o in found} <= {"Dark", "Pale"}
    run = project.parent / "hookpath" / "models" / "h2gnet"
    assert (run / "stages" / "classifier" / "model").is_dir()


def _trained_and_run(
    qupath: InstalledExtension, project: Path, family: str, settings: tuple[str, ...]
) -> Objects:
    """What a family, trained in QuPath on 0.5 µm/px under its own name, finds on an image."""
    given = tuple(f"set={one}" for one in settings)
    qupath.script(
        "train.groovy", project, FIRST, arguments=given, preset="fast", model=family,
        spacings="0.5",
    ).ok()  # fmt: skip
    qupath.script("run_on_image.groovy", project, SECOND, save=True, model=family).ok()
    found = ours(qupath.seen(project, SECOND))
    assert found
    return found


def test_a_network_of_whole_slides_takes_no_spacings(
    qupath: InstalledExtension, project: Path
) -> None:
    problem = qupath.script("train.groovy", project, FIRST, model="unet-lr", spacings="1").problem()
    assert "unet-lr reads the whole slide" in problem


def test_nothing_to_learn_from_is_said(qupath: InstalledExtension, tmp_path: Path) -> None:
    bare = make_dark_project(tmp_path / "bare", (SECOND,), {})
    problem = qupath.script("train.groovy", bare, SECOND, preset="fast").problem()
    assert "annotat" in problem or "drawn" in problem
    assert "class" in problem


def test_a_python_that_was_chosen_is_used_from_then_on(tmp_path: Path, project: Path) -> None:
    qupath = installed_extension(tmp_path / "home", HOOKPATH_PYTHON="", PATH="/usr/bin:/bin")
    done = qupath.script("set_up_python.groovy", python=sys.executable).ok()
    assert f"Python in use from now on: {sys.executable}" in done.out
    wrong = qupath.script("set_up_python.groovy", python=tmp_path / "no python")
    assert "is not there" in wrong.problem()
    empty = tmp_path / "wheels"
    empty.mkdir()
    wrong = qupath.script("set_up_python.groovy", wheels=empty, offline="true")
    assert wrong.problem()
    # A job starts with the one that works: its own complaint is about the model.
    complaint = qupath.script("run_on_image.groovy", project, FIRST, model=empty).problem()
    assert "model.json" in complaint or "no model" in complaint


def test_a_map_needs_a_window(qupath: InstalledExtension, tmp_path: Path, project: Path) -> None:
    problem = qupath.script(
        "show_probability_map.groovy", project, FIRST, map=tmp_path / "probabilities.tif"
    ).problem()
    assert "window" in problem
