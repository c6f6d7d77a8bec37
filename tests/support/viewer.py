"""A person who opens a slide of a folder in QuPath: imports both files, exports one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hookpath.annotations import PathObject, read_geojson, write_geojson
from hookpath.projects import FolderProject

Edit = Callable[[list[PathObject]], list[PathObject]]


def what_qupath_shows(slide: Path) -> list[PathObject]:
    """Objects of the drawing and of the predictions beside it, tags and all, each id once."""
    (entry,) = FolderProject(slide).images
    there = [p for p in (entry.annotation_file, entry.results_file) if p.is_file()]
    found: dict[str, PathObject] = {}
    for o in (o for path in there for o in read_geojson(path)):
        found.setdefault(o.id, o)
    return list(found.values())


def export_from_qupath(slide: Path, edit: Edit = lambda objects: objects) -> None:
    """Everything into the drawing's file, changed."""
    (entry,) = FolderProject(slide).images
    write_geojson(entry.annotation_file, edit(what_qupath_shows(slide)))
