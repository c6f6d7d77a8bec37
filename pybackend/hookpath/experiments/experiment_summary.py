"""What an experiment found: the table as the papers print it, and whether their order came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hookpath.evaluation import EvaluationReport, compare_reports, load_report
from hookpath.evaluation.class_metrics import Counts, finite
from hookpath.evaluation.statistics.bootstrap import Interval, each, pooled_intervals
from hookpath.experiments.cpu_costs import COSTS, Cost
from hookpath.experiments.design import Design, Expectation
from hookpath.experiments.design_runner import ExperimentResult
from hookpath.experiments.macro_f1_or_kappa import metrics_of
from hookpath.experiments.merged_trials import write_merged
from hookpath.experiments.result_tables import write_summary


@dataclass(frozen=True)
class Cell:
    """A metric of all test slides pooled, its 95 % interval over slides, its value by trial."""

    value: float
    within: Interval
    by_trial: tuple[float, ...] = ()

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "–"
        return f"{self.value:.3f}{_brackets(self.within, '.3f')}"


@dataclass(frozen=True)
class Verdict:
    """An expected order and what came out.

    `difference` is better − worse of the pooled metric; `within` its paired 95 % interval; both
    None where the slides do not have the class in question.
    """

    expected: Expectation
    difference: float | None = None
    within: Interval | None = None

    @property
    def outcome(self) -> str:
        """In words that do not say more than the interval does."""
        if self.difference is None or self.within is None:
            return f"not asked, these slides have no class {self.expected.figure}"
        if self.within.low > 0:
            return "as expected"
        if self.within.high < 0:
            return "the other way round"
        side = "as expected" if self.difference > 0 else "the other way round"
        few = np.isnan(self.within.low)
        why = "there are too few slides for an interval" if few else "its interval holds 0"
        return f"not shown (the difference is {side}, {why})"

    def __str__(self) -> str:
        wanted = self.expected
        line = f"{wanted.better} > {wanted.worse} ({wanted.figure}): {self.outcome}"
        if self.difference is None or self.within is None:
            return line
        return f"{line}; difference {self.difference:+.3f}{_brackets(self.within, '+.3f')}"

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        found: dict[str, Any] = {"difference": None, "low": None, "high": None}
        if self.difference is not None and self.within is not None:
            found = {"difference": finite(self.difference), **self.within.as_dict()}
        return {**vars(self.expected), **found, "outcome": self.outcome}


def _brackets(within: Interval, form: str) -> str:
    """Nothing where there are too few slides."""
    return "" if np.isnan(within.low) else f" [{within.low:{form}}, {within.high:{form}}]"


@dataclass(frozen=True)
class ExperimentSummary:
    """Table and verdicts of an experiment; `command` made it; `costs` are those of its trials."""

    design: Design
    command: str
    slides: int
    trials: tuple[str, ...]
    table: dict[str, dict[str, Cell]]
    verdicts: tuple[Verdict, ...]
    costs: dict[str, tuple[Cost | None, ...]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Headline of the table."""
        what = "κ and balanced accuracy" if self.design.metric == "kappa" else "F1"
        return f"{self.design.name}: {what} over all {self.slides} test slides [95 % interval]"

    @property
    def header(self) -> list[str]:
        """Column titles."""
        metrics = next(iter(self.table.values()))
        return ["", *self._columns, *metrics, *(name for name, _ in COSTS)]

    @property
    def rows(self) -> list[list[str]]:
        """One row for every contestant."""
        said = {c.title: c.columns for c in self.design.contestants}
        return [
            [
                title,
                *(said[title].get(c, "") for c in self._columns),
                *map(str, cells.values()),
                *(self._mean_cost(title, step) for _, step in COSTS),
            ]
            for title, cells in self.table.items()
        ]

    @property
    def _columns(self) -> list[str]:
        names = [n for c in self.design.contestants for n in c.columns if n != "model"]
        return list(dict.fromkeys(names))

    def cost_of(self, title: str, step: str) -> list[float]:
        """CPU seconds of a contestant's trials; nan where nobody measured them."""
        costs = self.costs.get(title, ())
        return [float("nan") if c is None else float(getattr(c, step)) for c in costs]

    def _mean_cost(self, title: str, step: str) -> str:
        measured = [s for s in self.cost_of(title, step) if not np.isnan(s)]
        return f"{np.mean(measured):.0f}" if measured else "–"

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        return {
            "design": self.design.name,
            "command": self.command,
            "slides": self.slides,
            "trials": list(self.trials),
            "metrics": {
                title: {
                    name: {
                        "value": finite(c.value),
                        **c.within.as_dict(),
                        "by_trial": [finite(v) for v in c.by_trial],
                    }
                    for name, c in cells.items()
                }
                for title, cells in self.table.items()
            },
            "cpu_s": {
                title: {step: [finite(s) for s in self.cost_of(title, step)] for _, step in COSTS}
                for title in self.table
            },
            "expected": [v.as_dict() for v in self.verdicts],
        }


