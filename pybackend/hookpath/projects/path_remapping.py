"""Slides that lie elsewhere than a project says: ``OLD=NEW`` for the folder they were in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from hookpath.errors import UsageError


@dataclass(frozen=True)
class Remap:
    """Folders as projects have them recorded, and where they are on this machine."""

    folders: tuple[tuple[PurePath, Path], ...] = ()

    @classmethod
    def parsed(cls, given: Iterable[str]) -> Remap:
        """From ``OLD=NEW``, the first ``=`` between them.

        Raises:
            UsageError: there is none, or a side is empty, or NEW is no folder.
        """
        return cls(tuple(_pair(text) for text in given))

    def places(self, recorded: PurePath) -> list[Path]:
        """Where a recorded file may be now, by every folder that it lies in."""
        found: list[Path] = []
        for old, new in self.folders:
            if (below := _below(recorded, old)) is not None:
                found.append(new.joinpath(*below))
        return found


def recorded_path(text: str) -> PurePath:
    """A path as some machine wrote it, by that machine's rules."""
    windows = (len(text) > 1 and text[1] == ":") or text.startswith("\\\\")
    return PureWindowsPath(text) if windows else PurePosixPath(text)


def common_folder(paths: Sequence[PurePath]) -> PurePath | None:
    """The deepest folder that all paths lie in; None: there is none."""
    parents = [path.parent for path in paths]
    if not parents or len({type(p) for p in parents}) > 1:
        return None
    # The parts of the least and the greatest path agree as far as those of all.
    low, high = min(p.parts for p in parents), max(p.parts for p in parents)
    same = [a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))]
    return type(parents[0])(*same) if same else None


def _pair(text: str) -> tuple[PurePath, Path]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise UsageError(f"--remap {text!r}: give OLD=NEW, two folders")
    if not Path(new).expanduser().is_dir():
        raise UsageError(f"--remap {text!r}: {new} is no folder on this machine")
    return recorded_path(old), Path(new).expanduser()


def _below(path: PurePath, folder: PurePath) -> tuple[str, ...] | None:
    """The parts of a path behind those of a folder that it lies in."""
    count = len(folder.parts)
    head = path.parts[:count]
    same = isinstance(path, PureWindowsPath) and isinstance(folder, PureWindowsPath)
    fold = str.lower if same else str
    is_in = len(head) == count and all(
        fold(a) == fold(b) for a, b in zip(head, folder.parts, strict=True)
    )
    return path.parts[count:] if is_in else None
