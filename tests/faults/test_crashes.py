"""Killed before or after any change of a file, a command that is run again gives the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hookpath.annotations import read_geojson
from support.annotation_files import ASAP, IMAGESCOPE
from support.crash_cases import CASES, Case
from support.crashes import Changes, changes_of, content, done, killed, kinds_of, out_of_room
from support.leftovers import leftovers
from support.predictors import save_random_model
from support.textures import texture_folder

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

#: So many places at which the quick tests kill.
QUICK = {"convert": 3, "masks": 2, "metadata": 4, "export": 3, "extract": 2, "predict": 3,
         "evaluate": 2, "train": 2, "loop start": 2, "loop accept": 1}  # fmt: skip
#: A disk that is full at every change is tried only at those of a kind where a command takes long.
LONG = ("evaluate", "train", "onnx", "demo", "loop retrain", "qupath")


def cases(*, quick: bool = False) -> list[Any]:
    """Those of QuPath's projects need one."""
    return [
        pytest.param(c, id=c.name, marks=[pytest.mark.qupath] if c.name == "qupath" else [])
        for c in CASES
        if not quick or c.name in QUICK
    ]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slides with a person's annotations, other programs' files, and a model."""
    root = tmp_path_factory.mktemp("crashes") / "template"
    texture_folder(root / "slides", slides=2, size=128)
    save_random_model(root / "model", seed=3)
    (root / "xml").mkdir()
    (root / "xml" / "a.xml").write_text(ASAP)
    (root / "xml" / "b.xml").write_text(IMAGESCOPE)
    (root / "out").mkdir()
    return root


@dataclass(frozen=True)
class Known:
    """A case that was run to its end once: how many changes, and what came of it."""

    template: Path
    changes: Changes
    result: dict[str, object]


_known: dict[str, Known] = {}


def fresh(template: Path) -> Path:
    """A copy, always in the same place: records name it."""
    root = template.with_name("work")
    shutil.rmtree(root, ignore_errors=True)
    return shutil.copytree(template, root)


def known(case: Case, template: Path) -> Known:
    if case.name not in _known:
        start = template
        if case.prepare is not None:
            assert done(case.prepare, fresh(template)) == 0
            start = template.with_name(f"template of {case.name}")
            shutil.copytree(template.with_name("work"), start)
        root = fresh(start)
        changes = changes_of(case.run, root)
        _known[case.name] = Known(start, changes, results(case, root))
    return _known[case.name]


def results(case: Case, root: Path) -> dict[str, object]:
    return {f"{name}/{k}": v for name in case.results for k, v in content(root / name).items()}


def places(count: int, most: int) -> Iterator[int]:
    """Evenly spread, the first and the last among them."""
    wanted = min(count, most)
    return iter(sorted({1 + round(i * (count - 1) / max(1, wanted - 1)) for i in range(wanted)}))


def nothing_of_a_persons_is_lost(root: Path, template: Path) -> None:
    for path in sorted((template / "slides").glob("*[0-9].geojson")):
        annotated = {o.id: o.geometry.wkb for o in read_geojson(path)}
        now = {o.id: o.geometry.wkb for o in read_geojson(root / "slides" / path.name)}
        assert annotated.items() <= now.items(), path.name


def same_after_another_run(case: Case, template: Path, root: Path, number: int) -> None:
    """What is there when the command has been run to its end is what one run alone gives."""
    assert done(case.again, root) == 0, number
    nothing_of_a_persons_is_lost(root, template)
    found, whole = results(case, root), known(case, template).result
    assert found.keys() == whole.keys(), number
    differ = [name for name in found if found[name] != whole[name]]
    assert not differ, number


def kill_and_run_again(case: Case, template: Path, number: int) -> None:
    root = fresh(known(case, template).template)
    assert killed(case.run, root, number)
    nothing_of_a_persons_is_lost(root, template)
    same_after_another_run(case, template, root, number)


def fill_and_run_again(case: Case, template: Path, number: int) -> None:
    root = fresh(known(case, template).template)
    assert out_of_room(case.run, root, number) in (0, 1), number
    nothing_of_a_persons_is_lost(root, template)
    results(case, root)  # nothing unfinished is left
    same_after_another_run(case, template, root, number)


@pytest.mark.parametrize("case", cases(quick=True))
def test_killed_at_some_changes(case: Case, template: Path) -> None:
    for number in places(len(known(case, template).changes.done), QUICK[case.name]):
        kill_and_run_again(case, template, number)


@pytest.mark.parametrize("case", [c for c in cases(quick=True) if "loop" not in c.id])
def test_a_disk_that_fills_up(case: Case, template: Path) -> None:
    fill_and_run_again(case, template, 1 + len(known(case, template).changes.done) // 2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", cases())
def test_killed_at_every_change(case: Case, template: Path) -> None:
    for number in sorted(known(case, template).changes.distinct):
        kill_and_run_again(case, template, number)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", cases())
def test_a_disk_that_is_full_from_any_change_on(case: Case, template: Path) -> None:
    changes = known(case, template).changes.done
    for number in kinds_of(changes) if case.name in LONG else range(1, len(changes) + 1):
        fill_and_run_again(case, template, number)


@pytest.mark.parametrize("case", [c for c in cases(quick=True) if "loop" not in c.id])
def test_a_read_only_folder_and_a_file_in_its_place(case: Case, template: Path) -> None:
    root = fresh(template)
    where = root / case.results[0]
    before = content(root)
    where.chmod(0o555)
    try:
        assert done(case.run, root) == 1
    finally:
        where.chmod(0o755)
    assert content(root) == before
    if where.name == "out":
        where.rmdir()
        where.write_text("mine")
        assert done(case.run, root) in (1, 2)
        assert where.read_text() == "mine"
        assert not leftovers(root)


def test_a_drawing_behind_a_link_is_left_there_and_results_lie_beside_the_slide(
    template: Path,
) -> None:
    case = next(c for c in CASES if c.name == "predict")
    root = fresh(template)
    link, far = root / "slides" / "s0.geojson", root / "far" / "s0.geojson"
    far.parent.mkdir()
    link.rename(far)
    link.symlink_to(Path("..") / "far" / "s0.geojson")
    assert done(case.run, root) == 0
    assert link.is_symlink()
    assert not any(o.run for o in read_geojson(far))
    assert any(o.run for o in read_geojson(root / "slides" / "s0.tif.hookpath.geojson"))
