"""``hookpath train --folds``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hookpath.cli.console_and_exit_codes import Console

if TYPE_CHECKING:
    from hookpath.experiments import FoldsResult
    from hookpath.projects import Project
    from hookpath.training import TrainConfig


def print_folds(
    console: Console,
    projects: Sequence[Project],
    settings: TrainConfig,
    out: Path,
    folds: int,
    splits: Path | None,
    only: int | None,
) -> None:
    """Train folds, and say what came of them.

    Raises:
        HookpathError: see `hookpath.experiments.train_folds`.
    """
    from hookpath.experiments import train_folds

    result = train_folds(projects, settings, out, folds, console.reporter, splits, only)
    console.result("folds", _payload(result))
    rows = [
        [str(fold), str(run.epochs), "–" if run.best_score is None else f"{run.best_score:.3f}"]
        for fold, run in sorted(result.runs.items())
    ]
    console.table("", ["fold", "epochs", "validation"], rows)
    report = result.report
    if report is None:
        missing = ", ".join(map(str, result.left))
        console.say(f"fold {missing} to come; the same command makes the report when all are there")
        return
    console.say(f"{'held-out macro F1':<20} {report.pooled.macro('f1'):.3f} over all slides")
    console.say(f"{'report':<20} {out / 'held-out' / 'report.html'}")
    console.say(f"{'next':<20} hookpath predict SOURCE --model {out} -o OUT")


def _payload(result: FoldsResult) -> dict[str, object]:
    report = result.report
    return {
        "out": result.out_dir,
        "folds": {fold: vars(run) for fold, run in result.runs.items()},
        "left": list(result.left),
        "held_out_macro_f1": None if report is None else report.pooled.macro("f1"),
    }
