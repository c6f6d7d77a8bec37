"""Two people went on with two copies of a project: their loops become one again.

Per image the newer state wins. What loses is set aside, not dropped. All that either copy ever
proposed counts as proposed, so that no proposal of one copy becomes a fact in the other. Models
stay where they are: the next round trains on what both confirmed.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hookpath.atomic_files import make_folder, replace_file
from hookpath.errors import HookpathError, LoopError
from hookpath.events import SILENT, Reporter
from hookpath.loop.ground_truth.disjoint_areas import person_s_areas
from hookpath.loop.ground_truth.ground_truth_rules import Truth
from hookpath.loop.state.image_records import ImageRecord, State
from hookpath.loop.state.loop_folder import LoopFolder, write_text
from hookpath.loop.steps.project_writer import Display, missing_from, publish, run_of, untouched
from hookpath.projects import ImageEntry, Project
from hookpath.untrusted_files import read_bytes

SET_ASIDE = "set-aside"


@dataclass(frozen=True)
class Conflict:
    """An image on which both copies have ground truth; `kept`: ``here`` or ``there``."""

    id: str
    name: str
    kept: str
    here: str
    there: str
    set_aside: Path


@dataclass(frozen=True)
class MergeReport:
    """Names of the images taken over, and where both had worked."""

    taken: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    unknown: tuple[str, ...]


def merge(
    folder: LoopFolder, other: LoopFolder, project: Project, reporter: Reporter = SILENT
) -> MergeReport:
    """Take over what `other` knows better; doing it twice changes nothing more.

    Facts that are taken over and that the project does not show become annotations in it.

    Raises:
        LoopError: both are the same folder.
        ProjectError: an image cannot be written to; the others before it are done.
    """
    if folder.root.resolve() == other.root.resolve():
        raise LoopError(f"{other.root}: this is the loop itself; name the other copy's folder")
    by_id = {e.id: e for e in project.images}
    taken: list[str] = []
    conflicts: list[Conflict] = []
    unknown: list[str] = []
    with project.changes():
        for path in sorted((other.root / "images").glob("*.json")):
            theirs = ImageRecord.parse(read_bytes(path), str(path))
            entry = by_id.get(theirs.id)
            if entry is None:
                unknown.append(theirs.name)
                reporter.warn(f"{theirs.name}: not in this project, left out")
                continue
            conflict, news = _merge_image(folder, other, entry, theirs)
            if conflict is not None:
                conflicts.append(conflict)
                reporter.warn(
                    f"{entry.name}: both copies worked on it; kept what is {conflict.kept} "
                    f"(newer), the other is in {conflict.set_aside}"
                )
            if news:
                taken.append(entry.name)
    return MergeReport(tuple(taken), tuple(conflicts), tuple(unknown))


def _merge_image(
    folder: LoopFolder, other: LoopFolder, entry: ImageEntry, theirs: ImageRecord
) -> tuple[Conflict | None, bool]:
    """The conflict, and whether what they know was taken over."""
    with folder.image_alone(entry):
        found = _Pair(folder, other, entry, folder.record(entry), theirs)
        return found.conflict(), found.take_over()


@dataclass(frozen=True)
class _Pair:
    """One image in both copies."""

    folder: LoopFolder
    other: LoopFolder
    entry: ImageEntry
    here: ImageRecord
    there: ImageRecord

    @property
    def theirs_is_newer(self) -> bool:
        """ISO 8601 in UTC sorts by time."""
        return self.there.changed > self.here.changed

    @property
    def differ(self) -> bool:
        """Their ground truth is another than ours."""
        mine, theirs = (f.truth_file(self.entry.id) for f in (self.folder, self.other))
        return (mine.read_bytes() if mine.is_file() else b"") != (
            theirs.read_bytes() if theirs.is_file() else b""
        )

    def conflict(self) -> Conflict | None:
        """Both have accepted something, and not the same; the older one is set aside."""
        mine, theirs = (f.truth_file(self.entry.id) for f in (self.folder, self.other))
        if not (mine.is_file() and theirs.is_file() and self.differ):
            return None
        loser, record = (mine, self.here) if self.theirs_is_newer else (theirs, self.there)
        stamp = record.changed.replace(":", "").replace("+0000", "Z")
        aside = self.folder.root / SET_ASIDE / f"{loser.stem}-{stamp}.geojson"
        make_folder(aside.parent)
        replace_file(aside, partial(shutil.copyfile, loser))
        write_text(aside.with_suffix(".json"), record.model_dump_json(indent=2) + "\n")
        kept = "there" if self.theirs_is_newer else "here"
        return Conflict(
            self.entry.id, self.entry.name, kept, self.here.state, self.there.state, aside
        )

    def take_over(self) -> bool:
        """Proposals of both, and their state and truth where newer; whether it was."""
        rounds = self._proposals()
        newer = self.theirs_is_newer and self.there.state is not State.TODO
        chosen = self.there if newer else self.here
        is_news = newer and self.differ
        # Our model has not learned from what is new here.
        untaught = is_news and chosen.state is State.TRAINED
        known = chosen.model_copy(
            update={
                "proposed_in": rounds,
                "drawn_ids": self._annotated(),
                "part": self.here.part or self.there.part,
                "state": State.CORRECTED if untaught else chosen.state,
            }
        )
        if is_news and self.other.truth_file(self.entry.id).is_file():
            self._take_truth()
        if known.model_copy(update={"changed": self.here.changed}) != self.here:
            # With their time: merging back must not look like new work.
            self.folder.keep(self.entry, known, changed=chosen.changed)
        return newer

    def _annotated(self) -> tuple[str, ...]:
        """Annotated before the first proposal of either copy."""
        if not self.there.proposed_in:
            return self.here.drawn_ids
        if not self.here.proposed_in:
            return self.there.drawn_ids
        return tuple(sorted({*self.here.drawn_ids} & {*self.there.drawn_ids}))

    def _proposals(self) -> tuple[int, ...]:
        for number in self.there.proposed_in:
            mine, theirs = (f.round_folder(number) for f in (self.folder, self.other))
            have = {p.read_bytes() for p in mine.proposals(self.entry.id)}
            for path in theirs.proposals(self.entry.id):
                if path.read_bytes() not in have:
                    target = mine.next_proposals(self.entry.id)
                    make_folder(target.parent)
                    replace_file(target, partial(shutil.copyfile, path))
        return tuple(sorted({*self.here.proposed_in, *self.there.proposed_in}))

    def _take_truth(self) -> None:
        """Their facts, also as annotations, but for what a person has drawn here."""
        target = self.folder.truth_file(self.entry.id)
        replace_file(target, partial(shutil.copyfile, self.other.truth_file(self.entry.id)))
        truth = Truth.load(target)
        objects = self.folder.objects(self.entry)
        missing = missing_from(truth, person_s_areas(objects), 1.0, every=True)
        checks = untouched(objects, checks=True)
        shown = Display(untouched(objects), missing, checks)
        publish(self.entry, shown, truth, self.folder.round, run_of(self.folder))


def open_other(path: Path) -> LoopFolder:
    """The other copy's loop: its folder, or the project folder that it is in.

    Raises:
        LoopError: there is none.
    """
    inside = path / "hookpath" / "loop"
    try:
        return LoopFolder(inside if inside.is_dir() else path)
    except HookpathError as error:
        raise LoopError(f"{path}: no loop of a copy here; name its folder") from error
