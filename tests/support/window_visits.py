"""Visits to QuPath's own window: a script that is run when it opens, and what that reports."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from support.extension import InstalledExtension
from support.qupath import SCRIPTS, display

PICTURES_VARIABLE = "HOOKPATH_VISIT_PICTURES"


def pictures_folder(name: str, otherwise: Path) -> Path:
    """Where a visit leaves what it saw: below the folder that the environment names, if it does."""
    given = os.environ.get(PICTURES_VARIABLE)
    out = Path(given) / name if given else otherwise
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").unlink(missing_ok=True)
    return out


def visit(
    qupath: InstalledExtension,
    script: str,
    project: Path,
    image: str,
    out: Path,
    timeout: int,
    **environment: str,
) -> dict[str, Any]:
    """Open QuPath on an image, run a script of tests/qupath there, and give its ``report.json``."""
    options = qupath.process_environment()["JAVA_TOOL_OPTIONS"]
    with display() as screen:
        extra = {
            "DISPLAY": screen,
            "GSETTINGS_BACKEND": "memory",
            "JAVA_TOOL_OPTIONS": f'{options} -Dprism.order=sw "-Dqupath.startup.script='
            f'{SCRIPTS / script}"',
            **environment,
        }
        done = qupath.run("-q", "-p", project, "-i", image, environment=extra, timeout=timeout)
    report = out / "report.json"
    assert report.is_file(), done.said()
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert "error" not in found, f"{found}\n{done.said()}"
    return found
