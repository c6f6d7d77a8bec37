"""What readers of the formats give, and how they say what they left out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hookpath.annotations import RGB, PathClass, PathObject
from hookpath.safe_names import readable


@dataclass(frozen=True)
class Found:
    """Objects of a file in the file's own level-0 px, and lines worth telling.

    Attributes:
        objects: in file order, holes cut out.
        notes: what was left out or may be meant otherwise, without the file's name.
        holes: how many holes were cut out.
    """

    objects: list[PathObject]
    notes: list[str] = field(default_factory=list)
    holes: int = 0


def left_out(name: str, reason: Exception, is_hole: bool) -> str:
    """Says what was left out and why."""
    return f"{name} {reason}: left out{', so nothing is cut out there' if is_hole else ''}"


def crossing_note(objects: Iterable[PathObject]) -> list[str]:
    """Says how many outlines cross themselves, so that each came in several parts."""
    count = sum(o.geometry.geom_type == "MultiPolygon" for o in objects)
    return [f"{count} outlines cross themselves; each became several parts"] if count else []


def hex_color(text: str) -> RGB | None:
    """``#rrggbb`` → RGB; None for anything else."""
    digits = text.removeprefix("#")
    if len(digits) != 6:
        return None
    try:
        value = int(digits, 16)
    except ValueError:
        return None
    return (value >> 16 & 255, value >> 8 & 255, value & 255)


def class_or_none(name: str, color: RGB | None) -> PathClass | None:
    """The class of this name; nothing has none."""
    return PathClass(name, color) if name else None


def with_ids(objects: Sequence[PathObject], file: Path) -> list[PathObject]:
    """The same ids whenever the same file is converted."""
    name = readable(file.name)
    said = (f"{name}/{i}/{o.geometry.wkb_hex}" for i, o in enumerate(objects))
    ids = (str(uuid.uuid5(uuid.NAMESPACE_OID, text)) for text in said)
    return [replace(o, id=new) for o, new in zip(objects, ids, strict=True)]
