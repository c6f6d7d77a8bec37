"""Files that must never be left half written: stamps, JSON."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookpath.atomic_files import refuse_read_only, replace_text
from hookpath.errors import AnnotationError, ProjectError, WriteRefusedError, write_code
from hookpath.locking import alone
from hookpath.safe_names import shortened
from hookpath.untrusted_files import refuse_special

if TYPE_CHECKING:
    from hookpath.projects.image_snapshot import ImageSnapshot


#: Of what a lock's name has around that of its file, in bytes.
_LOCK_ROOM = 16


@dataclass(frozen=True)
class Stamp:
    """What a file was when it was read; the hash decides, the rest explains."""

    exists: bool
    mtime_ns: int = 0
    size: int = 0
    sha256: str = ""

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Stamp of `path` as it is now (a missing file has one too).

        Raises:
            OSError: it cannot be read, or is a pipe or a device.
        """
        try:
            refuse_special(path)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                status = os.fstat(file.fileno())
        except FileNotFoundError:
            return cls(False)
        return cls(True, status.st_mtime_ns, status.st_size, digest)

    def same_content(self, other: Stamp) -> bool:
        """Whether nobody changed the bytes (a mere touch is no change)."""
        return (self.exists, self.size, self.sha256) == (other.exists, other.size, other.sha256)


def stamp_of(read: ImageSnapshot | None) -> Stamp | None:
    """The stamp of the file that a snapshot's objects were read from."""
    found = None if read is None else read.stamp
    return found if isinstance(found, Stamp) else None


def refuse_if_changed(path: Path, seen: Stamp, image: str) -> None:
    """Raise `WriteRefusedError` unless `path` still is what `seen` says."""
    if not seen.same_content(Stamp.of(path)):
        raise WriteRefusedError(
            f"{image}: {path} changed since it was read, so nothing was written; "
            "close the image in QuPath and run again"
        )


def write_json(path: Path, content: Any) -> None:
    """Replace `path` atomically by indented UTF-8 JSON."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    replace_text(path, text)


@contextlib.contextmanager
def changing(path: Path, image: str) -> Iterator[None]:
    """Read a file, change it and write it, as the only hookpath that does so (see `write_errors`).

    Raises:
        BusyError: another one has not ended within a minute.
    """
    with write_errors(path, image), alone(_lock_of(path), f"changing {path}"):
        yield


def _lock_of(path: Path) -> Path:
    return path.with_name(f".{shortened(path.name, _LOCK_ROOM)}.lock")


@contextlib.contextmanager
def write_errors(path: Path, image: str) -> Iterator[None]:
    """Turn the system's refusals (read-only, full disk) into one clear line."""
    try:
        refuse_read_only(path)
        yield
    except (OSError, AnnotationError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        reason = cause.strerror or cause if isinstance(cause, OSError) else error
        full = write_code(error) == "disk_full"
        raise ProjectError(
            f"{image}: cannot write {path}: {reason}; nothing was changed "
            f"({'free some space' if full else 'make the folder writable'}, "
            "or keep results elsewhere with --out)",
            code=write_code(error),
        ) from error
