"""Which classes a model learns, and the label value of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from hookpath.annotations.objects import RGB, PathClass
from hookpath.errors import AnnotationError

#: Label of every pixel that nobody drew on; never enters a loss, a count or a metric.
IGNORE = 0

_PALETTE: tuple[RGB, ...] = (
    (200, 30, 40), (50, 110, 200), (60, 160, 70), (235, 150, 30), (130, 80, 170),
    (30, 165, 175), (220, 90, 160), (125, 95, 60), (150, 170, 40), (90, 100, 120),
)  # fmt: skip

#: Labels are 8-bit numbers; 0 is ignore, and 255 has its use as well.
MOST_CLASSES = 254


def is_usable_class(name: str | None) -> bool:
    """False for no class and for QuPath's ``Ignore*`` and ``Region*`` classes."""
    return bool(name) and not str(name).startswith(("Ignore", "Region"))


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
                f"{len(names)} classes are drawn, but no more than {MOST_CLASSES} can be told "
                "apart; merge some, as hookpath convert --class OLD=NEW does"
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
