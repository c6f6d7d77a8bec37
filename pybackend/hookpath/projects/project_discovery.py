"""Projects below a folder, whatever its shape."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hookpath.projects.folder_store.folder_project import is_slide_file
from hookpath.slides.slides_in_folder import is_ome_zarr

#: Folders are looked into so far below the one that is named.
DEPTH = 6

#: Files by which a folder is known as something of ours, whose pictures are no slides.
_OURS = ("run.json", "model.json", "prediction.json", "report.json", "patches.csv", "loop.json")

#: Small pictures do not make a folder one of slides: thumbnails, figures.
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".pgm", ".ppm", ".pnm")


def projects_below(folder: Path) -> list[Path]:
    """QuPath projects and folders of slides below a folder, sorted; nothing inside a project.

    Hidden folders, results of hookpath and folders with nothing but pictures are passed over.
    """
    return sorted(_below(folder))


def label_below(folder: Path, found: Path) -> str:
    """What a project that was found is called there: its path below the folder."""
    place = found.parent if found.name == "project.qpproj" else found
    return place.relative_to(folder).as_posix() if place != folder else found.stem


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        zarrs = [f for f in folders if is_ome_zarr(here / f)]
        folders[:] = [f for f in folders if f not in zarrs]
        projects = [here / f for f in files if f.lower().endswith(".qpproj")]
        ours = any(name in files for name in _OURS)
        named = [p for p in projects if p.name == "project.qpproj"]
        # QuPath calls it so, and all below is that project's; a loose file owns nothing.
        if named or ours or len(here.relative_to(folder).parts) >= DEPTH:
            folders.clear()
        yield from named or projects
        if not named and not ours and any(_may_be_slide(here / f) for f in (*files, *zarrs)):
            yield here


def _may_be_slide(path: Path) -> bool:
    return is_slide_file(path) and path.suffix.lower() not in _PICTURES
