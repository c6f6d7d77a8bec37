"""Classes under other names, and classes that nobody wants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hookpath.annotations import RGB, PathClass, PathObject, plain_class_name
from hookpath.errors import UsageError


@dataclass
class Renaming:
    """``OLD=NEW`` renames, ``OLD=`` drops, ``=NEW`` names what has no class.

    One colour per class: that of `colors`, else the first met under the class's own name, else the
    first met at all.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    colors: Mapping[str, RGB] = field(default_factory=dict)
    #: Old names that were met.
    met: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, pairs: Sequence[str], colors: Mapping[str, RGB]) -> Renaming:
        """From ``OLD=NEW`` texts.

        Raises:
            UsageError: a text has no ``=``, or a name is given twice.
        """
        names: dict[str, str] = {}
        for pair in pairs:
            before, equals, after = pair.partition("=")
            old, new = plain_class_name(before), plain_class_name(after)
            if not equals:
                raise UsageError(f"--class {pair}: give OLD=NEW, or OLD= to drop a class")
            if old in names:
                raise UsageError(f"--class {pair}: {old or 'no class'!r} is renamed twice")
            names[old] = new
        return cls(names, colors)

    @property
    def unused(self) -> list[str]:
        """Names that nothing had."""
        return [name for name in self.names if name not in self.met]

    def apply(self, objects: Iterable[PathObject]) -> list[PathObject]:
        """The objects that stay, under their new classes."""
        renamed = list(self._renamed(objects))
        own: dict[str, RGB] = {}
        other: dict[str, RGB] = {}
        for old, obj in renamed:
            found = obj.path_class
            if found is not None and found.color is not None:
                (own if old == found.name else other).setdefault(found.name, found.color)
        colors = {**other, **own, **self.colors}
        return [_coloured(obj, colors) for _, obj in renamed]

    def _renamed(self, objects: Iterable[PathObject]) -> Iterator[tuple[str, PathObject]]:
        for obj in objects:
            old = obj.path_class.name if obj.path_class else ""
            self.met.add(old)
            new = self.names.get(old, old)
            if old not in self.names or (new and new == old):
                yield old, obj
            elif new:
                color = obj.path_class.color if obj.path_class else None
                yield old, replace(obj, path_class=PathClass(new, color))


def _coloured(obj: PathObject, colors: Mapping[str, RGB]) -> PathObject:
    found = obj.path_class
    if found is None or colors.get(found.name) in (None, found.color):
        return obj
    return replace(obj, path_class=PathClass(found.name, colors[found.name]))
