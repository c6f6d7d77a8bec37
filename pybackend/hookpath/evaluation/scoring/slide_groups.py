"""Slides in groups: by a grade, a hospital, or whatever their image metadata says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from hookpath.errors import UsageError
from hookpath.projects import ImageEntry


class Grouped(Protocol):
    """A slide's result."""

    @property
    def groups(self) -> Mapping[str, str]:
        """Metadata key → the slide's value."""


S = TypeVar("S", bound=Grouped)
R = TypeVar("R")

#: Group of the slides that do not have the key.
NOT_SET = "(not set)"


def groups_of(entry: ImageEntry, keys: Sequence[str]) -> dict[str, str]:
    """Key → the image's value, its ends stripped."""
    return {key: entry.metadata.get(key, "").strip() or NOT_SET for key in keys}


def check_keys(images: Sequence[ImageEntry], keys: Sequence[str]) -> None:
    """Refuse a key that no image has.

    Raises:
        UsageError: names the key, and those that there are.
    """
    known = sorted({key for entry in images for key in entry.metadata})
    for key in keys:
        if key not in known:
            has = f"there are: {', '.join(known)}" if known else "they have no metadata at all"
            raise UsageError(f"no image has the metadata {key!r} to group by; {has}")


def by_group(values: Sequence[Mapping[str, str]], key: str) -> dict[str, list[int]]:
    """Value of the key → indices of its slides; values in natural order, `NOT_SET` last."""
    found: dict[str, list[int]] = {}
    for index, groups in enumerate(values):
        found.setdefault(groups.get(key, NOT_SET), []).append(index)
    return {value: found[value] for value in sorted(found, key=_natural)}


def shared_keys(values: Sequence[Mapping[str, str]]) -> list[str]:
    """Keys that at least one slide has, in order of first appearance."""
    return list(dict.fromkeys(key for groups in values for key in groups))


def parts_by_group(
    slides: Sequence[S], part: Callable[[tuple[S, ...]], R]
) -> dict[str, dict[str, R]]:
    """Metadata key → its value → what `part` makes of these slides alone."""
    values = [s.groups for s in slides]
    return {
        key: {
            value: part(tuple(slides[i] for i in indices))
            for value, indices in by_group(values, key).items()
        }
        for key in shared_keys(values)
    }


def _natural(value: str) -> tuple[bool, list[tuple[int, int | str]]]:
    parts = re.split(r"(\d+)", value.casefold())
    return value == NOT_SET, [(0, int(p)) if p.isdecimal() else (1, p) for p in parts if p]
