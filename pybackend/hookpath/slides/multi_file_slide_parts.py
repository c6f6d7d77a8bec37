"""Files that belong to a slide of several files and are no slides themselves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

#: Text files that name the image files of one slide (Hamamatsu).
INDEX_SUFFIXES = frozenset({".vms", ".vmu"})
_MOST_BYTES = 2**20


def behind_link(path: Path) -> Path:
    """What a link to a slide points to, where the slide's other files lie there and not here."""
    suffix = path.suffix.lower()
    if not path.is_symlink() or suffix not in {".mrxs", ".vsi", *INDEX_SUFFIXES}:
        return path
    folder = path.with_name(f"_{path.stem}_") if suffix == ".vsi" else path.with_suffix("")
    is_here = suffix not in INDEX_SUFFIXES and folder.is_dir()
    return path if is_here else path.resolve()


def parts_of(index: Path) -> frozenset[str]:
    """Names, in small letters, of the files that a Hamamatsu index file lists."""
    try:
        with index.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return frozenset()
    values = (line.partition("=")[2].strip() for line in text.splitlines() if "=" in line)
    return frozenset(value.lower() for value in values if "." in value and "/" not in value)


def parts_among(paths: Iterable[Path]) -> frozenset[Path]:
    """Those of the files of one folder that an index file among them lists."""
    paths = list(paths)
    listed: set[str] = set()
    for path in paths:
        if path.suffix.lower() in INDEX_SUFFIXES:
            listed |= parts_of(path)
    return frozenset(p for p in paths if p.name.lower() in listed)


def whole_of_part(path: Path) -> str | None:
    """Why a file that OpenSlide does not know must not be opened as a picture of its own."""
    if path.suffix.lower() == ".mrxs":
        folder = path.with_suffix("")
        if not folder.is_dir():
            return (
                f"is a MIRAX slide's preview: its folder {folder.name} is missing; copy it beside "
                "the file"
            )
        if path.suffix != ".mrxs":
            return "is a MIRAX slide, which OpenSlide knows by .mrxs in small letters; rename it so"
        return (
            f"is a MIRAX slide, but OpenSlide finds no slide in its folder {folder.name} "
            "(Slidedat.ini missing or damaged?); copy the folder again from its source"
        )
    if path.suffix.lower() in INDEX_SUFFIXES:
        return "lists the files of a Hamamatsu slide, but OpenSlide cannot use it; copy all again"
    for index in _indexes_beside(path):
        if path.name.lower() in parts_of(index):
            return f"is a part of the slide {index.name}; open that file"
    return None


def _indexes_beside(path: Path) -> list[Path]:
    try:
        beside = list(path.parent.iterdir())
    except OSError:
        return []
    return sorted(p for p in beside if p.suffix.lower() in INDEX_SUFFIXES and p.is_file())
