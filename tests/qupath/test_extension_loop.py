"""The annotation loop by its script, one real QuPath for each step."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hookpath.loop import CHECK_CLASS
from support.dark_slides import DRAWN, FIRST, SECOND, THIRD, make_dark_project
from support.extension import InstalledExtension, installed_extension
from support.seen import human, ours
from support.training import TINY

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(900)]


class Stepper:
    """Runs steps on the third image."""

    def __init__(self, qupath: InstalledExtension, project: Path) -> None:
        self.qupath, self.project = qupath, project

    def __call__(self, step: str, *arguments: str, save: bool = False) -> list[str]:
        """The lines that the step printed."""
        done = self.qupath.script(
            "annotation_loop.groovy",
            self.project,
            THIRD,
            save=save,
            arguments=(f"step={step}", *arguments),
            timeout=400,
        )
        return done.ok().out.splitlines()


def test_one_round_of_the_loop(tmp_path: Path) -> None:
    project = make_dark_project(tmp_path / "Projekt", (FIRST, SECOND, THIRD), DRAWN)
    qupath = installed_extension(tmp_path / "home")
    step = Stepper(qupath, project)

    tiny = [f"set={one}" for one in TINY if not one.startswith("preset=")]
    started = step("start", "preset=fast", *tiny)
    assert {f"{FIRST}: CORRECTED", f"{SECOND}: CORRECTED", f"{THIRD}: TODO"} <= set(started)

    ranked = step("rank", save=True)
    assert f"most worth it: {THIRD}" in ranked
    assert any(line.startswith("round 1,") for line in ranked)
    checks = ours(qupath.seen(project, THIRD))
    assert checks
    assert {o["classification"] for o in checks} == {CHECK_CLASS}

    proposed = step("propose", f"image={THIRD}", save=True)
    assert f"{THIRD}: PROPOSED" in proposed
    seen = qupath.seen(project, THIRD)
    assert human(seen) == []
    assert {o["type"] for o in ours(seen)} == {"PathAnnotationObject"}
    assert {"Dark", "Pale"} & {o["classification"] for o in ours(seen)}
    assert f"next: {THIRD}" in step("next")

    accepted = step("accept", "whole=true", save=True)
    assert f"{THIRD}: CORRECTED" in accepted
    retrained = step("retrain", "set=epochs=1")
    assert {f"{name}: TRAINED" for name in (FIRST, SECOND, THIRD)} <= set(retrained)
    assert any(line.startswith("round 2,") for line in retrained)


def test_what_was_done_on_a_copy_is_taken_over(tmp_path: Path) -> None:
    project = make_dark_project(tmp_path / "Projekt", (FIRST, SECOND, THIRD), DRAWN)
    qupath = installed_extension(tmp_path / "home")
    step = Stepper(qupath, project)
    tiny = [f"set={one}" for one in TINY if not one.startswith("preset=")]
    step("start", "preset=fast", *tiny)
    copy = tmp_path / "copy"
    shutil.copytree(project.parent, copy)
    elsewhere = Stepper(qupath, copy / project.name)
    elsewhere("propose", f"image={THIRD}", save=True)
    elsewhere("accept", "whole=true", save=True)

    merged = step("merge", f"with={copy}", save=True)
    assert f"{THIRD}: CORRECTED" in merged
    seen = human(qupath.seen(project, THIRD))
    assert {"Dark", "Pale"} & {o["classification"] for o in seen}


def test_tissue_is_outlined_on_the_current_image(tmp_path: Path) -> None:
    project = make_dark_project(tmp_path / "Projekt", (FIRST,), DRAWN)
    qupath = installed_extension(tmp_path / "home")
    before = human(qupath.seen(project, FIRST))
    done = qupath.script(
        "outline_tissue.groovy", project, FIRST, save=True,
        arguments=("threshold=250", "minArea=100", "class=Gewebe µ"), timeout=200,
    )  # fmt: skip
    assert f"1 outlines on {FIRST}" in done.ok().out.splitlines()
    seen = qupath.seen(project, FIRST)
    assert human(seen) == before
    (outline,) = ours(seen)
    assert outline["classification"] == "Gewebe µ"
    assert outline["type"] == "PathAnnotationObject"
