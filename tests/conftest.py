"""Puts tests/ on sys.path (``from support.slides import …``) and says what was skipped and why."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from hookpath.lazy_dynamo import load_the_compiler_late

# The tests' networks are tiny: threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
load_the_compiler_late()  # as commands do
sys.path.insert(0, str(Path(__file__).parent))


def _keep_bytecode() -> None:
    """For this session, where Python must not write any beside its sources.

    Else every process that a test starts, and each that those start, compiles torch anew: 6 s.
    """
    if not sys.dont_write_bytecode:
        return
    if "PYTHONPYCACHEPREFIX" not in os.environ:  # else a worker of a session that has one
        made = tempfile.mkdtemp(prefix="hookpath-bytecode-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        os.environ["PYTHONPYCACHEPREFIX"] = made
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.pycache_prefix, sys.dont_write_bytecode = os.environ["PYTHONPYCACHEPREFIX"], False


_keep_bytecode()

GROUPS = ("qupath", "gpu", "shared_data", "slow")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes, which halves the time; one at a time where a QuPath would be started."""
    from hookpath.projects import find_qupath

    return 0 if find_qupath() else min(2, os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes minutes is left out, and named at the end, unless ``-m`` selects it."""
    if "slow" in (config.getoption("-m") or ""):
        return
    left_out = pytest.mark.skip(reason="takes minutes; `pytest -n 0 -m slow` runs it")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(left_out)


def _group_of(report: pytest.TestReport) -> str:
    return next((name for name in GROUPS if name in report.keywords), "other")


def _reason_of(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return "expected failure" if hasattr(report, "wasxfail") else "no reason given"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines: how many tests did not run, by what they would need."""
    skipped: dict[str, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.stats.get("skipped", []):
        skipped[_group_of(report)][_reason_of(report)] += 1
    if not skipped:
        return
    terminalreporter.section("not run")
    for group in (*GROUPS, "other"):
        for reason, count in skipped[group].items() if group in skipped else ():
            terminalreporter.line(f"{group}: {count} skipped: {reason}")
