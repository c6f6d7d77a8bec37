"""Two copies of a project, two people, one loop again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject
from hookpath.errors import LoopError
from hookpath.loop import CONFIRMED_CLASS, LoopFolder, State, Truth, accept, merge, propose
from hookpath.loop.steps.merge import MergeReport, open_other
from support.loops import LoopStore

REGION = PathClass(CONFIRMED_CLASS)


@dataclass
class Copies:
    """The same loop twice, with proposals on images 2 and 3."""

    here: LoopStore
    there: LoopStore

    def accept(self, store: LoopStore, image: int, *, upto: int, time: str) -> None:
        """Confirm a strip at the top of an image; at a given time."""
        strip = PathObject(box(0, 0, 256, upto), path_class=REGION)
        store.correct(image, lambda objects: [*objects, strip])
        folder = LoopFolder(store.loop)
        with store.project() as project:
            entry = project.images[image]
            accept(folder, project, entry)
            folder.keep(entry, folder.record(entry), changed=time)

    def merged(self) -> MergeReport:
        with self.here.project() as project:
            return merge(LoopFolder(self.here.loop), open_other(self.there.loop), project)

    def truth(self, store: LoopStore, image: int) -> Truth:
        return Truth.load(LoopFolder(store.loop).truth_file(f"s{image}.tif"))


@pytest.fixture
def copies(folder_store: LoopStore) -> Copies:
    folder = folder_store.begin()
    with folder_store.project() as project:
        propose(folder, project, count=2)
        for entry in project.images:
            folder.keep(entry, folder.record(entry), changed="2026-01-01T00:00:00+00:00")
    root = folder_store.root.parent / "copy" / "slides"
    shutil.copytree(folder_store.root, root)
    shutil.copytree(folder_store.loop, root.parent / "loop")
    return Copies(folder_store, LoopStore("folder", root))


def test_each_image_comes_from_who_worked_on_it(copies: Copies) -> None:
    copies.accept(copies.here, 2, upto=64, time="2026-01-02T00:00:00+00:00")
    copies.accept(copies.there, 3, upto=96, time="2026-01-03T00:00:00+00:00")
    report = copies.merged()
    assert (report.taken, report.conflicts) == (("s3.tif",), ())
    assert copies.truth(copies.here, 2).confirmed.area == 256 * 64
    assert copies.truth(copies.here, 3).confirmed.area == 256 * 96
    assert copies.here.metadata(3)["hookpath.loop.state"] == "corrected"
    # What they confirmed is there to be seen, and it is a person's.
    shown = [o for o in copies.here.objects(3) if o.run is None]
    facts = copies.truth(copies.here, 3).area_l0()
    assert sum(o.geometry.area for o in shown) == pytest.approx(sum(facts.values()))
    before = copies.here.objects(3)
    again = copies.merged()
    assert again.conflicts == ()
    assert len(copies.here.objects(3)) == len(before)


def test_the_newer_wins_and_the_older_is_set_aside(copies: Copies) -> None:
    copies.accept(copies.here, 2, upto=64, time="2026-01-02T00:00:00+00:00")
    copies.accept(copies.there, 2, upto=96, time="2026-01-03T00:00:00+00:00")
    older = copies.truth(copies.here, 2)
    (conflict,) = copies.merged().conflicts
    assert (conflict.kept, conflict.name) == ("there", "s2.tif")
    assert copies.truth(copies.here, 2).confirmed.area == 256 * 96
    assert Truth.load(conflict.set_aside).area_l0() == pytest.approx(older.area_l0())


def test_the_newer_may_be_here(copies: Copies) -> None:
    copies.accept(copies.here, 2, upto=64, time="2026-01-04T00:00:00+00:00")
    copies.accept(copies.there, 2, upto=96, time="2026-01-03T00:00:00+00:00")
    (conflict,) = copies.merged().conflicts
    assert conflict.kept == "here"
    assert copies.truth(copies.here, 2).confirmed.area == 256 * 64
    assert Truth.load(conflict.set_aside).confirmed.area == 256 * 96


def test_proposals_of_the_other_copy_never_become_facts(copies: Copies) -> None:
    """They proposed again; one of those proposals comes here by hand, merged into a new object."""
    folder = LoopFolder(copies.there.loop)
    with copies.there.project() as project:
        propose(folder, project, [project.images[0]])
    copies.merged()
    here = LoopFolder(copies.here.loop)
    said = [o for several in here.proposals("s0.tif", [1]) for o in several]
    assert said
    with copies.here.project() as project:
        record = here.record(project.images[0])
        assert record.proposed_in == (1,)
        assert record.state is State.PROPOSED
        assert len(record.drawn_ids) == 2


def test_not_with_itself(copies: Copies) -> None:
    folder = LoopFolder(copies.here.loop)
    with copies.here.project() as project, pytest.raises(LoopError, match="the loop itself"):
        merge(folder, folder, project)
    with pytest.raises(LoopError, match="no loop of a copy"):
        open_other(copies.here.root)
