"""One round of the annotation loop with corrections made by a real QuPath."""

from __future__ import annotations

from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.errors import LoopError
from hookpath.loop import LoopFolder, Truth, accept, propose, retrain
from support.loops import LoopStore, make_loop_store
from support.qupath import run_script, seen_by_qupath

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(900)]


@pytest.fixture
def store(tmp_path: Path) -> LoopStore:
    """A project made by QuPath, with a loop whose first proposals are on its third image."""
    from support.projects import skip_without_qupath

    skip_without_qupath()
    made = make_loop_store("qupath", tmp_path / "Projekt µ")
    folder = made.begin()
    with made.project() as project:
        assert not propose(folder, project, [project.images[2]]).problems
    return made


def correct(store: LoopStore, how: str) -> None:
    run_script("correct.groovy", store.root / "project.qpproj", "s2.tif", how, save=True)


def accepted(store: LoopStore, **how: bool) -> Truth:
    folder = LoopFolder(store.loop)
    with store.project() as project:
        entry = project.images[2]
        accept(folder, project, entry, **how)  # type: ignore[arg-type]
        return Truth.load(folder.truth_file(entry.id))


def test_a_round_with_corrections_made_in_qupath(store: LoopStore) -> None:
    project_file = store.root / "project.qpproj"
    seen = seen_by_qupath(project_file, "s2.tif")
    proposed = [o for o in seen["objects"] if "hookpath.run" in o["metadata"]]
    assert {o["classification"] for o in proposed} == {"Dark", "Pale"}
    assert all(o["type"] == "PathAnnotationObject" and not o["locked"] for o in proposed)
    folder = LoopFolder(store.loop)
    with store.project() as project, pytest.raises(LoopError, match="untouched"):
        accept(folder, project, project.images[2])

    correct(store, "brush")
    truth = accepted(store)
    stroke = box(100, 100, 160, 120)
    assert [(f.because, f.path_class.name) for f in truth.facts] == [("touched", "Dark")]
    # The stroke teaches; the merged Pale, which nobody looked at, does not.
    assert truth.facts[0].geometry.within(stroke.buffer(0.1))

    correct(store, "lock")
    truth = accepted(store)
    assert {(f.because, f.path_class.name) for f in truth.facts} == {("confirmed", "Dark")}
    with store.project() as project:
        found = retrain(folder, project)
        assert project.images[2].id in found.slides["train"]
        assert project.images[2].metadata["hookpath.loop.state"] == "trained"