def summarise(result: ExperimentResult, command: str) -> ExperimentSummary:
    """Merge the trials, compare the contestants, and write it all into the experiment's folder.

    Writes ``comparison.html`` with its plots and data, ``results.md`` and ``results.csv``.

    Raises:
        EvaluationError: the contestants have no slide in common.
        OutputError: the folder cannot be written to.
    """
    design = result.design
    folders = write_merged(result)
    titles = list(folders)
    if len(titles) > 1:
        compare_reports(
            list(folders.values()), names=titles, out_dir=result.out, metric=design.metric
        )
    reports = {title: load_report(folder) for title, folder in folders.items()}
    classes = reports[titles[0]].classes.names
    summary = ExperimentSummary(
        design=design,
        command=command,
        slides=len(reports[titles[0]].slides),
        trials=tuple(dict.fromkeys(s.trial.name for s in result.scores)),
        table={t: _cells(design.metric, result, t, r) for t, r in reports.items()},
        verdicts=tuple(_verdict(e, design.metric, classes, reports) for e in design.expectations),
        costs={t: tuple(s.cost for s in result.of(t)) for t in titles},
        settings={t: _settings_line(result, t) for t in titles},
    )
    write_summary(summary, result.out)
    return summary


def _cells(
    metric: str, result: ExperimentResult, title: str, report: EvaluationReport
) -> dict[str, Cell]:
    metrics = metrics_of(metric, report.classes.names)
    counts = np.stack([s.counts for s in report.slides])
    found = pooled_intervals(counts, each(lambda pooled: [f(pooled) for f in metrics.values()]))
    trials = [s.report.pooled.counts for s in result.of(title)]
    return {
        name: Cell(figure(report.pooled.counts), within, tuple(figure(c) for c in trials))
        for (name, figure), within in zip(metrics.items(), found, strict=True)
    }


def _verdict(
    expected: Expectation, metric: str, classes: Sequence[str], reports: dict[str, EvaluationReport]
) -> Verdict:
    """Counts may be of pixels of different size: the figures are shares, so they compare."""
    figure = metrics_of(metric, classes).get(expected.figure)
    if figure is None:
        return Verdict(expected)
    better, worse = (
        {s.name: s.counts for s in reports[title].slides}
        for title in (expected.better, expected.worse)
    )
    # Both networks on the same slides, so that the interval is that of a paired difference.
    both = np.stack([[better[name], worse[name]] for name in better if name in worse])

    def difference(pooled: Counts) -> list[float]:
        return [figure(pooled[0]) - figure(pooled[1])]

    (within,) = pooled_intervals(both, each(difference))
    return Verdict(expected, difference(both.sum(axis=0))[0], within)


def _settings_line(result: ExperimentResult, title: str) -> str:
    (contestant,) = (c for c in result.design.contestants if c.title == title)
    if contestant.part_of is not None:
        whole, folder = contestant.part_of
        return f"{folder} in the run of {whole}"
    if contestant.method != "network":
        own = ", ".join(f"{k}={v}" for k, v in contestant.settings.items())
        return f"{contestant.method}({own})"
    config = result.configs[title]
    model = ", ".join(f"{k}={v}" for k, v in config.model.items())
    steps = f"{config.epochs} × {config.steps_per_epoch} steps"
    if result.budget_s is not None:
        steps = f"as many steps as fit into {result.budget_s:g} CPU seconds"
    return (
        f"{config.family}({model}), {steps} of {config.batch_size} patches, learning rate "
        f"{config.learning_rate:g}"
    )
