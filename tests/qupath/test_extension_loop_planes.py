"""The annotation loop's window on z-stacks that are annotated on their first plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from support.dark_slides import square
from support.extension import installed_extension
from support.projects import add_features, set_classes
from support.training import TINY
from support.window_visits import pictures_folder, visit

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(900)]

ANNOTATED, OTHER = "annotated", "other"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a visit to QuPath's window saw."""
    root = tmp_path_factory.mktemp("planes")
    qupath = installed_extension(tmp_path_factory.mktemp("QuPath home"))
    out = pictures_folder("loop-planes", root / "out")
    settings = "; ".join(one for one in TINY if not one.startswith("preset="))
    return visit(
        qupath, "loop_planes_in_window.groovy", _project(root), ANNOTATED, out, 800,
        HOOKPATH_PLANES_OUT=str(out), HOOKPATH_PLANES_SETTINGS=settings,
        HOOKPATH_CACHE=str(root / "cache"),
    )  # fmt: skip


def _project(root: Path) -> Path:
    """Two stacks of three planes, bright on the left; the first plane of one is annotated."""
    from paquo.images import QuPathImageType
    from paquo.projects import QuPathProject as PaquoProject

    from hookpath.projects.qupath_store.paquo_bridge import _java

    java = _java()
    file = root / "Projekt" / "project.qpproj"
    pixels = np.random.default_rng(0).integers(900, 1101, (3, 1, 256, 256)).astype(np.uint16)
    pixels[..., :128] += 8000
    with PaquoProject(file, mode="x") as project:
        for name in (ANNOTATED, OTHER):
            path = root / f"{name}.tif"
            # As ImageJ does it, which every QuPath reads.
            tifffile.imwrite(
                path,
                pixels,
                imagej=True,
                resolution=(1, 1),
                metadata={"axes": "ZCYX", "unit": "um"},
            )
            entry = project.add_image(path, image_type=QuPathImageType.FLUORESCENCE)
            entry.image_name = name
            if name == ANNOTATED:
                drawn = [square(1, "Bright", 10, 10, 100), square(2, "Dim", 140, 10, 100)]
                add_features(java, entry, drawn)
        set_classes(project, [("Bright", (200, 0, 0)), ("Dim", (0, 0, 200))])
        project.save()
    return file


def test_the_planes_that_are_annotated_are_the_loop_s(seen: dict[str, Any]) -> None:
    assert seen["opened"] == 1  # QuPath opens stacks in the middle
    assert seen["chosen"] == "0"
    assert seen["states"]["start"] == {
        f"{ANNOTATED} (z 0, t 0)": "CORRECTED", f"{OTHER} (z 0, t 0)": "TODO",
    }  # fmt: skip


def test_the_next_image_opens_on_the_plane_that_was_proposed_on(seen: dict[str, Any]) -> None:
    assert seen["planes"]["next"] == {"shown": [0, 0], "proposed": [0]}
    assert f"{OTHER} (z 0, t 0)" in seen["said"]["next"]


def test_what_is_shown_is_what_is_confirmed(seen: dict[str, Any]) -> None:
    assert f"{OTHER} (z 0, t 0)" in seen["question"]
    assert seen["states"]["confirm"][f"{OTHER} (z 0, t 0)"] == "CORRECTED"


def test_a_plane_that_is_not_in_the_loop_cannot_be_confirmed(seen: dict[str, Any]) -> None:
    assert seen["confirm"] == {
        "start": False, "propose": False, "next": True, "another plane": False, "confirm": True,
    }  # fmt: skip
