"""QuPath's own code, run by Paquo in this process: reading and writing ``data.qpdata``.

Nothing here opens a project through QuPath: loading one rewrites ``server.json`` files and makes
folders, and reading must not write.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hookpath import jvm
from hookpath.annotations.objects import PathClass
from hookpath.errors import ProjectError
from hookpath.jvm import NoQuPathError, java_says, qupath_running
from hookpath.jvm.qupath_installation import version_key
from hookpath.projects.qupath_store.geometry_repair import as_drawn, keep_outlines, misread_outlines
from hookpath.projects.qupath_store.object_columns import Columns
from hookpath.projects.qupath_store.object_ownership_java import marks_of, tagged_objects
from hookpath.projects.qupath_store.project_json import packed

#: Oldest QuPath whose data files can be written without opening the slide.
OLDEST_FOR_WRITING = (0, 6)

# Objects handed to QuPath's GeoJSON reader at a time: it holds the whole text as a tree.
_CHUNK = 2000

# What QuPath ends a data file with (0.2.0 to 0.7.0): the serialised string "EOF".
_LAST_BYTES = b"t\x00\x03EOF"

Feature = Mapping[str, Any]


def _java() -> Any:
    """Paquo's table of Java classes.

    Raises:
        ProjectError: Paquo or QuPath is missing, or the JVM does not start.
    """
    try:
        return jvm.java()
    except NoQuPathError as error:
        raise ProjectError(
            f"{error} (objects of a QuPath project are read by QuPath's own code; or export the "
            "annotations as GeoJSON beside the slides)"
        ) from error


def require_qupath(for_project: str | None, writing: bool, image: str) -> None:
    """Refuse what the QuPath found here cannot do without losing data.

    Raises:
        ProjectError: no QuPath, one too old to write, or one older than the project.
    """
    _java()
    home, ours = qupath_running()
    if not writing or not ours:
        return
    if version_key(ours) < OLDEST_FOR_WRITING:
        raise ProjectError(f"{image}: writing needs QuPath 0.6 or newer, not {ours} in {home}")
    if for_project and version_key(for_project) > version_key(ours):
        raise ProjectError(
            f"{image}: the project was saved by QuPath {for_project}, {home} is {ours}; "
            "point PAQUO_QUPATH_DIR to the newer QuPath"
        )


@contextmanager
def _java_errors(what: str) -> Iterator[None]:
    import jpype

    try:
        yield
    except jpype.JException as error:
        raise ProjectError(f"{what}: QuPath says {java_says(error)}") from error


@cache
def _known_classes() -> Any:
    """QuPath's own table of classes; None: this QuPath has none of that name."""
    for field in _java().PathClass.class_.getDeclaredFields():
        if str(field.getName()) == "existingClasses":
            field.setAccessible(True)
            return field.get(None)
    return None


def _with_colours(java: Any, classes: Sequence[PathClass]) -> None:
    """Start from this project's colours: QuPath keeps one colour per class name and process."""
    if (known := _known_classes()) is not None:
        known.clear()
    for c in classes:
        made = java.PathClass.fromString(java.String(c.name), java.Integer(packed(c)))
        made.setColor(java.Integer(packed(c)))


def read_features(data: Path, classes: Sequence[PathClass], image: str) -> list[Feature]:
    """All objects of a data file as GeoJSON features; none where there is no file."""
    if not data.is_file():
        return []
    _refuse_incomplete(data, image)
    java = _java()
    _with_colours(java, classes)
    with _java_errors(f"{image}: cannot read {data}"):
        hierarchy = java.PathIO.readHierarchy(java.File(str(data)).toPath())
        return _features(java, hierarchy.getAllObjects(False))


def _refuse_incomplete(data: Path, image: str) -> None:
    """QuPath itself would read a truncated file for ever."""
    with data.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - len(_LAST_BYTES)))
        complete = file.read() == _LAST_BYTES
    if not complete:
        raise ProjectError(
            f"{image}: {data} is incomplete or no data file of QuPath; copies in the same folder "
            "(*.bak, *.bkp) hold what was there before: put the newest in its place"
        )


