"""Tasks on a cluster of processes: one dies, one fails, and all is done."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hookpath.cluster import Outcome, cluster_connection, connected, run_tasks
from hookpath.cluster.evaluate_task import ClusterWork
from hookpath.errors import ClusterError, UsageError
from hookpath.evaluation import annotated_images, evaluate_maps
from hookpath.evaluation.slide_evaluation import Scoring
from hookpath.projects import SPLIT_KEY, assume, open_project
from hookpath.projects.reopen_projects import ProjectSpec
from support.evaluation import BLUE, RED, write_slide
from support.reporting import Notes
from support.tasks import MapsThatKill, work

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two worker processes."""
    with connected("local:2") as found:
        yield found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX's signals")
def test_a_worker_that_dies_loses_no_piece_and_a_failure_is_tried_elsewhere(
    client: Any, tmp_path: Path
) -> None:
    names = ["a", "kills", "b", "fails once", "c", "fails"]
    ended: dict[str, Outcome] = {}
    retried: list[str] = []
    run_tasks(
        client,
        work,
        [(tmp_path, name) for name in names],
        lambda number, outcome: ended.update({names[number]: outcome}),
        lambda number, outcome: retried.append(f"{names[number]}: {outcome.error}"),
    )
    assert {name: outcome.error for name, outcome in ended.items()} == {
        **dict.fromkeys(["a", "kills", "b", "fails once", "c"]),
        "fails": "fails: µm/px is unknown",
    }
    assert retried == ["fails once: fails once: not readable now"]
    lines = [line.rsplit(" ", 1) for line in (tmp_path / "log").read_text().splitlines()]
    tries = {name: [pid for n, pid in lines if n == name] for name in names}
    assert [len(tries[name]) for name in ("kills", "fails")] == [2, 1]
    assert len(set(tries["kills"])) == 2
    assert len(tries["fails once"]) == 2


def test_who_died_is_waited_for_longer_than_imports_take_on_a_busy_machine(client: Any) -> None:
    import dask

    assert dask.config.get("distributed.deploy.lost-worker-timeout") == "600s"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX's signals")
def test_slides_are_scored_by_workers_of_which_one_dies(client: Any, tmp_path: Path) -> None:
    folder = tmp_path / "slides"
    for name in ("a.tif", "kills.tif", "none.tif"):
        write_slide(folder, name, [(RED, 10, 10, 60, 60), (BLUE, 100, 100, 150, 120)])
    project = open_project(folder)
    images, _ = annotated_images(project)
    assume(images[0].entry, {SPLIT_KEY: "val"})  # known here only
    notes = Notes()
    maps = MapsThatKill(tmp_path)
    scoring = Scoring(picture_dir=tmp_path / "there" / "pictures")
    found, classes, problems = ClusterWork(ProjectSpec((folder,)), client).score(
        images, maps, scoring, notes
    )
    here = Scoring(picture_dir=tmp_path / "here" / "pictures")
    expected, same, _ = evaluate_maps(images, maps, here)
    assert classes == same
    assert [p.image for p in problems] == ["none.tif"]
    assert [(r.name, r.split) for r in found] == [("a.tif", "val"), ("kills.tif", None)]
    names = [p["name"] for r in found for p in [r.as_dict(classes.names)]]
    assert [r.as_dict(classes.names) for r in found] == [
        r.as_dict(classes.names) for r in expected
    ], names
    pictures = sorted(p.name for p in (tmp_path / "there" / "pictures").iterdir())
    assert pictures == sorted(p.name for p in (tmp_path / "here" / "pictures").iterdir())
    lines = [line.rsplit(" ", 1) for line in (tmp_path / "log").read_text().splitlines()]
    assert len({pid for name, pid in lines if name == "kills.tif"}) == 2


_STOPPED = """
import logging, os, signal, sys, threading, time
from distributed.deploy.spec import SpecCluster
from hookpath.cluster.cluster_connection import connected

def stop():
    while not any(len(getattr(c, "_created", ())) for c in SpecCluster._instances):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

if __name__ == "__main__":
    threading.Thread(target=stop, daemon=True).start()
    try:
        with connected("local:1"):
            time.sleep(60)
    except KeyboardInterrupt:
        sys.exit(75)
"""


def test_a_stop_while_workers_start_leaves_no_traceback(tmp_path: Path) -> None:
    script = tmp_path / "stopped.py"
    script.write_text(_STOPPED)
    found = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (75, "")


class Keeps(logging.Handler):
    """What is said, instead of saying it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="POSIX's signals")
def test_a_stop_while_dask_is_waited_for_leaves_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tornado told of a callback of Dask's own that failed."""
    none = partial(distributed.LocalCluster, processes=False, dashboard_address=None)
    monkeypatch.setattr(cluster_connection, "_local", lambda count: none(n_workers=0))
    handler = Keeps()
    tornado = logging.getLogger("tornado.application")
    tornado.addHandler(handler)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with connected("local") as client:
            client.loop.add_callback(time.sleep, 0.5)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                client.sync(asyncio.sleep, 1)
            client.sync(asyncio.sleep, 0.1)
    finally:
        signal.signal(signal.SIGALRM, before)
        tornado.removeHandler(handler)
    assert handler.said == []


def test_a_cluster_that_is_none_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_connection, "_PATIENCE_S", 0.2)
    with (
        pytest.raises(UsageError, match="--cluster cloud: there are local, local:4, slurm"),
        connected("cloud"),
    ):
        pass
    with (
        pytest.raises(ClusterError, match="no Dask scheduler answers"),
        connected("tcp://127.0.0.1:9"),
    ):
        pass
