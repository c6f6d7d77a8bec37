"""Images that are the same slide: it would count twice, or measure what it taught."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from hookpath.errors import HookpathError
from hookpath.projects.base import ImageEntry

#: Read at the beginning, the middle and the end of a file; slides that differ, differ there.
_STRETCH = 2**16

Named = tuple[str, Path]
"""An image's name and its slide file."""


def twin_remarks(entries: Iterable[ImageEntry]) -> list[str]:
    """One line for each set of images whose slides are one.

    Files of equal content, one file named twice, and files of one folder that differ in their
    endings alone (``a.svs``, ``a.ome.tif``) and are of equal size in px. Only files that are
    equally long, or share a name, are looked into.
    """
    named = list(_named(entries))
    found = [
        f"{_and(group)} are the same slide (equal files){_ADVICE}"
        for group in _groups(named, lambda item: _length(item[1]), _content)
    ]
    found += [f"{_and(group)} are the same slide (one series){_ADVICE}" for group in _series(named)]
    told = {name for line in found for name, _ in named if name in line}
    rest = [item for item in named if item[0] not in told]
    for group in _groups(rest, lambda item: item[1].parent / _stem(item[1]), lambda _: "same"):
        found += [
            f"{_and(pair)} look like one slide (same name and size){_ADVICE}"
            for pair in combinations(group, 2)
            if _equal_size(*pair)
        ]
    return found


_ADVICE = "; leave all but one out, or it counts twice and may measure what it taught"


def _named(entries: Iterable[ImageEntry]) -> Iterator[Named]:
    for entry in entries:
        try:
            yield entry.name, entry.slide.path
        except HookpathError:  # told by whoever needs the slide
            continue


def _series(named: Sequence[Named]) -> Iterator[list[Named]]:
    """Files of one DICOM series: each opens the whole slide."""
    from hookpath.slides.files import slides_among

    by_folder: dict[Path, dict[Path, Named]] = {}
    for item in named:
        if item[1].suffix.lower() == ".dcm":
            by_folder.setdefault(item[1].parent, {})[item[1]] = item
    for files in by_folder.values():
        for first, others in slides_among(files).items():
            if others:
                yield [files[path] for path in sorted((first, *others))]


def _groups(
    named: Sequence[Named], cheap: Callable[[Named], object], exact: Callable[[Path], str]
) -> Iterator[list[Named]]:
    """Sets of at least two that agree in both; `exact` is asked only where `cheap` agrees."""
    for alike in _by(named, cheap):
        yield from _by(alike, lambda item: exact(item[1]))


def _by(named: Iterable[Named], key: Callable[[Named], object]) -> Iterator[list[Named]]:
    found: dict[object, list[Named]] = {}
    for item in named:
        found.setdefault(key(item), []).append(item)
    return (group for group in found.values() if len(group) > 1)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _content(path: Path) -> str:
    """Digest of three stretches; of a MIRAX slide also of what describes its folder."""
    digest = hashlib.blake2b()
    for part in (path, path.with_suffix("") / "Slidedat.ini"):
        try:
            size = part.stat().st_size
            with part.open("rb") as file:
                for start in (0, size // 2, max(0, size - _STRETCH)):
                    file.seek(start)
                    digest.update(file.read(_STRETCH))
        except OSError:
            digest.update(b"" if part != path else str(path).encode())
    return digest.hexdigest()


def _stem(path: Path) -> str:
    stem = path.stem.lower()
    return stem.removesuffix(".ome")


def _equal_size(one: Named, other: Named) -> bool:
    from hookpath.slides import open_slide

    try:
        with open_slide(one[1]) as a, open_slide(other[1]) as b:
            return (a.width_l0, a.height_l0) == (b.width_l0, b.height_l0)
    except HookpathError:
        return False


def _and(named: Sequence[Named]) -> str:
    names = [name for name, _ in named]
    return f"{', '.join(names[:-1])} and {names[-1]}"
