"""Evaluate a scale detector: its answers against the stated µm/px of slides."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookpath.errors import EvaluationError, HookpathError
from hookpath.evaluation.project_evaluation import make_ready, model_facts
from hookpath.evaluation.report.evaluation_report import REPORT_HTML
from hookpath.evaluation.scale_detector.detector_page import write_scale_report
from hookpath.evaluation.scale_detector.detector_report import ScaleReport, ScaleSlide
from hookpath.evaluation.scoring.ground_truth import images_of_split, split_of
from hookpath.evaluation.scoring.slide_groups import check_keys, groups_of
from hookpath.evaluation.slide_evaluation import TASK
from hookpath.events import SILENT, Reporter
from hookpath.projects import ImageEntry, Problem, Project

if TYPE_CHECKING:
    from hookpath.inference.scale_detector_check import ScaleCheck

#: Patches of a slide at each magnification that it offers.
PATCHES = 16


def evaluate_scale(
    project: Project,
    *,
    model_dir: Path,
    out_dir: Path,
    split: str = "all",
    names: Collection[str] = (),
    device: str = "auto",
    group_by: Sequence[str] = (),
    title: str | None = None,
    reporter: Reporter = SILENT,
) -> ScaleReport:
    """Ask a scale detector about patches of slides whose µm/px is known; nothing need be annotated.

    Patches are read as for its validation in training (`ScaleValidation`): of tissue, at exactly
    the trained magnifications. Writes ``report.html``, ``report.json``, ``scores.csv``,
    ``slides.csv`` and ``plots/`` to `out_dir`; the project is only read.

    Args:
        project, split, names, group_by, title, reporter: see `evaluate_project`.
        model_dir: its model folder.
        out_dir: where the report goes.
        device: ``auto``, ``cpu``, ``cuda``…

    Raises:
        UsageError: no image has a key of `group_by`.
        EvaluationError: no slide could be measured, or `out_dir` cannot be written. A single
            slide's failure is in ``report.problems``.
        ModelFolderError: the model cannot be loaded, or is of another kind.
    """
    from hookpath.inference.scale_detector_check import ScaleCheck

    chosen = images_of_split(project.images, split)
    images = [entry for entry in chosen if not names or entry.name in names]
    check_keys(images, group_by)
    check = ScaleCheck(model_dir, device)
    make_ready(out_dir)
    slides, problems = _measured(images, check, group_by, reporter)
    which = "all slides" if split == "all" else split
    report = ScaleReport(
        title=title or f"{project.name}: {which}",
        created=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        slides=tuple(slides),
        model=model_facts(model_dir),
        settings={
            "project": str(project.source),
            "split": split,
            "grouped_by": list(group_by),
            "patches_per_magnification": PATCHES,
        },
        problems=tuple(problems),
    )
    write_scale_report(report, out_dir)
    reporter.result("evaluation", scale_summary(report, out_dir))
    return report


def _measured(
    images: Sequence[ImageEntry], check: ScaleCheck, group_by: Sequence[str], reporter: Reporter
) -> tuple[list[ScaleSlide], list[Problem]]:
    """Slide by slide; one that fails becomes a `Problem`."""
    slides: list[ScaleSlide] = []
    problems: list[Problem] = []
    reporter.start(TASK, len(images), "slide")
    for entry in images:
        try:
            slides.append(_slide(entry, check, group_by))
        except HookpathError as error:
            problems.append(Problem(entry.name, str(error), error.code, entry.id))
            reporter.warn(f"not measured: {problems[-1].line}")
            reporter.result("problem", vars(problems[-1]))
        reporter.advance(TASK)
    reporter.finish(TASK)
    if not slides:
        first = problems[0] if problems else Problem("project", "it has no images")
        raise EvaluationError(
            f"no slide could be measured; the first reason: {first.line}", code=first.code
        )
    return slides, problems


def _slide(entry: ImageEntry, check: ScaleCheck, group_by: Sequence[str]) -> ScaleSlide:
    answers = check.measure(entry.slide, entry.name, PATCHES)
    return ScaleSlide(
        name=entry.name,
        id=entry.id,
        spacing_um=answers.spacing_um,
        asked=answers.asked,
        found=answers.found,
        magnifications=check.magnifications,
        split=split_of(entry),
        groups=groups_of(entry, group_by),
    )


def scale_summary(report: ScaleReport, out_dir: Path) -> dict[str, Any]:
    """The few metrics that a terminal or another program wants."""
    return {
        "report": str(out_dir / REPORT_HTML),
        "slides": len(report.slides),
        "problems": len(report.problems),
        **{f"pooled_{metric}": value for metric, value in report.pooled.metrics().items()},
    }
