"""What memory can be had, from the files that say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.inference.engines import tile_runner
from hookpath.memory import free_memory

GIB = 2**30
MEMINFO = f"MemTotal: {64 * 2**20} kB\nMemFree: 1000 kB\nMemAvailable: {40 * 2**20} kB\n"


def machine(root: Path, cgroup: str = "", **files: str | int) -> Path:
    """A file system; `files` lie below ``sys/fs/cgroup``, ``__`` stands for ``/``."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(MEMINFO)
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("memory_", "memory.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


def test_what_the_system_would_give_up_can_be_had(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path)) == 40 * GIB


def test_a_limit_of_version_2_counts_less_what_is_used_and_cannot_go(tmp_path: Path) -> None:
    root = machine(
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
    root = machine(
        tmp_path,
        "5:cpu,cpuacct:/a\n4:memory:/docker/abc\n0::/\n",
        memory__memory_limit_in_bytes=2 * GIB,  # all that a container sees of its own group
        memory__memory_usage_in_bytes=GIB,
        memory__memory_stat=f"inactive_file 7\ntotal_inactive_file {GIB // 2}",
    )
    assert free_memory(root) == 3 * GIB // 2


@pytest.mark.parametrize("said", ["max", 2**63 - 4096, "", "much"])
def test_no_limit_and_what_cannot_be_read(tmp_path: Path, said: str | int) -> None:
    root = machine(
        tmp_path,
        "4:memory:/\n0::/\ngarbage\n",
        memory_max=said,
        memory_current=GIB,
        memory__memory_limit_in_bytes=said,
        memory__memory_usage_in_bytes=GIB,
    )
    assert free_memory(root) == 40 * GIB


def test_more_used_than_allowed_is_nothing_left(tmp_path: Path) -> None:
    root = machine(tmp_path, "0::/\n", memory_max=GIB, memory_current=2 * GIB)
    assert free_memory(root) == 0


def test_this_machine_says_something() -> None:
    found = free_memory()
    assert found is None or found > 0


@pytest.mark.parametrize(
    ("free", "budget"), [(64 * GIB, 1.5 * GIB), (2 * GIB, 0.5 * GIB), (None, GIB), (0, 2**24)]
)
def test_tiles_take_a_quarter_of_it(
    free: int | None, budget: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tile_runner, "free_memory", lambda: free)
    assert tile_runner._memory_budget(tile_runner.torch.device("cpu")) == budget
