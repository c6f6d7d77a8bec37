"""How a design is run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """How a design is run.

    Attributes:
        seeds: of slides (synthetic), folds, weights and sampling.
        folds: of a project; None: the design's.
        truth: folder with ``<slide>.geojson`` to score a project's slides against.
        splits, fold: table of a split (`hookpath.projects.SplitTable`) instead of folds made here,
            and of its folds the one that is tested; None: each in turn.
        by: image metadata whose values are the folds of a design that leaves one out.
        budget_s: CPU seconds that each contestant may learn on a trial; None: as set.
        preset: ``paper`` or ``fast``; None: the design's.
        overrides: ``key=value`` training settings, put over everything else.
        only: titles of contestants; empty: all.
        inside: a project's slides are predicted only where something is annotated, unless there is
            truth of its own.
        device: for training and prediction.
    """

    seeds: tuple[int, ...] = (0,)
    folds: int | None = None
    truth: Path | None = None
    by: str | None = None
    splits: Path | None = None
    fold: int | None = None
    budget_s: float | None = None
    preset: str | None = None
    overrides: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    inside: bool = True
    device: str = "auto"
