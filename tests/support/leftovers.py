"""What must not be there any more when a command has ended."""

from __future__ import annotations

from pathlib import Path

from hookpath.locking import LOCK_NAME
from hookpath.temporary_files import is_unfinished


def leftovers(folder: Path) -> list[str]:
    """Unfinished files and folders, and locks, anywhere below a folder."""
    ours = (p for p in folder.rglob("*") if is_unfinished(p) or p.name.startswith(LOCK_NAME))
    return sorted(str(p.relative_to(folder)) for p in ours)


def target_of(name: str) -> str:
    """What an unfinished file is to become, by its path or name."""
    parts = Path(name).name.split("-", 4)
    return parts[-1] if is_unfinished(Path(name)) else Path(name).name
