"""Which classes a model learns, and the label value of each.

The rule is QuPath's own, in one place. A name may be derived (``Tumor: Positive``); what is said
of a class goes by its base (the first part) and its last part:

* a class whose last part ends in ``*`` (``Ignore*``, ``Artefact*``, ``Tumor: Boundary*``) is
  *of no interest*: it is learned, so that the model need not call such places anything else, but
  makes no objects and enters no mean over classes;
* ``Region*`` and what is derived from it with a ``*`` (``Region: confirmed*``) *marks a region*
  and is no class;
* `UNKNOWN_MARK` is the region in which nothing is known, whatever else is annotated there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hookpath.annotations.class_names import DERIVED
from hookpath.annotations.objects import RGB, PathClass
from hookpath.errors import AnnotationError
from hookpath.limits import CLASSES

IGNORE = 0
"""Label of every pixel that nobody drew on; never enters a loss, a count or a metric."""

_PALETTE: tuple[RGB, ...] = (
    (200, 30, 40), (50, 110, 200), (60, 160, 70), (235, 150, 30), (130, 80, 170),
    (30, 165, 175), (220, 90, 160), (125, 95, 60), (150, 170, 40), (90, 100, 120),
)  # fmt: skip

#: Labels are 8-bit numbers; 0 is ignore, and 255 has its use as well.
MOST_CLASSES = CLASSES


UNKNOWN_MARK = "Region: unknown*"
"""Class of the areas that take everything annotated in them back: nothing is known there."""


def is_usable_class(name: str | None) -> bool:
    """Whether a model learns the class: false for none and for marks of a region."""
    return bool(name) and not is_region_mark(str(name))


def is_of_interest(name: str) -> bool:
    """False for QuPath's ignored classes, whose last part ends in ``*``: they make no objects."""
    return not name.split(DERIVED)[-1].endswith("*")


def is_region_mark(name: str) -> bool:
    """Whether a class only marks a region: ``Region*``, ``Region: confirmed*`` and kin."""
    parts = name.split(DERIVED)
    return parts[0].removesuffix("*") == "Region" and any(p.endswith("*") for p in parts)


def is_unknown_mark(name: str) -> bool:
    """Whether areas of the class are unknown.

    `UNKNOWN_MARK`, also as QuPath derives it from ``Region*`` (``Region*: unknown``).
    """
    last = name.split(DERIVED)[-1].removesuffix("*")
    return is_region_mark(name) and last.lower() == "unknown"


def says_something(name: str | None) -> bool:
    """Whether an area of the class says what is there, be it that nobody knows."""
    return is_usable_class(name) or is_unknown_mark(name or "")


def base_class(name: str) -> str:
    """What a derived class is derived from: ``Tumor`` of ``Tumor: Positive``.

    Classes of no interest and marks stay as they are: ``Tumor: Boundary*`` is not to be tumour.
    """
    if not is_of_interest(name) or is_region_mark(name):
        return name
    return name.split(DERIVED)[0]


class Named(Protocol):
    """Anything with a class name and a colour."""

    @property
    def name(self) -> str: ...

    @property
    def color(self) -> RGB | None: ...


@dataclass(frozen=True)
class ClassTable:
    """Ordered classes; the label of class ``i`` (0-based) is ``i + 1``, 0 is ignore.

    A model's output channel ``i`` is label ``i + 1``.
    """

    classes: tuple[PathClass, ...]

    def __post_init__(self) -> None:
        names = [c.name for c in self.classes]
        if len(set(names)) != len(names):
            raise ValueError(f"class names must be unique: {names}")
        if len(names) > MOST_CLASSES:
            raise AnnotationError(
                f"{len(names)} classes are annotated, but no more than {MOST_CLASSES} can be "
                "distinguished; merge some, as hookpath convert --class OLD=NEW does"
            )

    @classmethod
    def of(cls, classes: Iterable[Named]) -> ClassTable:
        """Table in the given order; a class without a colour gets one that no other has.

        Takes `PathClass` or anything with a name and a colour, such as a model card's classes.
        """
        unique: dict[str, PathClass] = {}
        for c in classes:
            if c.name not in unique or unique[c.name].color is None:
                unique[c.name] = PathClass(c.name, c.color)
        used = {c.color for c in unique.values()}
        free = (color for color in _PALETTE if color not in used)
        return cls(
            tuple(
                c if c.color else PathClass(c.name, next(free, (128, 128, 128)))
                for c in unique.values()
            )
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in label order."""
        return tuple(c.name for c in self.classes)

    @property
    def of_interest(self) -> tuple[bool, ...]:
        """Of each class whether it makes objects and counts in means (`is_of_interest`)."""
        return tuple(is_of_interest(name) for name in self.names)

    @property
    def outlined(self) -> npt.NDArray[np.uint8]:
        """``(1 + C,)`` of each label what outlines have of it: itself, 0 if of no interest."""
        labels = np.arange(len(self.classes) + 1, dtype=np.uint8)
        labels[1:][~np.array(self.of_interest, bool)] = 0
        return labels

    @property
    def colors(self) -> tuple[RGB, ...]:
        """RGB colours in label order."""
        return tuple(c.color or (128, 128, 128) for c in self.classes)

    def label(self, name: str) -> int:
        """Label value (1…n) of a class.

        Raises:
            KeyError: no such class.
        """
        try:
            return self.names.index(name) + 1
        except ValueError:
            raise KeyError(name) from None

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __len__(self) -> int:
        return len(self.classes)

    def __iter__(self) -> Iterator[PathClass]:
        return iter(self.classes)
