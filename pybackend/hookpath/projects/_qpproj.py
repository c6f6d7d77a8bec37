"""A QuPath project's JSON files: everything but the objects, without a JVM and without writing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hookpath.annotations.objects import PathClass
from hookpath.errors import ProjectError, WriteRefusedError
from hookpath.projects._backups import Backups
from hookpath.projects._files import changing, write_json
from hookpath.projects.changes import Metadata, take_over
from hookpath.untrusted import read_json


def read_project(path: Path) -> dict[str, Any]:
    """Content of a ``project.qpproj``.

    Raises:
        ProjectError: missing, unreadable, or not a QuPath project.
    """
    try:
        content: dict[str, Any] = read_json(path)
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path}: cannot be read as a QuPath project ({error}); QuPath keeps the version "
            "before in project.qpproj.backup"
        ) from error
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list) or not all(isinstance(i, dict) for i in images):
        raise ProjectError(f"{path}: is JSON, but not a QuPath project (no list of images)")
    return content


def read_classes(path: Path) -> tuple[PathClass, ...]:
    """The project's class list with colours (``classifiers/classes.json``); may be missing."""
    listed = _class_list(path)
    return tuple(
        PathClass(str(c["name"]), _rgb(c.get("color")))
        for c in listed
        if isinstance(c, dict) and c.get("name")
    )


def add_missing_classes(path: Path, classes: Iterable[PathClass], backups: Backups) -> None:
    """Append classes that the list lacks; those there keep their colour and order.

    A project without a list stays without: QuPath would show ours instead of its default one.
    """
    used = list(classes)
    if not _missing(path, used):
        return
    with changing(path, path.parent.parent.name):
        added = [{"name": c.name, "color": packed(c)} for c in _missing(path, used)]
        backups.make(path)
        write_json(path, {**_class_file(path), "pathClasses": [*_class_list(path), *added]})


def _missing(path: Path, classes: Iterable[PathClass]) -> list[PathClass]:
    """Those that a project's list lacks, each once; none where there is no list."""
    known = {c.name for c in read_classes(path)}
    missing = {c.name: c for c in classes if c.name not in known}
    return list(missing.values()) if _class_list(path) else []


def packed(path_class: PathClass) -> int:
    """Colour as Java's signed ARGB integer (QuPath's grey where there is none)."""
    red, green, blue = path_class.color or (64, 64, 64)
    return ((255 << 24) | (red << 16) | (green << 8) | blue) - (1 << 32)


def put_metadata(project_file: Path, changed: Metadata, backups: Backups) -> None:
    """Change metadata of images in the project file as it is on disk now, in one write.

    Raises:
        WriteRefusedError: an image is no longer there; the others have been written.
        ProjectError: the file cannot be read or written.
    """
    if _merge(read_project(project_file), changed):
        with changing(project_file, project_file.resolve().parent.name):
            content = read_project(project_file)
            _merge(content, changed)
            backups.make(project_file)
            write_json(project_file, content)
    there = {str(record.get("entryID")) for record in read_project(project_file)["images"]}
    if gone := [key for key in changed if key not in there]:
        raise WriteRefusedError(
            f"image {gone[0]} is no longer in {project_file}, so its metadata was not set; "
            "run again"
        )


def _merge(content: dict[str, Any], changed: Metadata) -> bool:
    """Take metadata over into a project's records; whether anything changed."""
    found = ((r, changed.get(str(r.get("entryID")))) for r in content["images"])
    return sum(take_over(record, values) for record, values in found if values is not None) > 0


def _class_file(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ProjectError(f"{path}: not readable as a class list ({error})") from error
    return content if isinstance(content, dict) else {}


def _class_list(path: Path) -> list[Any]:
    listed = _class_file(path).get("pathClasses")
    return listed if isinstance(listed, list) else []


def _rgb(value: Any) -> tuple[int, int, int] | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return (value >> 16) & 255, (value >> 8) & 255, value & 255
