"""What readers of the formats give, and how they say what they left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hookpath.annotations import RGB, PathClass, PathObject
from hookpath.errors import AnnotationError


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


@contextmanager
def element(name: str) -> Iterator[None]:
    """Errors inside name the element of the file, too."""
    try:
        yield
    except AnnotationError as error:
        raise AnnotationError(f"{name}: {error}") from error


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
