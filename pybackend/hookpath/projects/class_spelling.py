"""Classes of results as the viewer's own list spells them.

``Läsion`` can be written in two ways that look the same (macOS and Windows differ), and a class may
have blanks at its ends. Here they are one class; a viewer would show two of one name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hookpath.annotations.class_names import plain_class_name
from hookpath.annotations.objects import PathClass, PathObject


def as_spelled(objects: Iterable[PathObject], classes: Iterable[PathClass]) -> Sequence[PathObject]:
    """The objects, whose classes are written as in `classes` where they mean the same."""
    names = [c.name for c in classes]
    spelled = {plain_class_name(name): name for name in reversed(names)}
    others = {plain: name for plain, name in spelled.items() if plain not in names}
    return [_spelled(o, others) for o in objects] if others else list(objects)


def _spelled(o: PathObject, others: Mapping[str, str]) -> PathObject:
    name = others.get(o.path_class.name) if o.path_class else None
    return o if name is None else replace(o, extra={**o.extra, "class_name": name})
