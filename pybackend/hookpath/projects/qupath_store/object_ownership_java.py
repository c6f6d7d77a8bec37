"""Which objects of a hierarchy are ours, asked for all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookpath.annotations.class_names import plain_class_name
from hookpath.annotations.objects import RUN_TAG
from hookpath.projects.object_ownership import APPEARANCE_KEY, is_edited, is_lasting
from hookpath.projects.qupath_store.object_columns import Columns


@dataclass(frozen=True)
class Mark:
    """A Java object with our tag: its run, how we wrote it (None: no record), how it looks now."""

    id: str
    run: str
    written: str | None
    appearance: Mapping[str, object]

    def is_replaceable(self, run: str | None = None) -> bool:
        """Whether a write may remove it (`run`: only that run's objects)."""
        if run is None and is_lasting(self.run):
            return False
        return run in (None, self.run) and not is_edited(self.written, self.appearance)


def tagged_objects(java: Any, objects: Any) -> Any:
    """Those with our tag, as a Java list."""
    columns = Columns(java)
    # Asking an object without metadata for it would give it some.
    return columns.where_key(columns.where(objects, "hasMetadata"), RUN_TAG, "getMetadata")


def marks_of(java: Any, tagged: Any) -> list[Mark]:
    """What `tagged_objects` found, in its order."""
    columns = Columns(java)
    ids = columns.texts(tagged, "getID")
    runs = [run or "" for run in columns.values(tagged, RUN_TAG, "getMetadata")]
    written = columns.values(tagged, APPEARANCE_KEY, "getMetadata")
    appearance = _appearance(columns, tagged)
    return [Mark(*found) for found in zip(ids, runs, written, appearance, strict=True)]


def _appearance(columns: Columns, objects: Any) -> list[dict[str, object]]:
    classes = columns.texts(objects, "getPathClass")
    names = columns.texts(objects, "getName")
    locked = columns.flags(objects, "isLocked")
    numbers = [
        columns.doubles(objects, "getROI", getter).tolist()
        for getter in (
            "getArea", "getLength", "getBoundsX", "getBoundsY", "getBoundsWidth", "getBoundsHeight",
        )
    ]  # fmt: skip
    return [
        {
            "class": plain_class_name(path_class) or None,
            "name": name or None,
            "locked": lock,
            "area": area,
            "length": length,
            "bounds": [x, y, x + width, y + height],
        }
        for path_class, name, lock, area, length, x, y, width, height in zip(
            classes, names, locked, *numbers, strict=True
        )
    ]
