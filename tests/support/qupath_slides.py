"""Slides for the project that ``tests/qupath/make_project.groovy`` makes, and the project."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from support.qupath import run_alone
from support.slides import write_pyramid, write_scn
from support.textures import texture_image

SLIDES = "Präparate µ"
#: Corner of what was scanned, and size of the canvas around it.
CORNER, CANVAS = (516, 260), (1024, 768)


def make_slides(folder: Path) -> Path:
    """Textures of two halves under every name that the maker asks for."""
    import tifffile

    folder.mkdir(parents=True)
    names = ["Gewebe 1 (größer) ß", "Gewebe 2", "TMA", "fehlt", "zieht um"]
    for seed, name in enumerate(names):
        write_pyramid(folder / f"{name}.tif", texture_image(seed), 1.0, levels=2, tile=128)
    write_pyramid(folder / "ohne µm.tif", texture_image(10), None, levels=2, tile=128)
    write_pyramid(folder / "falsche µm.tif", texture_image(11), 0.5, levels=2, tile=128)
    write_pyramid(folder / "flach.tif", texture_image(12), 1.0, levels=1, tile=128)
    write_scn(folder / "scan.scn", texture_image(13), 1.0, CORNER, CANVAS)
    planes = np.stack([texture_image(20 + z)[..., 0] for z in range(3)])
    tifffile.imwrite(folder / "Stapel.tif", planes, imagej=True, metadata={"axes": "ZYX"})
    channels = planes.astype(np.uint16) * 100
    tifffile.imwrite(folder / "Kanäle.tif", channels, imagej=True, metadata={"axes": "CYX"})
    return folder


def make_project(root: Path) -> Path:
    """Makes ``root/Präparate µ/*`` and the project; gives the project's folder."""
    project = root / "Projekt 50 % µ"
    run_alone("make_project.groovy", make_slides(root / SLIDES), project)
    return project


def dump_project(project: Path) -> dict[str, Any]:
    """Every image of a project as QuPath itself reads it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "seen.json"
        run_alone("dump_project.groovy", project / "project.qpproj", out)
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found
