"""What people type in a notebook: short answers."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hookpath
from hookpath.evaluation import SlideResult, make_report
from hookpath.projects import FolderProject, pooled
from hookpath.training import history
from support.evaluation import TABLE
from support.textures import texture_folder


def test_projects_are_short_and_tell_their_areas(tmp_path: Path) -> None:
    project = FolderProject(texture_folder(tmp_path / "A", slides=2, size=128))
    assert repr(project) == "FolderProject('A', 2 images)"
    assert repr(project.images[0]) == "FolderEntry('s0.tif')"
    areas = project.areas()
    assert list(areas) == ["s0.tif", "s1.tif"]
    assert set(areas["s0.tif"]) == {"Dark", "Pale"}
    assert areas["s0.tif"]["Dark"] > 0
    both = pooled([project, FolderProject(texture_folder(tmp_path / "B", slides=1, size=128))])
    assert repr(both) == "PooledProject('A + B', 3 images)"
    assert repr(both.images[2]) == "PooledEntry('s0.tif (B)')"
    assert list(both.areas()) == ["s0.tif (A)", "s1.tif", "s0.tif (B)"]  # type: ignore[attr-defined]


def test_a_report_is_a_frame(tmp_path: Path) -> None:
    counts = np.array([[8, 2, 0, 0], [0, 10, 0, 0], [0, 0, 0, 0]])
    report = make_report("T", [SlideResult("s", "", 1.0, counts)], TABLE)
    assert repr(report) == "EvaluationReport('T', 1 slide, macro F1 0.899)"
    assert repr(report.slides[0]) == "SlideResult('s', macro F1 0.899)"
    pytest.importorskip("pandas")
    frame = report.to_frame()
    assert list(frame["slide"].unique()) == ["s", "(pooled)"]
    tumor = frame[(frame["slide"] == "s") & (frame["class"] == "Tumor")]
    assert tumor["f1"].item() == pytest.approx(16 / 18)
    assert math.isnan(frame[frame["class"] == "Other"]["f1"].iloc[0])


def test_a_run_s_history_is_numbers(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,loss,f1\n1,0.5,\n2,0.25,0.75\n")
    assert history(tmp_path) == [
        {"epoch": 1, "loss": 0.5},
        {"epoch": 2, "loss": 0.25, "f1": 0.75},
    ]


def test_the_main_steps_are_at_the_top() -> None:
    assert set(hookpath.__all__) - {"__version__"} == set(hookpath._ROOMS)
    assert all(callable(getattr(hookpath, name)) for name in hookpath._ROOMS)
    with pytest.raises(AttributeError, match="has no attribute 'traim'"):
        hookpath.traim  # noqa: B018


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys, hookpath; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
