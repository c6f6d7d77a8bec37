"""Commands of a job stop when asked to, however that is done, and keep what they have."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from hookpath.cli import main
from hookpath.cli.console_and_exit_codes import running
from hookpath.cli.stop_requests import Job, Watch
from hookpath.projects import FolderProject
from support.leftovers import leftovers
from support.predictors import save_random_model
from support.projects import image_part, write_request
from support.textures import texture_folder

TINY = {
    "set": [
        "model.filters=4", "model.depth=1", "model.input_size=24", "model.spacings=[1.0, 2.0]",
        "epochs=500", "steps_per_epoch=4", "batch_size=2", "workers=0", "device=cpu",
        "validation.max_patches=8",
    ],
    "preset": "fast",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texture_folder(tmp_path_factory.mktemp("stopping") / "slides", slides=3)


def project_part(folder: Path) -> dict[str, Any]:
    """All slides of a folder."""
    images = [
        image_part(e.id, e._path, annotations=str(e.annotation_file))
        for e in FolderProject(folder).images
    ]
    return {"name": "p", "images": images}


def training(folder: Path, job: Path) -> Path:
    """The request of a training that would take long."""
    return write_request(job, "train", project_part(folder), {"out": str(job / "run"), **TINY})


def call(request: Path) -> list[str]:
    """As the extension starts it."""
    return [sys.executable, "-X", "utf8", "-m", "hookpath", "--request", str(request), "--json"]


class Running:
    """A command in a process of its own."""

    def __init__(self, request: Path) -> None:
        self.process = subprocess.Popen(
            call(request), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        self.events: list[dict[str, Any]] = []

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Read events up to one of a kind."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if wanted(self.events[-1]):
                return
        raise AssertionError(f"ended before: {self.events[-3:]}")

    def ended(self) -> int:
        """Read the rest; the exit code."""
        out, _ = self.process.communicate(timeout=60)
        self.events += [json.loads(line) for line in out.splitlines()]
        return self.process.returncode


def is_epoch(event: dict[str, Any]) -> bool:
    return event.get("kind") == "epoch"


def assert_stopped_training(events: list[dict[str, Any]], run: Path) -> None:
    """It said so, kept the best model, and can go on."""
    stopped = next(e["data"] for e in events if e.get("kind") == "stopped")
    assert (stopped["run_dir"], stopped["model_dir"]) == (str(run), str(run / "model"))
    assert 0 < stopped["steps"] < stopped["total_steps"] == 2000
    assert "report.html" in {p.name for p in run.iterdir()}, "a person looks at what was kept"
    assert (events[-2]["code"], events[-2]["message"]) == ("stopped", "train: stopped")
    assert events[-1] == {"event": "end", "schema": 1, "exit_code": 1}
    assert (run / "checkpoints" / "last.pt").is_file()
    assert (run / "model" / "model.json").is_file()


def test_a_stop_file_ends_training_after_the_step(folder: Path, tmp_path: Path) -> None:
    running = Running(training(folder, tmp_path))
    running.until(is_epoch)
    (tmp_path / "stop").touch()
    assert running.ended() == 1
    assert_stopped_training(running.events, tmp_path / "run")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_terminal_that_is_closed_ends_training_alike(folder: Path, tmp_path: Path) -> None:
    running = Running(training(folder, tmp_path))
    running.until(is_epoch)
    running.process.send_signal(signal.SIGHUP)
    assert running.ended() == 1
    assert_stopped_training(running.events, tmp_path / "run")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no parent can be watched there")
def test_a_job_whose_caller_died_stops_and_keeps_what_it_has(folder: Path, tmp_path: Path) -> None:
    request = training(folder, tmp_path)
    events = tmp_path / "events"
    caller = (
        "import json, subprocess, sys, time\n"
        "with open(sys.argv[1], 'w') as out:\n"
        "    child = subprocess.Popen(json.loads(sys.argv[2]), stdout=out)\n"
        "while 'epoch' not in open(sys.argv[1]).read(): time.sleep(0.1)\n"
    )
    subprocess.run(
        [sys.executable, "-c", caller, str(events), json.dumps(call(request))],
        check=True,
        timeout=120,
    )
    lines = wait_for_end(events)
    assert_stopped_training(lines, tmp_path / "run")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_training_is_saved_when_nobody_reads_the_events(folder: Path, tmp_path: Path) -> None:
    running = Running(training(folder, tmp_path))
    running.until(is_epoch)
    assert running.process.stdout is not None
    running.process.stdout.close()
    assert running.process.wait(timeout=60) == 1
    assert (tmp_path / "run" / "checkpoints" / "last.pt").is_file()
    assert running.process.stderr is not None
    assert "Error" not in running.process.stderr.read()


def wait_for_end(path: Path) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
        if lines and lines[-1]["event"] == "end":
            return lines
        time.sleep(0.2)
    raise AssertionError("the job goes on without its caller")


def test_finished_slides_stay_when_predicting_stops(folder: Path, tmp_path: Path) -> None:
    model = save_random_model(tmp_path / "model", seed=3)
    options = {"model": str(model), "out": str(tmp_path / "out"), "device": "cpu"}
    request = write_request(tmp_path, "predict", many(folder, 400), options)
    running = Running(request)
    running.until(lambda e: e.get("kind") == "slide")
    (tmp_path / "stop").touch()
    assert running.ended() == 1
    assert running.events[-2]["code"] == "stopped"
    finished = [e["data"]["image_id"] for e in running.events if e.get("kind") == "slide"]
    listed = json.loads((tmp_path / "results" / "index.json").read_text("utf-8"))["images"]
    assert 0 < len(finished) <= len(listed) < 400
    assert set(finished) <= set(listed)
    assert not leftovers(tmp_path)


def many(folder: Path, count: int) -> dict[str, Any]:
    """A project with the same slide again and again."""
    slide = folder / "s0.tif"
    return {"name": "p", "images": [image_part(str(i), slide) for i in range(count)]}


def test_a_job_that_is_stopped_before_it_began_does_nothing(folder: Path, tmp_path: Path) -> None:
    request = training(folder, tmp_path)
    (tmp_path / "stop").touch()
    running = Running(request)
    assert running.ended() == 1
    assert running.events[-2]["code"] == "stopped"
    assert not (tmp_path / "run").exists()


def test_the_watch_stops_once_and_not_after_its_end(tmp_path: Path) -> None:
    stopped: list[int] = []
    watch = Watch(Job(tmp_path), lambda: stopped.append(os.getpid()))
    watch.start()
    (tmp_path / "stop").touch()
    deadline = time.monotonic() + 10
    while not stopped and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (len(stopped), watch.asked) == (1, True)
    late = Watch(Job(tmp_path), lambda: stopped.append(0))
    late.end()
    late.start()
    time.sleep(0.1)
    assert (len(stopped), late.asked) == (1, False)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit(130)])
def test_ctrl_c_before_a_command_begins_is_one_line(
    interrupt: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def app() -> None:
        raise interrupt

    monkeypatch.setattr("hookpath.cli.app.app", app)
    monkeypatch.setattr("hookpath.cli.end_on_signals", lambda *_: None)  # this process stays
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: stopped\n"


def test_other_exit_codes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookpath.cli.app.app", lambda: sys.exit(2))
    monkeypatch.setattr("hookpath.cli.end_on_signals", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_before_a_command_and_after_it_signals_end_the_process_at_once(name: str) -> None:
    """A library's atexit said it with a traceback, or the exit code of what was done was lost."""
    early = f"hookpath.cli._run = lambda: signal.raise_signal(signal.{name})"
    late = f"atexit.register(signal.raise_signal, signal.{name})"
    stopped = 75 if name == "SIGTERM" else 1
    for line, code, said in ((early, stopped, "error: stopped\n"), (late, 0, "")):
        program = (
            f"import atexit, signal, sys, hookpath.cli\n{line}\n"
            "sys.argv = ['hookpath', '--version']\nhookpath.cli.main()"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (code, said), line


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("name", "code"), [("SIGINT", 1), ("SIGTERM", 75), ("SIGUSR1", 75), ("SIGHUP", 1)]
)
def test_what_fails_after_a_swallowed_signal_was_stopped(
    name: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """As numpy is when its import is interrupted from within another library."""

    def command() -> None:
        with running("info", as_json=False, debug=False):
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(getattr(signal, name))
            raise AttributeError("module 'numpy' has no attribute 'matrix'")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(typer.Exit) as ended:
            command()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.value.exit_code == code
    assert capsys.readouterr().err == "error: info: stopped\n"
