"""Commands that are killed at a change of a file of their choice, and what they leave.

A command runs in a process of its own whose audit hook sees every file that is opened for writing,
renamed, removed or made below a folder. Just before the k-th of these changes the process kills
itself, which is also just after the one before. Nothing is cleaned up then, and what was not yet
handed to the system is lost.
"""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from typer.testing import CliRunner

from support.leftovers import leftovers

#: What differs from one run to the next without meaning anything.
VOLATILE = frozenset({
    "id", "seconds", "started", "versions", "started_at", "data_wait_s", "train_s", "patches_per_s",
    "modified_ns", "changed", "created", "finished", "data_wait", "run", "hookpath.run",
    "bytes_read",
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
        flags = args[2]
        if not isinstance(flags, int) or not flags & _WRITES:
            return False
    elif event not in _CHANGES:
        return False
    name = _changed(event, args)
    return bool(name) and (name.startswith(root) or not Path(name).is_absolute())


def _changed(event: str, args: tuple[Any, ...]) -> str:
    """The file; "": one that is open already."""
    path = args[1] if event in ("os.rename", "os.link", "os.symlink") else args[0]
    return "" if isinstance(path, int) else os.fsdecode(path)


def watch(root: Path, on_change: Callable[[int, str, str], None]) -> None:
    """From now on call `on_change` before every change below `root`: its number from 1, what is
    done, and to which file.
    """
    count, within = 0, str(root)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        if _is_change(event, args, within):
            count += 1
            on_change(count, event, _changed(event, args))

    sys.addaudithook(hook)


@dataclass(frozen=True)
class Changes:
    """What is done to which file, change by change.

    Attributes:
        distinct: numbers (from 1) of those before which the files are as before no earlier one.
            Who is killed before any other leaves nothing else than before one of these.
    """

    done: list[str]
    distinct: list[int]


def changes_of(work: Work, root: Path) -> Changes:
    """The changes of a run that must succeed."""
    note = root.with_name("changes")
    assert _in_child(_count, work, root, note) == 0
    lines = [line.partition(" ")[::2] for line in note.read_text().splitlines()]
    states = [state for state, _ in lines]
    return Changes([change for _, change in lines], [states.index(s) + 1 for s in set(states)])


#: Digits and what makes names unique: files of one kind differ in nothing else.
_UNIQUE = re.compile(r"\.hookpath-[0-9a-f]+-\d+-[0-9a-f]+-|-[0-9a-f]{6}\b|\d+|tmp\w+")


def kinds_of(changes: list[str]) -> list[int]:
    """Numbers of the first and the last change of every kind: one event on files alike."""
    alike: dict[str, list[int]] = {}
    for number, change in enumerate(changes, 1):
        alike.setdefault(_UNIQUE.sub("#", change), []).append(number)
    return sorted({n for numbers in alike.values() for n in (numbers[0], numbers[-1])})


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
    "hookpath.demo", "hookpath.extraction", "hookpath.inference", "hookpath.loop.steps.propose",
    "hookpath.loop.steps.retrain", "hookpath.stages", "hookpath.training",
    "hookpath.evaluation.report.training_page", "imagecodecs", "kornia", "psutil",
    "matplotlib.pyplot", "scipy.stats", "scipy.ndimage", "rasterio", "openslide", "tifffile",
    "jinja2", "torch._dynamo", "torch.utils.tensorboard", "typer.testing", "rich.table",
    "safetensors.torch",
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
    seen: list[str] = []

    def remember(number: int, event: str, name: str) -> None:
        assert number == len(seen) + 1
        seen.append(f"{_state(root)} {event} {name.removeprefix(str(root))!r}")

    watch(root, remember)
    code = work(root)
    note.write_text("\n".join(seen))
    raise SystemExit(code)


def _state(root: Path) -> str:
    """Of all files and folders as they are on the disk at this moment."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        found.update(repr((str(path), path.lstat().st_mode)).encode())
        if path.is_file() and not path.is_symlink():
            found.update(path.read_bytes())
    return found.hexdigest()


def _until_killed(work: Work, root: Path, number: int) -> None:
    def kill(count: int, event: str, name: str) -> None:
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(root, kill)
    work(root)


def _until_full(work: Work, root: Path, number: int) -> None:
    def refuse(count: int, event: str, name: str) -> None:
        if count >= number and event in ("open", "os.mkdir"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    watch(root, refuse)
    raise SystemExit(work(root))


def content(folder: Path) -> dict[str, object]:
    """What lies in a folder, but for backups, locks and what says only when and how long."""
    found: dict[str, object] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if (
            path.suffix in (".bak", ".lock")
            or path.parent.name == "tensorboard"
            or path.suffix == ".html"
        ):
            continue
        found[str(path.relative_to(folder))] = _plain(path)
    left = leftovers(folder)
    assert not left, left
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
    if isinstance(value, dict) and {"type", "coordinates"} <= value.keys():
        return shapely.normalize(shape(value)).wkt  # wherever its rings begin
    if isinstance(value, dict):
        return {k: _steady(v) for k, v in value.items() if k not in VOLATILE}
    if isinstance(value, list):
        return [_steady(v) for v in value]
    return value
