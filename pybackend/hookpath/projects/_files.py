"""Files that must never be left half written: stamps, backups, JSON."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from hookpath.errors import AnnotationError, ProjectError, WriteRefusedError, write_code
from hookpath.writable import refuse_read_only, replace_file, replace_text

#: Backups kept beside a data file; the oldest go first.
KEPT_BACKUPS = 5


@dataclass(frozen=True)
class Stamp:
    """What a file was when it was read; the hash decides, the rest explains."""

    exists: bool
    mtime_ns: int = 0
    size: int = 0
    sha256: str = ""

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Stamp of `path` as it is now (a missing file has one too)."""
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                status = os.fstat(file.fileno())
        except FileNotFoundError:
            return cls(False)
        return cls(True, status.st_mtime_ns, status.st_size, digest)

    def same_content(self, other: Stamp) -> bool:
        """Whether nobody changed the bytes (a mere touch is no change)."""
        return (self.exists, self.size, self.sha256) == (other.exists, other.size, other.sha256)


def refuse_if_changed(path: Path, seen: Stamp, image: str) -> None:
    """Raise `WriteRefusedError` unless `path` still is what `seen` says."""
    if not seen.same_content(Stamp.of(path)):
        raise WriteRefusedError(
            f"{image}: {path} changed since it was read, so nothing was written; "
            "close the image in QuPath and run again"
        )


def back_up(path: Path) -> Path | None:
    """Copy `path` to ``<name>.hookpath-<UTC time>.bak`` beside it; keeps the newest few.

    Returns:
        The copy, or None where there is nothing to back up.
    """
    if not path.exists():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = path.with_name(f"{path.name}.hookpath-{stamp}.bak")
    replace_file(copy, partial(shutil.copy2, path))
    for old in backups_of(path)[:-KEPT_BACKUPS]:
        old.unlink(missing_ok=True)
    return copy


def backups_of(path: Path) -> list[Path]:
    """Our backups of `path`, oldest first."""
    prefix = f"{path.name}.hookpath-"
    return sorted(
        p for p in path.parent.iterdir() if p.name.startswith(prefix) and p.suffix == ".bak"
    )


def write_json(path: Path, content: Any) -> None:
    """Replace `path` atomically by indented UTF-8 JSON."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    replace_text(path, text)


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
