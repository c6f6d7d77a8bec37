"""Commands that are killed at a change of a file of their choice, and what they leave.

A command runs in a process of its own whose audit hook sees every file that is opened for writing,
renamed, removed or made below a folder. Just before the k-th of these changes the process kills
itself, which is also just after the one before. Nothing is cleaned up then, and what was not yet
handed to the system is lost.
"""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from support.leftovers import leftovers

#: What differs from one run to the next without meaning anything.
VOLATILE = frozenset({
    "id", "seconds", "started", "versions", "started_at", "data_wait_s", "train_s", "patches_per_s",
    "modified_ns", "changed", "created", "data_wait", "run", "hookpath.run", "bytes_read",
})  # fmt: skip

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = frozenset({
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate",
})  # fmt: skip


Work = Callable[[Path], int]
"""Does something in a folder; the exit code. It can be imported by name."""


def command(*args: object) -> int:
    """Run ``hookpath …`` in this process; its exit code."""
    from hookpath.cli.app import app

    ran = CliRunner().invoke(app, [str(a) for a in args])
    if ran.exit_code and os.environ.get("HOOKPATH_TEST_LOUD"):
        os.write(2, ran.output.encode())
    return ran.exit_code


def _is_change(event: str, args: tuple[Any, ...], root: str) -> bool:
    if event == "open":
        path, _, flags = args
        if not isinstance(flags, int) or not flags & _WRITES:
            return False
    elif event in _CHANGES:
        path = args[1] if event in ("os.rename", "os.link", "os.symlink") else args[0]
    else:
        return False
    if isinstance(path, int):
        return False
    name = os.fsdecode(path)
    return name.startswith(root) or not Path(name).is_absolute()


def watch(root: Path, on_change: Callable[[int, str], None]) -> None:
    """From now on call `on_change` before every change below `root`, with its number from 1."""
    count, within = 0, str(root)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        if _is_change(event, args, within):
            count += 1
            on_change(count, event)

    sys.addaudithook(hook)


def changes_of(work: Work, root: Path) -> int:
    """How many changes of files there are; it must succeed."""
    note = root.with_name("changes")
    assert _in_child(_count, work, root, note) == 0
    return int(note.read_text())


def killed(work: Work, root: Path, number: int) -> bool:
    """Do it in a process that is killed before change `number`; False: it ended before."""
    return _in_child(_until_killed, work, root, number) == -signal.SIGKILL


def out_of_room(work: Work, root: Path, number: int) -> int:
    """Do it in a process for which the disk is full from change `number` on; its exit code.

    Files can be removed then, and those that are open be closed, but nothing can be made.
    """
    return _in_child(_until_full, work, root, number)


def done(work: Work, root: Path) -> int:
    """Do it in a process of its own; its exit code."""
    return _in_child(_simply, work, root)


#: Imported once, for all processes.
_PRELOADED = (
    "hookpath.cli.app", "hookpath.conversion", "hookpath.evaluation", "hookpath.export",
    "hookpath.extraction", "hookpath.inference", "hookpath.stages", "hookpath.training",
    "hookpath.evaluation.train_report", "kornia", "matplotlib.pyplot", "scipy.stats",
    "scipy.ndimage", "rasterio", "openslide", "tifffile", "jinja2", "torch._dynamo",
    "torch.utils.tensorboard", "typer.testing",
)  # fmt: skip


@cache
def _server() -> Any:
    """It has imported everything and done nothing: what is forked from it is as if new."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(list(_PRELOADED))
    return server


def _in_child(target: Callable[..., None], *args: object) -> int:
    process = _server().Process(target=target, args=args)
    process.start()
    process.join()
    code: int = process.exitcode
    process.close()
    return code


def _simply(work: Work, root: Path) -> None:
    raise SystemExit(work(root))


def _count(work: Work, root: Path, note: Path) -> None:
    last = 0

    def remember(number: int, event: str) -> None:
        nonlocal last
        last = number

    watch(root, remember)
    code = work(root)
    note.write_text(str(last))
    raise SystemExit(code)


def _until_killed(work: Work, root: Path, number: int) -> None:
    def kill(count: int, event: str) -> None:
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(root, kill)
    work(root)


def _until_full(work: Work, root: Path, number: int) -> None:
    def refuse(count: int, event: str) -> None:
        if count >= number and event in ("open", "os.mkdir"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    watch(root, refuse)
    raise SystemExit(work(root))


def content(folder: Path) -> dict[str, object]:
    """What lies in a folder, but for backups and what says only when and how long."""
    found: dict[str, object] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".bak" or path.parent.name == "tensorboard" or path.suffix == ".html":
            continue
        found[str(path.relative_to(folder))] = _plain(path)
    assert not leftovers(folder)
    return found


def _plain(path: Path) -> object:
    data = path.read_bytes()
    if path.suffix in (".json", ".geojson"):
        return _steady(json.loads(data))
    if path.name == "metrics.csv":
        rows = [line.split(",") for line in data.decode().splitlines()]
        kept = [i for i, name in enumerate(rows[0]) if name not in VOLATILE and "_s" not in name]
        return [[row[i] for i in kept] for row in rows]
    if path.suffix in (".pt", ".zip"):
        return len(data) > 0
    return data


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _steady(v) for k, v in value.items() if k not in VOLATILE}
    if isinstance(value, list):
        return [_steady(v) for v in value]
    return value
