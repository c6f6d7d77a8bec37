"""Threads that wait let others work: settings that must be there before torch is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hookpath.process_setup import set_environment


def test_what_the_environment_says_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("KMP_BLOCKTIME", raising=False)
    set_environment()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert os.environ.pop("KMP_BLOCKTIME") == "0"


@pytest.mark.parametrize("module", ["hookpath.cli", "hookpath.process_setup"])
def test_the_command_line_is_loaded_without_torch(module: str) -> None:
    """So that `main` comes before it."""
    program = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_commands_and_what_they_start_wait_quietly() -> None:
    program = (
        "import os, sys\n"
        "from hookpath.cli import main\n"
        "sys.argv = ['hookpath', '--version']\n"
        "try:\n    main()\n"
        "finally:\n    print(os.environ['OMP_WAIT_POLICY'])\n"
    )
    kept = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    kept["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", program], env=kept, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "PASSIVE"
