"""``results.md`` and ``results.csv``: what an experiment found, for people and for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hookpath.atomic_files import replace_text
from hookpath.errors import OutputError, write_code
from hookpath.evaluation.class_metrics import spread
from hookpath.experiments.cpu_costs import COSTS
from hookpath.safe_names import csv_cell

if TYPE_CHECKING:
    from hookpath.experiments.experiment_summary import ExperimentSummary

MARKDOWN, TABLE_CSV = "results.md", "results.csv"


def write_summary(summary: ExperimentSummary, out: Path) -> None:
    """Write the table of all networks, as Markdown and as CSV.

    Raises:
        OutputError: the folder cannot be written to.
    """
    try:
        replace_text(out / MARKDOWN, markdown(summary))
        replace_text(out / TABLE_CSV, table_csv(summary))
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written to ({error.strerror})", code=write_code(error)
        ) from error


def markdown(summary: ExperimentSummary) -> str:
    """The page that says what was done and what came out."""
    lines = [
        f"# {summary.design.name}",
        "",
        summary.design.about,
        "",
        f"    {summary.command}",
        "",
        f"{summary.title}.",
        "",
        _row(summary.header),
        _row(["---"] * len(summary.header)),
        *(_row(row) for row in summary.rows),
        "",
    ]
    if len(summary.trials) > 1:
        lines += _by_trial(summary)
    if summary.verdicts:
        lines += ["Expected, and found:", "", *(f"- {v}" for v in summary.verdicts), ""]
    lines += ["Settings:", "", *(f"- {t}: {s}" for t, s in summary.settings.items()), ""]
    return "\n".join(lines)


def _by_trial(summary: ExperimentSummary) -> list[str]:
    """The last metric (macro F1, balanced accuracy) of every trial, its mean and deviation."""
    name = list(next(iter(summary.table.values())))[-1]
    rows = []
    for title, cells in summary.table.items():
        values = cells[name].by_trial
        over = spread(values)
        rows.append([title, *(f"{v:.3f}" for v in values), f"{over.mean:.3f} ± {over.std:.3f}"])
    head = ["", *summary.trials, "mean ± std"]
    return [f"By trial ({name}):", "", _row(head), _row(["---"] * len(head)),
            *(_row(row) for row in rows), ""]  # fmt: skip


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table_csv(summary: ExperimentSummary) -> str:
    """One line for every contestant and metric."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["contestant", "figure", "value", "low", "high", *summary.trials])
    for title, cells in summary.table.items():
        for name, cell in cells.items():
            values = (cell.value, cell.within.low, cell.within.high, *cell.by_trial)
            writer.writerow([csv_cell(title), csv_cell(name), *(f"{v:.6f}" for v in values)])
        for name, step in COSTS:
            spent = summary.cost_of(title, step)
            mean = sum(spent) / len(spent) if spent else float("nan")
            nothing = float("nan")
            values = (mean, nothing, nothing, *spent)
            writer.writerow([csv_cell(title), csv_cell(name), *(f"{v:.3f}" for v in values)])
    return text.getvalue()
