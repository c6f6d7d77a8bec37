"""What an annotator meets when something is missing or breaks: one line, and nothing is lost."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from support import pythons
from support.dark_slides import COARSE, FIRST, HUMAN, UNKNOWN, make_dark_project, save_dark_model
from support.extension import installed_extension

pytestmark = [
    pytest.mark.qupath,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.name == "nt", reason="the pretended Pythons are shell scripts"),
]

#: Calls by name, the pretended Pythons below `folder`.
CASES = {
    "before": "null",
    "no python": "Hookpath.predict(model: '{model}', python: '{folder}/nowhere/python')",
    "no package": "Hookpath.predict(model: '{model}', python: '{folder}/bare')",
    "old package": "Hookpath.predict(model: '{model}', python: '{folder}/old')",
    "new package": "Hookpath.predict(model: '{model}', python: '{folder}/new')",
    "no model": "Hookpath.predict(model: '{folder}/no model')",
    "no model said": "Hookpath.predict([:])",
    "model is no model": "Hookpath.predict(model: '{folder}')",
    "wrong option": "Hookpath.predict(model: '{model}', minAera: 3)",
    "wrong kind": "Hookpath.predict(model: '{model}', as: 'cells')",
    "nothing selected": "resetSelection(); Hookpath.predict(model: '{model}', selected: true)",
    "nothing inside": "Hookpath.predict(model: '{model}', inside: 'Nowhere')",
    "too coarse": "Hookpath.predictProject(model: '{model}', images: ['" + COARSE + "'])",
    "no scale": "Hookpath.predictProject(model: '{model}', images: ['" + UNKNOWN + "'])",
    "killed": "Hookpath.predict(model: '{model}', python: '{folder}/killed')",
    "babbling": "Hookpath.predict(model: '{model}', python: '{folder}/babbling')",
    "cancelled": """
        def script = Thread.currentThread()
        Thread.start {{
            while (!new File('{folder}/pid').exists()) Thread.sleep(50)
            script.interrupt()
        }}
        try {{ Hookpath.predict(model: '{model}', python: '{folder}/endless') }}
        finally {{ Thread.interrupted() }}""",
}  # fmt: skip

#: What the one line must speak of.
EXPECTED = {
    "no python": ("nowhere", "Set up Python"),
    "no package": ("bare", "hookpath", "Set up Python"),
    "old package": ("0.0.1", "update the package"),
    "new package": ("99.0.0", "update the extension"),
    "no model": ("no model",),
    "no model said": ("model",),
    "model is no model": ("model",),
    "wrong option": ("min-aera", "min-area"),
    "wrong kind": ("cells", "detections"),
    "nothing selected": ("selected",),
    "nothing inside": ("Nowhere",),
    "too coarse": (COARSE, "10 µm/px", "the model needs 1"),
    "no scale": (UNKNOWN, "µm/px is unknown", "QuPath"),
    "killed": ("the last words",),
    "babbling": ("end",),
    "cancelled": ("topped",),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pretended Pythons."""
    made = tmp_path_factory.mktemp("pythons")
    pythons.of_version(made / "old", "0.0.1")
    pythons.of_version(made / "new", "99.0.0")
    pythons.without_package(made / "bare")
    pythons.killed_midway(made / "killed")
    pythons.babbling(made / "babbling")
    pythons.never_ending(made / "endless", made / "pid")
    return made


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> dict[str, dict[str, Any]]:
    """All cases, one after another in one QuPath."""
    qupath = installed_extension(tmp_path_factory.mktemp("QuPath home"))
    root = tmp_path_factory.mktemp("project")
    model = save_dark_model(root / "model")
    project = make_dark_project(root / "p", (FIRST, COARSE, UNKNOWN))
    cases = {k: v.format(model=model, folder=folder) for k, v in CASES.items()}
    return qupath.cases(project, FIRST, cases)


@pytest.mark.parametrize("name", [name for name in CASES if name != "before"])
def test_a_problem_is_one_line_and_the_image_stays_as_it_was(
    outcomes: dict[str, dict[str, Any]], name: str
) -> None:
    found = outcomes[name]
    assert found["kind"] == "HookpathException", found["problem"]
    assert "\n" not in found["problem"]
    for said in EXPECTED[name]:
        assert said in found["problem"]
    before = outcomes["before"]
    assert len(before["objects"]) == len(HUMAN)
    assert found["objects"] == before["objects"]
    assert found["steps"] == before["steps"]


def test_a_cancelled_job_is_gone(outcomes: dict[str, dict[str, Any]], folder: Path) -> None:
    pid = int((folder / "pid").read_text(encoding="utf-8"))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        time.sleep(0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert outcomes["cancelled"]["seconds"] < 60
