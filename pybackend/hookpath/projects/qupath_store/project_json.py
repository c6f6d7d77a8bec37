"""A QuPath project's JSON files: everything but the objects, without a JVM and without writing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hookpath.annotations.class_names import plain_class_name
from hookpath.annotations.objects import PathClass
from hookpath.errors import ProjectError, WriteRefusedError
from hookpath.projects.backups import Backups
from hookpath.projects.project_changes import Metadata, take_over
from hookpath.projects.stamped_json_files import changing, write_json
from hookpath.untrusted_files import read_json, reason


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Project(_Part):
    """One image that is not as it should be must not cost the others: see `refuse_other_image`."""

    version: str | None = None
    uri: str | None = None
    images: list[dict[str, Any]]


class _Side(_Part):
    value: Any = None
    unit: str | None = None


class _Calibration(_Part):
    width: _Side | None = Field(default=None, alias="pixelWidth")
    height: _Side | None = Field(default=None, alias="pixelHeight")


class _ServerMetadata(_Part):
    width: int = Field(default=0, ge=0)
    height: int = Field(default=0, ge=0)
    planes: int = Field(default=1, alias="sizeZ")
    times: int = Field(default=1, alias="sizeT")
    is_rgb: bool = Field(default=True, alias="isRGB")
    channels: list[Any] | None = None
    pixel_type: str | None = Field(default=None, alias="pixelType")
    calibration: _Calibration | None = Field(default=None, alias="pixelCalibration")


class _Server(_Part):
    kind: str | None = Field(default=None, alias="builderType")
    provider: str | None = Field(default=None, alias="providerClassName")
    uri: str | None = None
    args: list[Any] | None = None
    metadata: _ServerMetadata | None = None
    builder: _Server | None = None


class _Image(_Part):
    id: int | str = Field(alias="entryID")
    name: str | None = Field(default=None, alias="imageName")
    metadata: dict[str, Any] | None = None
    server: _Server | None = Field(default=None, alias="serverBuilder")


class _Class(_Part):
    name: str | None = None
    color: int | None = None


class _Classes(_Part):
    listed: list[_Class] | None = Field(default=None, alias="pathClasses")


def read_project(path: Path) -> dict[str, Any]:
    """Content of a ``project.qpproj``.

    Raises:
        ProjectError: missing, unreadable, or not a QuPath project.
    """
    try:
        content: dict[str, Any] = read_json(path)
        _Project.model_validate(content)
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path}: cannot be read as a QuPath project ({reason(error)}); QuPath keeps the "
            "version before in project.qpproj.backup"
        ) from error
    return content


def refuse_other_image(record: dict[str, Any], path: Path, image: str) -> None:
    """Raise `ProjectError` unless the record of an image is as QuPath writes it."""
    try:
        _Image.model_validate(record)
    except ValueError as error:
        raise ProjectError(
            f"{image}: not as QuPath writes it in {path} ({reason(error)}); repair it, or remove "
            "the image from the project and add it again"
        ) from error


def read_classes(path: Path) -> tuple[PathClass, ...]:
    """The project's class list with colours (``classifiers/classes.json``); may be missing."""
    listed = _class_list(path)
    return tuple(PathClass(c["name"], _rgb(c.get("color"))) for c in listed if c.get("name"))


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
    known = {plain_class_name(c.name) for c in read_classes(path)}
    missing = {c.name: c for c in classes if plain_class_name(c.name) not in known}
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
        content: dict[str, Any] = read_json(path)
        _Classes.model_validate(content)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path}: not readable as a class list ({reason(error)}); repair it, or remove it and "
            "set the classes in QuPath again"
        ) from error
    return content


def _class_list(path: Path) -> list[Any]:
    return _class_file(path).get("pathClasses") or []


def _rgb(value: Any) -> tuple[int, int, int] | None:
    if value is None:
        return None
    return (value >> 16) & 255, (value >> 8) & 255, value & 255
