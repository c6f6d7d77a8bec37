"""Classes and objects as QuPath has them, in plain Python."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shapely.geometry.base import BaseGeometry

RGB = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

RUN_TAG = "hookpath.run"
"""Key of the object metadata that says which of our runs made an object."""

#: Object metadata, while read: the part of an annotation that began as a result of ours and that
#: nobody confirmed (`hookpath.projects.confirmed_annotations`). It teaches nothing; reported.
UNCONFIRMED_KEY = "hookpath.unconfirmed"
#: Why nobody confirmed it: a person changed it since; the person's file does not have it.
CHANGED, UNSEEN = "yes", "unseen"


@dataclass(frozen=True)
class PathClass:
    """A QuPath classification: its name (derived ones joined by ``": "``) and colour."""

    name: str
    color: RGB | None = None


def new_object_id() -> str:
    """A fresh UUID, as QuPath gives every object."""
    return str(uuid.uuid4())


@dataclass(frozen=True)
class PathObject:
    """One QuPath object: geometry in level-0 px (see `hookpath.geometry`), class, and the rest.

    `extra` holds what we do not understand (unknown GeoJSON properties, nucleus geometry, plane…)
    so that reading and writing again loses nothing.
    """

    geometry: BaseGeometry
    object_type: str = "annotation"
    path_class: PathClass | None = None
    name: str | None = None
    color: RGB | None = None
    locked: bool = False
    measurements: Mapping[str, float] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=new_object_id)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def written_class(self) -> str | None:
        """The class as its file has it, where that is read as another name; None: as it is."""
        written = self.extra.get("class_text", self.extra.get("class_name"))
        return None if written is None else str(written)

    @property
    def run(self) -> str | None:
        """The run of ours that made this object; None for human work."""
        return self.metadata.get(RUN_TAG)


def tagged_with(objects: Iterable[PathObject], run: str) -> list[PathObject]:
    """The objects as results of a run of ours."""
    return [replace(o, metadata={**o.metadata, RUN_TAG: run}) for o in objects]
