"""Several evaluations of the same slides, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hookpath.errors import UsageError
from hookpath.evaluation.comparison.common_slides_and_annotations import (
    ComparedRun,
    few,
    on_common_slides,
    refuse_other_classes,
)
from hookpath.evaluation.comparison.comparison_result import COMPARED, Comparison, groups_of_slide
from hookpath.evaluation.comparison.same_settings_check import predicted_otherwise
from hookpath.evaluation.report.evaluation_report import find_report, load_report
from hookpath.evaluation.scoring.slide_groups import shared_keys
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.evaluation.statistics.multiple_testing import CORRECTIONS


def compare_reports(
    runs: Sequence[str | Path],
    *,
    names: Sequence[str] | None = None,
    out_dir: Path | None = None,
    metric: str = "f1",
    title: str | None = None,
    correction: str = "holm",
    baseline: str | None = None,
    group_by: Sequence[str] | None = None,
) -> Comparison:
    """Compare evaluations slide by slide, on the slides that all of them scored.

    Args:
        runs: folders that `evaluate_project` wrote (or ``report.json`` files, or folders with an
            ``evaluation/`` in them); two or more.
        names: what to call them; default: their folders' names.
        out_dir: where ``comparison.html``, ``.json``, ``.png`` and ``plots/`` go; None: nothing is
            written.
        metric: one of `COMPARED`.
        title: headline of the page.
        correction: of the paired tests' p values, one of `CORRECTIONS`.
        baseline: name of the run that the others are tested against; None: every pair is tested.
        group_by: metadata keys that slides were grouped by in the evaluations; None: all of them.

    Raises:
        UsageError: fewer than two runs, one given twice, or an unknown metric, correction, baseline
            or key.
        EvaluationError: no report there, classes differ, no slide in common, or `out_dir` cannot
            be written.
    """
    _check_call(runs, names, metric, correction)
    found = [find_report(Path(run)) for run in runs]
    _refuse_twice(found)
    chosen = names or short_names([path.parent for path in found])
    loaded = [
        ComparedRun(name, path.parent, load_report(path))
        for name, path in zip(chosen, found, strict=True)
    ]
    refuse_other_classes(loaded)
    if baseline is not None and baseline not in chosen:
        raise UsageError(f"no run is called {baseline!r}; there are: {', '.join(chosen)}")
    slides, results, notes = on_common_slides(loaded)
    comparison = Comparison(
        tuple(loaded), loaded[0].report.classes, metric, tuple(slides), tuple(results),
        (*notes, *predicted_otherwise(loaded), *_other_groups(slides, results)),
        correction, baseline,
        _keys(results, group_by),
    )  # fmt: skip
    if out_dir is not None:
        from hookpath.evaluation.comparison.comparison_page import write_comparison

        write_comparison(comparison, out_dir, title or _title(comparison.names))
    return comparison


def _title(names: Sequence[str], longest: int = 90) -> str:
    named = " · ".join(names)
    return named if len(named) <= longest else f"{len(names)} runs"


def _keys(
    results: Sequence[Sequence[SlideResult]], wanted: Sequence[str] | None
) -> tuple[str, ...]:
    known = shared_keys([r.groups for run in results for r in run])
    for key in wanted or ():
        if key not in known:
            raise UsageError(
                f"the slides are not grouped by {key!r} in these evaluations; evaluate with "
                f"--group-by {key}"
            )
    return tuple(known if wanted is None else wanted)


def _other_groups(slides: Sequence[str], results: Sequence[Sequence[SlideResult]]) -> list[str]:
    """A note where the evaluations put a slide into different groups."""
    moved = [
        name
        for name, slide in zip(slides, zip(*results, strict=True), strict=True)
        if any(r.groups.get(k, v) != v for r in slide for k, v in groups_of_slide(slide).items())
    ]
    if not moved:
        return []
    return [f"Not in the same group in all runs, so in that of the first: {few(moved)}."]


def short_names(folders: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell them apart, without ``evaluation``."""
    parts = [[p for p in f.resolve().parts if p != f.anchor] for f in folders]
    while all(p and p[-1] == "evaluation" for p in parts):
        parts = [p[:-1] for p in parts]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(p[-length:]) for p in parts]
        if len(set(names)) == len(names):
            return names
    return [str(f) for f in folders]


def _check_call(
    runs: Sequence[str | Path], names: Sequence[str] | None, metric: str, correction: str
) -> None:
    if len(runs) < 2:
        raise UsageError("give at least two evaluations to compare")
    if names is not None and (len(names) != len(runs) or len(set(names)) != len(names)):
        raise UsageError(f"give one name of its own for each of the {len(runs)} evaluations")
    if metric not in COMPARED:
        raise UsageError(f"metric {metric!r} is none of {', '.join(COMPARED)}")
    if correction not in CORRECTIONS:
        raise UsageError(f"correction {correction!r} is none of {', '.join(CORRECTIONS)}")


def _refuse_twice(found: Sequence[Path]) -> None:
    paths = [path.resolve() for path in found]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError(f"{path}: given twice")
