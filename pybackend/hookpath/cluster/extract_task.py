"""Patches cut out on a cluster: a task for each slide, the table of all of them here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hookpath.cluster.cluster_connection import connected
from hookpath.cluster.task_retries import Outcome, run_tasks
from hookpath.cluster.worker_projects import WorkerProjects
from hookpath.events import SILENT, Reporter
from hookpath.extraction import ExtractConfig, ExtractReport, extract_projects
from hookpath.extraction.project_extraction import chosen_pairs
from hookpath.projects import Problem
from hookpath.projects.reopen_projects import ProjectSpec

TASK = "extract"


def extract_on_cluster(
    spec: ProjectSpec, out: Path, config: ExtractConfig, cluster: str, reporter: Reporter = SILENT
) -> ExtractReport:
    """`hookpath.extraction.extract_projects` with a worker for each slide.

    Workers need to see the same files under the same paths.

    Raises:
        ClusterError: there is no such cluster.
        UsageError, OutputError: as `extract_projects`.
    """
    with spec.each() as projects:
        pairs = list(chosen_pairs(projects, config))
    first, step = config.shard or (1, 1)
    numbers = range(first, len(pairs) + 1, step)
    failed: dict[int, Outcome] = {}

    def done(number: int, outcome: Outcome) -> None:
        reporter.advance(TASK)
        if outcome.error is not None:
            failed[numbers[number]] = outcome

    # Every task knows all images, so that masks have the same values on all of them.
    alone = replace(config, workers=0)
    there = WorkerProjects(spec)
    pieces = [
        (there, out.absolute(), replace(alone, shard=(number, len(pairs)))) for number in numbers
    ]
    reporter.start(TASK, len(pieces), "slide")
    with connected(cluster) as client:
        run_tasks(client, extract_one, pieces, done)
    reporter.finish(TASK)
    found = [pairs[n - 1][1] for n in numbers if n not in failed]
    problems = tuple(
        Problem(pairs[n - 1][1].name, str(why.error), why.code, pairs[n - 1][1].id)
        for n, why in failed.items()
    )
    for problem in problems:
        reporter.warn(problem.line)
        reporter.result("problem", vars(problem))
    if not found:
        return ExtractReport(out, (), (), problems, None)
    here = replace(config, images=tuple(e.id for e in found), again=False, shard=None, workers=0)
    with spec.each() as projects:
        report = extract_projects(projects, out, here, reporter)
    return replace(report, problems=(*report.problems, *problems))


def extract_one(projects: WorkerProjects, out: Path, config: ExtractConfig) -> Outcome:
    """On a worker: one image."""
    report = extract_projects(projects.each(), out, config)
    if report.problems:
        return Outcome(report.problems[0].message, report.problems[0].code)
    return Outcome()
