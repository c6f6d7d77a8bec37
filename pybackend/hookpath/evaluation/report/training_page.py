"""``report.html`` of a training run: curves, classes, split, configuration, versions."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import EvaluationError
from hookpath.evaluation.plotting.metric_plots import curves
from hookpath.evaluation.report.evaluation_page import confusion_rows
from hookpath.evaluation.report.evaluation_report import REPORT_HTML
from hookpath.evaluation.report.html_templates import count, inline_svg, render, save_page
from hookpath.training_run_files import read_metrics_file, read_run_file
from hookpath.untrusted_files import read_json, reason

RUN_JSON, METRICS_CSV, CARD = "run.json", "metrics.csv", "model/model.json"
FINDINGS = "findings.json"
_MACRO = "macro mean"

#: Columns that say how good the network is, as a person reads them; the first there is the score.
METRICS = {
    "f1": "macro F1",
    "r2": "R²",
    "kappa": "Cohen's κ",
    "balanced_accuracy": "balanced accuracy",
    "mse": "mean squared error",
}


@dataclass(frozen=True)
class RunMetrics:
    """What a run's folder says.

    Attributes:
        record: ``run.json``.
        rows: of ``metrics.csv``, numbers NaN where nothing was measured; empty before the first
            epoch's end.
        card: ``model.json``; empty before there is a model.
        findings: what the run found out about itself, in words.
    """

    folder: Path
    record: Mapping[str, Any]
    rows: Sequence[Mapping[str, float]]
    card: Mapping[str, Any]
    findings: Sequence[str] = ()

    @property
    def classes(self) -> ClassTable:
        """Classes in channel order."""
        return ClassTable.of(
            PathClass(c["name"], tuple(c["color"]) if c.get("color") else None)
            for c in self.record["classes"]
        )

    @property
    def best(self) -> Mapping[str, float] | None:
        """The epoch whose weights are the run's model; None before there is one."""
        epoch = self.card.get("metrics", {}).get("epoch")
        return next((row for row in self.rows if row["epoch"] == epoch), None)

    @property
    def metrics(self) -> dict[str, str]:
        """The columns of `METRICS` that this run has, the one of its score first."""
        return {key: name for key, name in METRICS.items() if any(key in row for row in self.rows)}

    @property
    def unit(self) -> str:
        """What is counted as right or wrong."""
        return "patches" if self.card.get("scores") == "patches" else "pixels"

    def column(self, name: str) -> list[float]:
        """One metric over the epochs."""
        return [row.get(name, math.nan) for row in self.rows]


def train_report(run_dir: Path) -> Path:
    """Write ``report.html`` into a run's folder, from what lies there; returns its path.

    Works at any time, also while the run goes on; the page is self-contained.

    Raises:
        EvaluationError: no run there, a file of it is damaged, or the page cannot be written.
    """
    run = read_run(run_dir)
    path = run_dir / REPORT_HTML
    save_page(run_page(run), path)
    return path


def read_run(run_dir: Path) -> RunMetrics:
    """Read a run's folder.

    Raises:
        EvaluationError: no run there, or a file of it is damaged.
    """
    if not (run_dir / RUN_JSON).is_file():
        raise EvaluationError(f"{run_dir}: no {RUN_JSON} here; give the folder of a training run")
    record = _checked(read_run_file, run_dir / RUN_JSON)
    card = _checked(_read_card, run_dir / CARD) if (run_dir / CARD).is_file() else {}
    findings = _read_findings(run_dir / FINDINGS)
    rows = _checked(_read_rows, run_dir / METRICS_CSV)
    return RunMetrics(run_dir, record, rows, card, findings)


def run_page(run: RunMetrics) -> str:
    """The whole page."""
    best, config = run.best, run.record["config"]
    return render(
        "run.html.j2",
        title=f"Training run {run.folder.resolve().name}",
        model_line=_model_line(run),
        started=str(run.record.get("started", "")).replace("T", " "),
        notes=_notes(run),
        best=best,
        score=_score(run),
        looked=_looked(run),
        metrics=[(name, (best or {}).get(key, math.nan)) for key, name in run.metrics.items()],
        unit=run.unit,
        epochs=len(run.rows),
        planned=config.get("epochs"),
        seconds=_duration(sum(s for s in run.column("seconds") if s == s)),
        patches_per_s=_mean(run.column("patches_per_s")),
        plots=[inline_svg(p) for p in _plots_of(run)] if run.rows else [],
        classes=_class_rows(run),
        matrix=_matrix(run),
        columns=list(run.classes),
        split=[(part, run.record["split"].get(part, [])) for part in ("train", "val", "test")],
        made=_made(run),
        config=sorted(_flat(config).items()),
        versions=sorted(run.record["versions"].items()),
        machine=_machine(run),
    )


_Read = TypeVar("_Read")


def _checked(read: Callable[[Path], _Read], path: Path) -> _Read:
    try:
        return read(path)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EvaluationError(f"{path}: damaged ({reason(error)}); copy the run again") from error


def _read_card(path: Path) -> dict[str, Any]:
    found = read_json(path)
    if not isinstance(found, dict):
        raise ValueError("no object")
    for name, kind in (("metrics", dict), ("branches", list)):
        if not isinstance(found.get(name, kind()), kind):
            raise ValueError(f"{name} is of another kind")
    return found


