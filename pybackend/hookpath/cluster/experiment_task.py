"""A whole experiment on a cluster: a task for each contestant on each trial."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from hookpath.cluster.cluster_connection import connected
from hookpath.cluster.task_retries import Outcome, run_tasks
from hookpath.errors import ClusterError
from hookpath.events import SILENT, Reporter
from hookpath.experiments import Design, ExperimentResult, Options, run_design
from hookpath.experiments.design_runner import prepare_design, score_contestant
from hookpath.projects.reopen_projects import ProjectSpec

TASK = "experiment"


def design_on_cluster(
    design: Design,
    out: Path,
    spec: ProjectSpec | None,
    options: Options,
    cluster: str,
    reporter: Reporter = SILENT,
) -> ExperimentResult:
    """`hookpath.experiments.run_design` by workers; what is finished in `out` is kept.

    Workers need to see the same files and `out` under the same paths.

    Args:
        spec: on what; None: the synthetic slides of the design.

    Raises:
        ClusterError: there is no such cluster, or a contestant failed.
        UsageError: as `run_design`.
    """
    out = out.absolute()
    if options.truth is not None:
        options = replace(options, truth=options.truth.absolute())
    if options.splits is not None:
        options = replace(options, splits=options.splits.absolute())
    with nullcontext() if spec is None else spec.opened() as project:
        design, trials = prepare_design(design, out, project, options, reporter)
        # Whose model is a part of another one's comes after that.
        waves = [[c for c in design.contestants if (c.part_of is None) is first]
                 for first in (True, False)]  # fmt: skip
        reporter.start(TASK, len(trials) * len(design.contestants), "contestant")
        with connected(cluster) as client:
            for wave in waves:
                names = [(trial.name, c.title) for trial in trials for c in wave]
                failed: list[str] = []

                def done(
                    number: int,
                    outcome: Outcome,
                    names: list[tuple[str, str]] = names,
                    failed: list[str] = failed,
                ) -> None:
                    reporter.advance(TASK)
                    if outcome.error is not None:
                        failed.append(f"{' '.join(names[number])}: {outcome.error}")
                        reporter.warn(failed[-1])

                pieces = [(design, out, spec, options, trial, title) for trial, title in names]
                run_tasks(client, score_one, pieces, done)
                if failed:
                    raise ClusterError(
                        f"{len(failed)} of {len(pieces)} trainings failed, the first {failed[0]}; "
                        "the same command goes on with those"
                    )
        reporter.finish(TASK)
        return run_design(design, out, project, options, reporter)


def score_one(
    design: Design, out: Path, spec: ProjectSpec | None, options: Options, trial: str, title: str
) -> Outcome:
    """On a worker: one contestant on one trial; its report is in `out` then."""
    with nullcontext() if spec is None else spec.opened() as project:
        score_contestant(design, out, project, options, trial, title)
    return Outcome()
