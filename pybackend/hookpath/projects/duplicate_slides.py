"""Images that are the same slide: it would count twice, or measure what it taught."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from hookpath.errors import HookpathError
from hookpath.jvm.server_builder_json import series_in
from hookpath.projects.project_protocol import ImageEntry

Named = tuple[str, Path, int]
"""An image's name, its slide file, and which image inside the file it is (0: the first)."""


def twin_remarks(entries: Iterable[ImageEntry]) -> list[str]:
    """One line for each set of images whose slides are one.

    Files of equal content, one file named twice, and files of one folder that differ in their
    endings alone (``a.svs``, ``a.ome.tif``) and are of equal size in px. Only files that are
    equally long, or share a name, are looked into. Other series of one file are other slides.
    """
    named = list(_named(entries))
    same = list(_groups(named, _length, _content))
    found = [f"{_and(group)} are the same slide ({_how(group)}){_ADVICE}" for group in same]
    duplicated = {item for group in same for item in group}
    rest = [item for item in named if item not in duplicated]
    for group in _by(rest, lambda item: (item[1].parent / _stem(item[1]), item[2])):
        found += [
            f"{_and(pair)} look like one slide (same name and size){_ADVICE}"
            for pair in combinations(group, 2)
            if _equal_size(*pair)
        ]
    return found


def same_files(entries: Sequence[ImageEntry]) -> list[list[ImageEntry]]:
    """Sets of at least two images whose slide files are equal, or one file, whatever series."""
    by_key: dict[Named, list[ImageEntry]] = {}
    for entry in entries:
        for name, path, _ in _named([entry]):
            by_key.setdefault((name, path, 0), []).append(entry)
    groups = list(_groups(list(by_key), _length, _content))
    grouped = {item for group in groups for item in group}
    several = [[e for item in group for e in by_key[item]] for group in groups]
    return [*several, *(same for item, same in by_key.items()
                        if len(same) > 1 and item not in grouped)]  # fmt: skip


#: Of one set of images that are one slide: a line is to be read.
_MOST_NAMES = 20

_ADVICE = "; leave all but one out, or it counts twice and may measure what it taught"


def _named(entries: Iterable[ImageEntry]) -> Iterator[Named]:
    for entry in entries:
        try:
            slide = entry.slide
            yield entry.name, slide.path, series_in(slide.server)
        except HookpathError:  # reported where the slide is needed
            continue


def _groups(
    named: Sequence[Named], cheap: Callable[[Named], object], exact: Callable[[Named], str]
) -> Iterator[list[Named]]:
    """Sets of at least two that agree in both; `exact` is asked only where `cheap` agrees."""
    for alike in _by(named, cheap):
        yield from _by(alike, exact)


def _by(named: Iterable[Named], key: Callable[[Named], object]) -> Iterator[list[Named]]:
    found: dict[object, list[Named]] = {}
    for item in named:
        found.setdefault(key(item), []).append(item)
    return (group for group in found.values() if len(group) > 1)


def _length(item: Named) -> object:
    """The files of a DICOM series differ in length, and each opens the whole slide."""
    _, path, series = item
    if path.suffix.lower() == ".dcm":
        return ".dcm"
    try:
        return path.stat().st_size, series
    except OSError:
        return path


def _content(item: Named) -> str:
    from hookpath.slides.slide_identity import content_of

    try:
        return content_of(item[1])[0]
    except HookpathError:  # reported where it is read
        return str(item[1])


def _how(group: Sequence[Named]) -> str:
    """Files of one folder with one content that are no copies are those of one DICOM series."""
    first = group[0][1]
    series = first.suffix.lower() == ".dcm" and all(p.parent == first.parent for _, p, _ in group)
    return "one series" if series else "equal files"


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
    names = [name for name, *_ in named]
    if (more := len(names) - _MOST_NAMES) > 1:
        names[_MOST_NAMES:] = [f"{more} more"]
    return f"{', '.join(names[:-1])} and {names[-1]}"
