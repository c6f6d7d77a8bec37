"""Trained from a shell on images that only QuPath reads as it shows them; objects back in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from hookpath.cli.app import app
from support.multiplex import coded, write_strokes
from support.qupath import run_alone
from support.qupath_slides import dump_project
from support.slides import write_pyramid
from support.spots import DRAWN_SPOTS, HEIGHT, SPOTS, WIDTH, seen_centres, spotted
from support.training import LEARNS

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

Box = tuple[float, float, float, float]

#: x, y, width and height of what is cut out.
PART = (7, 5, 149, 87)
#: Where the corners of a box (x0, y0, x1, y1) of the file lie in the image as QuPath shows it.
FRAMES: dict[str, Callable[[float, float, float, float], Box]] = {
    "joined": lambda x0, y0, x1, y1: (x0, y0, x1, y1),
    "turned": lambda x0, y0, x1, y1: (HEIGHT - y1, x0, HEIGHT - y0, x1),
    "cut": lambda x0, y0, x1, y1: (x0 - PART[0], y0 - PART[1], x1 - PART[0], y1 - PART[1]),
}
SETTINGS = (*LEARNS, "model.spacings=[1.0]", "steps_per_epoch=32", "device=cpu", "workers=0")


def hookpath(*words: object) -> None:
    done = CliRunner().invoke(app, [str(w) for w in words])
    assert done.exit_code == 0, done.output


def middles(name: str) -> list[tuple[float, float]]:
    """Of the spots in an image as QuPath shows it, from left to right."""
    boxes = [FRAMES[name](x, y, x + w, y + h) for x, y, w, h in SPOTS]
    return sorted(((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in boxes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three images: channels of two files, a turned SVS, and a part of it."""
    root = tmp_path_factory.mktemp("teachers")
    for name, channels in (("spots.tif", spotted()), ("other.tif", coded(2, HEIGHT, WIDTH))):
        tifffile.imwrite(root / name, channels, imagej=True, metadata={"axes": "CYX"})
    colours = np.full((HEIGHT, WIDTH, 3), (216, 150, 190), np.uint8)
    for x, y, w, h in SPOTS:
        colours[y : y + h, x : x + w] = (70, 60, 140)
    write_pyramid(root / "spots.svs", colours, 1.0, levels=1, tile=64, aperio=True)
    drawn = []
    for name, moved in FRAMES.items():
        boxes = {label: [moved(*b) for b in found] for label, found in DRAWN_SPOTS.items()}
        drawn.append(write_strokes(root / f"{name}.geojson", boxes))
    part = ",".join(map(str, PART))
    run_alone("make_teachers.groovy", root, root / "Projekt µ", *drawn, part)
    return root / "Projekt µ"


@pytest.fixture(scope="module")
def seen(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every image as QuPath sees it when a model that learned from it alone has predicted it."""
    root = tmp_path_factory.mktemp("out")
    for name in FRAMES:
        only = root / f"{name}.csv"
        only.write_text(f"image,split\n{name},train\n", encoding="utf-8")
        settings = [*SETTINGS, f"validation.splits='{only}'"]
        settings += ['channels=["Channel 2"]'] if name == "joined" else []
        words = [f"--set={s}" for s in settings]
        hookpath("train", folder, "-m", "unet", "-o", root / name, *words)
        more = ("--no-tissue", "--min-area=30", f"--image={name}")
        model = root / name / "model"
        hookpath("predict", folder, "--model", model, "-o", root / "results" / name, *more)
    return {image["name"]: image for image in dump_project(folder)["images"]}


@pytest.mark.parametrize("name", FRAMES)
def test_objects_come_back_where_they_were_drawn(seen: dict[str, Any], name: str) -> None:
    found, wanted = seen_centres(seen[name]), middles(name)
    assert len(found) == len(wanted)
    assert np.abs(np.subtract(found, wanted)).max() < 1
