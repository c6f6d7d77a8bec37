"""benchmarks/gpu.py is tried without a card: its figures mean nothing here, its way does."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="for Linux, as such cards are")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

#: Parts that need no process of their own here; the others start some, or compile.
QUICK = ("card", "compute", "exact", "memory", "features")


@pytest.fixture(scope="module")
def gpu() -> Iterator[ModuleType]:
    """The script, imported."""
    sys.path.insert(0, str(BENCHMARKS))
    import gpu as script

    yield script
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def work(gpu: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the slides that all parts read."""
    folder = tmp_path_factory.mktemp("gpu")
    metrics_of("slides", folder)
    return folder


def metrics_of(part: str, work: Path) -> dict[str, Any]:
    """What a part measures on the CPU; it runs once."""
    from gpu_here import Here
    from gpu_parts import run_part

    path = work / f"{part}.json"
    if not path.exists():
        run_part(Here(part, work, torch.device("cpu"), tiny=True))
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def child(gpu: ModuleType, tmp_path: Path, code: str, budget_s: float = 20) -> Any:
    """The outcome of a part that does this."""
    return gpu.run_child("part", [sys.executable, "-c", code], budget_s, tmp_path / "part.json")


def ends(pid: str) -> bool:
    """Whether a process is gone, or only waits to be buried, within seconds."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_every_part_has_a_budget_and_all_end_within_eight_minutes(gpu: ModuleType) -> None:
    from gpu_parts import PARTS

    assert [name for name in PARTS if not name.startswith("_")] == list(gpu.BUDGETS)
    assert sum(gpu.BUDGETS.values()) <= 8 * 60


@pytest.mark.parametrize("part", QUICK)
def test_a_part_measures_something(part: str, work: Path) -> None:
    figures = metrics_of(part, work)
    assert any(isinstance(value, float) for value in figures.values())


def test_dense_and_patch_wise_agree_and_little_memory_changes_no_map(work: Path) -> None:
    assert metrics_of("exact", work)["as_shipped_dense_to_patches"] < 1e-4
    little = metrics_of("memory", work)
    assert (little["batch"], little["at_once"]) == (4, 2)
    assert little["smaller_tiles_differ_by"] < 1e-4


def test_a_part_that_fails_is_recorded_with_its_line_and_metrics(
    gpu: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "part.json").write_text('{"seen": 1}')
    found = child(gpu, tmp_path, "import sys; sys.exit('a.py:1: ValueError: no')")
    assert (found.outcome, found.line) == ("failed", "a.py:1: ValueError: no")
    assert found.figures == {"seen": 1}


def test_a_part_that_dies_without_a_word_is_recorded(gpu: ModuleType, tmp_path: Path) -> None:
    found = child(gpu, tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert (found.outcome, found.line) == ("failed", "ended with exit code -9")


def test_a_part_that_hangs_is_ended_with_what_it_started(gpu: ModuleType, tmp_path: Path) -> None:
    start = "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']); "
    tell = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid)); time.sleep(60)"
    found = child(gpu, tmp_path, start + tell, budget_s=2)
    assert (found.outcome, found.line) == ("out of time", "not done after 2 s")
    assert ends((tmp_path / "pid").read_text())


def test_a_part_that_has_nothing_to_measure_is_skipped(gpu: ModuleType, tmp_path: Path) -> None:
    found = child(gpu, tmp_path, "import sys; print('no such', file=sys.stderr); sys.exit(3)")
    assert (found.outcome, found.line) == ("skipped", "no such")


def test_what_is_missing_is_one_line_with_the_way_to_get_it(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpu.what_is_missing() == ""
    monkeypatch.setitem(gpu.NEEDED, "no_such_module", "no-such-package")
    line = gpu.what_is_missing()
    assert line.startswith("missing: no-such-package; ")
    assert "pip download --no-deps" in line
    assert "\n" not in line


@pytest.mark.slow
def test_the_script_writes_one_json(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), "--device", "cpu", "--tiny"]
    command += ["--only", "card", "slides", "-o", str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert record["card"] == "no card: CPU"
    assert [(p["part"], p["outcome"]) for p in record["parts"]] == [("slides", "passed")]
    assert record["machine"]["versions"]["torch"]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here")
def test_the_script_runs_on_a_card(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), "--tiny"]
    done = subprocess.run([*command, "-o", str(tmp_path / "out.json")], check=False)
    assert done.returncode == 0
