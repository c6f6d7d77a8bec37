"""Whatever libraries print, stdout holds events alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.textures import texture_folder


def test_prints_of_libraries_and_of_their_processes_go_to_stderr() -> None:
    program = (
        "import os, subprocess, sys\n"
        "from hookpath.cli.console_and_exit_codes import running\n"
        "with running('test', True, False) as console:\n"
        "    print('from Python')\n"
        "    os.write(1, b'from C\\n')\n"
        "    subprocess.run([sys.executable, '-c', 'print(\"from a process\")'])\n"
        "    console.reporter.info('größer \\udcff')\n"
        "print('after')\n"
    )
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=environment, check=True
    )
    *events, after = done.stdout.decode("utf-8").splitlines()
    assert [json.loads(line)["event"] for line in events] == ["start", "info", "end"]
    assert json.loads(events[1])["message"] == "größer \udcff"
    assert after == "after"
    said = done.stderr.decode().splitlines()
    assert {"from Python", "from C", "from a process"} <= set(said)


def hookpath(*args: object, **streams: Any) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-m", "hookpath", *map(str, args)], env=environment, text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_where_nothing_more_can_be_said_the_work_goes_on(tmp_path: Path) -> None:
    """A log on a full disk; help that cannot be written ends in one line."""
    texture_folder(tmp_path / "slides", slides=1)
    with Path("/dev/full").open("w") as full:
        done = hookpath("info", tmp_path / "slides", stderr=full)
        assert (done.returncode, "s0.tif" in done.stdout) == (0, True)
        for option in ("--version", "--help"):
            done = hookpath(option, stdout=full)
            assert done.returncode == 1
            assert re.fullmatch("error: standard output cannot be written .*\n", done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
def test_a_folder_that_is_gone_from_below_us(tmp_path: Path) -> None:
    """MKL's libraries would end the process without a word of ours."""
    place = tmp_path / "gone"
    place.mkdir()
    done = hookpath("--version", cwd=place, preexec_fn=place.rmdir)
    assert done.returncode == 1
    assert done.stderr == (
        "error: the folder that you are in is not there any more; go to another one (cd ~)\n"
    )
