"""What memory there is: psutil knows the machine, files say what a control group may take."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from hookpath.inference.engines import tile_runner
from hookpath.memory import free_memory, peak_memory, total_memory

GIB = 2**30


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of 64 GiB, 40 of which can be had."""
    found = SimpleNamespace(total=64 * GIB, available=40 * GIB, free=1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: found)


def groups(root: Path, cgroup: str = "", **files: str | int) -> Path:
    """Control groups in a file system; `files` lie below ``sys/fs/cgroup``, ``__`` is ``/``."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("memory_", "memory.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


def test_what_the_system_would_give_up_can_be_had(tmp_path: Path) -> None:
    assert free_memory(groups(tmp_path)) == 40 * GIB


def test_a_limit_of_version_2_counts_less_what_is_used_and_cannot_go(tmp_path: Path) -> None:
    root = groups(
        tmp_path,
        "0::/job/step\n",
        job__memory_max=8 * GIB,
        job__memory_current=6 * GIB,
        job__memory_stat=f"anon 1\ninactive_file {3 * GIB}\nslab 2",
        job__step__memory_max="max",
        job__step__memory_current=GIB,
    )
    assert free_memory(root) == 5 * GIB


def test_a_limit_of_version_1(tmp_path: Path) -> None:
    root = groups(
        tmp_path,
        "5:cpu,cpuacct:/a\n4:memory:/docker/abc\n0::/\n",
        memory__memory_limit_in_bytes=2 * GIB,  # all that a container sees of its own group
        memory__memory_usage_in_bytes=GIB,
        memory__memory_stat=f"inactive_file 7\ntotal_inactive_file {GIB // 2}",
    )
    assert free_memory(root) == 3 * GIB // 2


@pytest.mark.parametrize("said", ["max", 2**63 - 4096, "", "much"])
def test_no_limit_and_what_cannot_be_read(tmp_path: Path, said: str | int) -> None:
    root = groups(
        tmp_path,
        "4:memory:/\n0::/\ngarbage\n",
        memory_max=said,
        memory_current=GIB,
        memory__memory_limit_in_bytes=said,
        memory__memory_usage_in_bytes=GIB,
    )
    assert free_memory(root) == 40 * GIB


def test_more_used_than_allowed_is_nothing_left(tmp_path: Path) -> None:
    root = groups(tmp_path, "0::/\n", memory_max=GIB, memory_current=2 * GIB)
    assert free_memory(root) == 0


def test_a_machine_that_psutil_cannot_read_has_what_its_groups_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise NotImplementedError

    monkeypatch.setattr(psutil, "virtual_memory", refuse)
    assert total_memory() is None
    assert free_memory(groups(tmp_path / "without")) is None
    limited = groups(tmp_path / "with", "0::/\n", memory_max=GIB, memory_current=0)
    assert free_memory(limited) == GIB


def test_this_machine_and_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    total, free = total_memory(), free_memory()
    assert total is not None
    assert free is not None
    assert 0 < free <= total
    assert psutil.Process().memory_info().rss / 2 < peak_memory() < total


@pytest.mark.parametrize(
    ("free", "budget"), [(64 * GIB, 1.5 * GIB), (2 * GIB, 0.5 * GIB), (None, GIB), (0, 2**24)]
)
def test_tiles_take_a_quarter_of_it(
    free: int | None, budget: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tile_runner, "free_memory", lambda: free)
    assert tile_runner._memory_budget(tile_runner.torch.device("cpu")) == budget  # type: ignore[attr-defined]