def _features(java: Any, objects: Any) -> list[Feature]:
    stream = java.ByteArrayOutputStream()
    java.PathIO.exportObjectsAsGeoJSON(stream, objects, _as_collection())
    found: list[Feature] = json.loads(bytes(stream.toByteArray()))["features"]
    rings = misread_outlines(java, objects)
    return [as_drawn(f, rings[f["id"]]) if f["id"] in rings else f for f in found]


@cache
def _as_collection() -> Any:
    """QuPath's option to export a feature collection."""
    return _java().JClass("qupath.lib.io.PathIO$GeoJsonExportOptions").FEATURE_COLLECTION


class DataFile:
    """One ``data.qpdata``, loaded to be changed and written elsewhere (never in place)."""

    def __init__(
        self, data: Path, server: Mapping[str, Any], classes: Sequence[PathClass], image: str
    ) -> None:
        self._image = image
        self._java = _java()
        _with_colours(self._java, classes)
        with _java_errors(f"{image}: cannot read {data}"):
            builder = self._server_builder(server)
            self._image_data = self._load(data, builder)
        self._hierarchy = self._image_data.getHierarchy()

    def _server_builder(self, server: Mapping[str, Any]) -> Any:
        text = self._java.String(json.dumps(server, ensure_ascii=False))
        kind = self._java.JClass("qupath.lib.images.servers.ImageServerBuilder$ServerBuilder")
        return self._java.GsonTools.getInstance().fromJson(text, kind.class_)

    def _load(self, data: Path, builder: Any) -> Any:
        java = self._java
        if data.is_file():
            _refuse_incomplete(data, self._image)
        else:
            return java.ImageData(builder, java.PathObjectHierarchy(), java.ImageType.UNSET)
        found = java.PathIO.readImageData(java.File(str(data)).toPath(), builder)
        # Reading enters the image type into the history once more, before what is there.
        fresh = java.ImageData(builder, java.PathObjectHierarchy(), found.getImageType())
        history = found.getHistoryWorkflow()
        entered = fresh.getHistoryWorkflow().size()
        steps = java.ArrayList(history.getSteps().subList(entered, history.size()))
        history.clear()
        history.addSteps(steps)
        return found

    def ours(self, run: str | None) -> set[str]:
        """Ids of our objects that nobody changed, of one run (None: of all that give way)."""
        tagged = tagged_objects(self._java, self._hierarchy.getAllObjects(False))
        return {m.id for m in marks_of(self._java, tagged) if m.is_replaceable(run)}

    def ids(self) -> set[str]:
        """Ids of all objects."""
        return set(Columns(self._java).texts(self._hierarchy.getAllObjects(False), "getID"))

    def remove(self, ids: Iterable[str]) -> None:
        """Remove objects of ours; what lies under them in the hierarchy stays."""
        gone = set(ids)
        tagged = tagged_objects(self._java, self._hierarchy.getAllObjects(False))
        found = self._java.ArrayList(tagged)
        names = Columns(self._java).texts(tagged, "getID")
        for index in reversed([i for i, name in enumerate(names) if name not in gone]):
            del found[index]
        self._hierarchy.removeObjects(found, True)

    def add(self, features: Sequence[Feature]) -> None:
        """Add objects below the root, all in one batch."""
        java, batch = self._java, self._java.ArrayList()
        with _java_errors(f"{self._image}: cannot take over the results"):
            for start in range(0, len(features), _CHUNK):
                text = json.dumps(features[start : start + _CHUNK]).encode()
                stream = java.JClass("java.io.ByteArrayInputStream")(text)
                batch.addAll(java.PathIO.readObjectsFromGeoJSON(stream))
            keep_outlines(java, batch)
            self._hierarchy.addObjects(batch)

    def write(self, path: Path) -> None:
        """Write to `path`, and read it again to be sure.

        Raises:
            ProjectError: the disk is full, or what was written is not what should have been.
        """
        java = self._java
        with _java_errors(f"{self._image}: nothing was changed, cannot write into {path.parent}"):
            stream = java.JClass("java.io.FileOutputStream")(str(path))
            try:
                java.PathIO.writeImageData(stream, self._image_data)
            finally:
                stream.close()
            _refuse_incomplete(path, self._image)
            written = java.PathIO.readHierarchy(java.File(str(path)).toPath())
        if written.nObjects() != self._hierarchy.nObjects():
            raise ProjectError(f"{self._image}: the new data file is incomplete; it was discarded")
