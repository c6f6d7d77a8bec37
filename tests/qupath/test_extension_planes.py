"""A z-stack in QuPath's own window: planes are chosen, results and overlays lie on theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from hookpath.annotations import ClassTable, PathClass
from hookpath.models import ModelCard, save_model
from support.extension import installed_extension
from support.networks import red_network
from support.window_visits import pictures_folder, visit

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

CLASSES = ClassTable((PathClass("Dim", (0, 0, 200)), PathClass("Bright", (200, 0, 0))))
#: Left edge of what is bright on each plane along z; all 40 px wide.
BRIGHT = {0: 180, 1: None, 2: 40}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a visit to QuPath's window saw."""
    root = tmp_path_factory.mktemp("stack µ")
    project = _project(root)
    qupath = installed_extension(tmp_path_factory.mktemp("QuPath home"))
    out = pictures_folder("stack", root / "out")
    return visit(
        qupath, "stack_in_window.groovy", project, "stack", out, 400,
        HOOKPATH_STACK_OUT=str(out), HOOKPATH_CACHE=str(root / "cache"),
    )  # fmt: skip


def _project(root: Path) -> Path:
    """A project of the stack, and a model that says Bright where it is bright."""
    from paquo.images import QuPathImageType
    from paquo.projects import QuPathProject as PaquoProject

    pixels = np.random.default_rng(0).integers(900, 1101, (3, 2, 192, 256)).astype(np.uint16)
    for z, x in BRIGHT.items():
        if x is not None:
            pixels[z, 0, 40:80, x : x + 40] = 9000
    path = root / "stack.tif"
    # As ImageJ does it, which every QuPath reads.
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "ZCYX"})
    file = root / "Projekt" / "project.qpproj"
    with PaquoProject(file, mode="x") as project:
        entry = project.add_image(path, image_type=QuPathImageType.FLUORESCENCE)
        entry.image_name = "stack"
        project.save()
    model = red_network(in_channels=1)
    norm = {"scale": 1 / 255, "channels": [{"name": "Channel 1", "low": 300, "high": 9300}]}
    card = ModelCard.describe(model, CLASSES, normalisation=norm)
    save_model(file.parent / "hookpath" / "models" / "bright or dim", model, card)
    return file


def test_the_plane_in_the_viewer_is_offered_first(seen: dict[str, Any]) -> None:
    assert seen["offered"]
    assert seen["which"] == "z 2"
    assert seen["results"]["shown"] == [[2, 60]]
    assert seen["said"]["shown"].endswith("(z 2).")


def test_another_plane_leaves_the_results_on_the_first(seen: dict[str, Any]) -> None:
    assert seen["why"]["wrong"] == (
        "z: write planes as QuPath counts them, from 0 to 2, as in 3 or 0,2-4."
    )
    assert seen["results"]["some"] == [[0, 200], [2, 60]]
    assert seen["said"]["some"].endswith("(z 0).")
    assert seen["results"]["all"] == [[0, 200], [2, 60]]
    assert seen["said"]["all"].endswith("(z 0-2).")


def test_of_all_planes_those_with_areas_to_predict_in_are_predicted(seen: dict[str, Any]) -> None:
    assert seen["said"]["inside"].endswith("(z 2).")
    assert [2, 60] in seen["results"]["inside"]


def test_a_map_is_shown_on_its_plane_only(seen: dict[str, Any]) -> None:
    assert seen["mapElsewhere"] is None


def test_live_learns_on_every_plane_and_shows_the_one_in_the_viewer(seen: dict[str, Any]) -> None:
    assert seen["shown"]["two"].endswith("(z 2, t 0)")
    assert seen["shown"]["zero"].endswith("(z 0, t 0)")


def test_a_folder_of_predictions_is_imported_with_all_its_planes(seen: dict[str, Any]) -> None:
    assert seen["results"]["imported"] == seen["results"]["all"]
    (added, before), again = seen["imported"]
    assert added > 2
    assert before == 0
    assert again == [added, added]


def test_train_counts_plane_by_plane_and_says_which(seen: dict[str, Any]) -> None:
    assert seen["drawn"]["px"] == pytest.approx({"Bright": 40 * 40, "Dim": 60 * 40 + 30 * 40})
    assert seen["drawn"]["planes"] == "z 0,2"
    assert seen["cell"] == "stack (on z 0,2)"
