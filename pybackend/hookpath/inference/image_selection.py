"""Which images of a project."""

from __future__ import annotations

from collections.abc import Sequence

from hookpath.errors import UsageError
from hookpath.projects import ImageEntry, Project
from hookpath.safe_names import readable


def chosen_images(project: Project, names: Sequence[str]) -> list[ImageEntry]:
    """Those with these names or ids; none given: all.

    Raises:
        UsageError: one is not there.
    """
    entries, names = list(project.images), [readable(name) for name in names]
    known = {e.name for e in entries} | {e.id for e in entries}
    missing = [n for n in names if n not in known]
    if missing:
        raise UsageError(f"{project.source}: no image named {', '.join(missing)}")
    return [e for e in entries if not names or e.name in names or e.id in names]


def part_of(entries: Sequence[ImageEntry], shard: tuple[int, int] | None) -> Sequence[ImageEntry]:
    """Every N-th image from the K-th (see `PredictConfig.shard`); None: all."""
    return entries if shard is None else entries[shard[0] - 1 :: shard[1]]