def _read_findings(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return _checked(lambda p: [str(found["message"]) for found in read_json(p)], path)


def _read_rows(path: Path) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    return [
        {key: float(value) if value else math.nan for key, value in row.items()}
        for row in read_metrics_file(path)
    ]


def _model_line(run: RunMetrics) -> str:
    config, branches = run.record["config"], run.card.get("branches", [])
    spacings = [b["spacing_um"] for b in branches] or config.get("model", {}).get("spacings", [])
    fixed = run.card.get("reads", "patches") == "patches"
    where = f" at {' + '.join(f'{s:g}' for s in spacings)} µm/px" if spacings and fixed else ""
    return f"{config.get('family', 'model')}{where}"


def _notes(run: RunMetrics) -> list[str]:
    notes = list(run.findings)
    planned = run.record["config"].get("epochs")
    if not run.rows:
        notes.append("No epoch is finished yet: there is nothing to plot.")
    elif planned and len(run.rows) < planned:
        timed = run.record["config"].get("minutes")
        why = "its time was up" if timed else "nothing improved"
        notes.append(
            f"{len(run.rows)} of {planned} epochs: the run goes on, was stopped, or ended early "
            f"because {why}."
        )
    if not run.record["split"].get("val"):
        _, name = _score(run)
        notes.append(
            f"No validation slide: {name} was not measured, and the last weights are kept."
        )
    elif run.rows:
        absent = [n for n in run.classes.names if all(v != v for v in run.column(f"f1:{n}"))]
        if absent:
            notes.append(f"Annotated on no validation slide, so F1 unknown: {', '.join(absent)}.")
    return notes


def _plots_of(run: RunMetrics) -> list[Any]:
    epochs = [int(row["epoch"]) for row in run.rows]
    best = int(run.best["epoch"]) if run.best else None
    losses = {"training": run.column("loss"), "validation": run.column("val_loss")}
    names = run.classes.names
    f1 = {_MACRO: run.column("f1")} | {n: run.column(f"f1:{n}") for n in names}
    colors = dict(zip(names, run.classes.colors, strict=True))
    annotated = [curves(epochs, _measured(losses), "loss", best_epoch=best)]
    if _measured(f1):
        label = "F1 on validation slides"
        plot = curves(epochs, _measured(f1), label, colors, best, bold=_MACRO)
        plot.axes[0].set_ylim(0, 1)
        annotated.append(plot)
    others = {name: run.column(key) for key, name in run.metrics.items() if key not in _APART}
    if _measured(others):
        annotated.append(curves(epochs, _measured(others), "validation slides", best_epoch=best))
    rates = run.column("learning_rate")
    if len(set(rates)) > 1:
        annotated.append(curves(epochs, {"learning rate": rates}, "learning rate", best_epoch=best))
    return annotated


#: Plotted with the classes', or on a scale of its own.
_APART = ("f1", "mse")


def _score(run: RunMetrics) -> tuple[str, str]:
    """Column and name of what the kept weights are the best of."""
    return next(iter(run.metrics.items()), ("f1", METRICS["f1"]))


def _measured(series: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    return {name: values for name, values in series.items() if any(v == v for v in values)}


def _class_rows(run: RunMetrics) -> list[dict[str, Any]]:
    """Per class: F1 of the kept weights, and how many labelled pixels were learned from."""
    last = run.rows[-1] if run.rows else {}
    best = run.best or {}
    return [
        {
            "cls": c,
            "f1": best.get(f"f1:{c.name}", math.nan),
            "pixels": last.get(f"pixels:{c.name}", math.nan),
        }
        for c in run.classes
    ]


def _matrix(run: RunMetrics) -> list[dict[str, Any]]:
    counts = run.card.get("metrics", {}).get("validation_confusion")
    if counts is None or len(counts) != len(run.classes):
        return []
    return confusion_rows(
        [(c, True, np.array(r)) for c, r in zip(run.classes, counts, strict=True)]
    )


#: Metrics of the kept weights on the slides that they were learned from.
_LOOKED = {
    "training_macro_f1": "macro F1",
    "training_loss": "cross-entropy",
    "prior_loss": "cross-entropy of guessing by how often each class is annotated",
}


def _looked(run: RunMetrics) -> list[tuple[str, float]]:
    """What the last look at the training slides said; empty before it."""
    metrics = run.card.get("metrics", {})
    return [(name, metrics[key]) for key, name in _LOOKED.items() if metrics.get(key) is not None]


def _made(run: RunMetrics) -> list[tuple[str, str]]:
    """From what, and how; without what runs of before did not record."""
    record = run.record
    learned = record.get("parameters", {}).get("learned")
    found = [
        ("projects", ", ".join(record.get("projects", []))),
        ("data fingerprint", record.get("data", {}).get("fingerprint", "")),
        ("parameters learned", count(learned) if learned else ""),
        ("command", record.get("command", "")),
    ]
    return [(name, value) for name, value in found if value]


def _machine(run: RunMetrics) -> list[tuple[str, str]]:
    """What the run was started on; empty in runs of before."""
    found = run.record.get("machine", {})
    named = {"memory_gib": "memory, GiB", "gpu": "GPU", "gpu_memory_gib": "GPU memory, GiB"}
    return [(named.get(k, k), str(v)) for k, v in found.items() if v is not None]


def _mean(values: Sequence[float]) -> float:
    known = [v for v in values if v == v]
    return sum(known) / len(known) if known else math.nan


def _duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 05 min``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = json.dumps(value, ensure_ascii=False)
    return found
