"""Whatever libraries print, stdout holds events alone."""

from __future__ import annotations

import json
import subprocess
import sys


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
