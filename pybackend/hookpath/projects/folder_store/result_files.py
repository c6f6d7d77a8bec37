"""Predictions for a slide of a folder: a file beside the drawing, read, written and removed.

``<slide>.hookpath.geojson``. The file that a person drew in is not rewritten; but it may hold
results, too: earlier versions wrote them there, and who imports results into QuPath exports them
with the drawing. Ids tell the two apart: what has the id of a result beside it was imported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hookpath.annotations import KeptFeatures, PathObject
from hookpath.projects.backups import Backups
from hookpath.projects.object_ownership import (
    CONFIRMED_KEY,
    EDITED_KEY,
    UNSEEN_KEY,
    is_ours,
    is_replaceable,
    refuse_stolen_ids,
)
from hookpath.projects.project_protocol import WriteReport
from hookpath.projects.stamped_json_files import Stamp, changing, refuse_if_changed
from hookpath.safe_names import with_ending

#: What follows a slide's file name in that of its predictions.
RESULTS_SUFFIX = ".hookpath.geojson"

_MEMBER = "hookpath"


def results_beside(slide: Path) -> Path:
    """Where the predictions for a slide go."""
    return slide.with_name(with_ending(slide.name, RESULTS_SUFFIX))


def is_results(file: Path) -> bool:
    """Whether it is called like the predictions for a slide."""
    return file.name.lower().endswith(RESULTS_SUFFIX)


@dataclass(frozen=True)
class Record:
    """What a results file remembers of the drawing beside it, from when it was written.

    Attributes:
        replaced: runs in the drawing's file whose place the results took.
        known: results that the drawing's file had already.
    """

    replaced: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Record:
        """From the members of the file's collection; what is none says nothing."""
        found = members.get(_MEMBER)
        content = found if isinstance(found, dict) else {}
        values = (content.get(key) for key in ("replaced", "known"))
        return cls(*(frozenset(map(str, v if isinstance(v, list) else ())) for v in values))

    def members(self) -> dict[str, Any]:
        """As members of the collection."""
        return {_MEMBER: {"replaced": sorted(self.replaced), "known": sorted(self.known)}}


@dataclass(frozen=True)
class Beside:
    """What lies in the two files of a slide, people's changes claimed (`claimed_by_people`).

    Attributes:
        annotated: objects of the drawing's file.
        results: objects of the results file.
        record: what the results file remembers.
    """

    annotated: Sequence[PathObject]
    results: Sequence[PathObject] = ()
    record: Record = Record()

    @cached_property
    def shown(self) -> list[PathObject]:
        """The slide's objects.

        A person's are all there. Of results that were imported and exported again with the
        drawing, the drawing has the last word: what was deleted in QuPath stays deleted. Other
        results are shown, but nobody can have confirmed them in the drawing (`UNSEEN_KEY`).
        """
        by_id = {o.id: o for o in self.results}
        annotated = [o if o.run is None else by_id.get(o.id, o) for o in self._annotated]
        known = {o.id for o in annotated} | {o.id for o in self.deleted}
        fresh = [o for o in self.results if o.id not in known]
        return [*annotated, *(o if o.run is None else _unseen(o) for o in fresh)]

    @cached_property
    def deleted(self) -> list[PathObject]:
        """Results that somebody imported and did not export again."""
        annotated, results = {o.id for o in self._annotated}, {o.id for o in self.results}
        new = results - self.record.known
        imported = bool(new & annotated) if new else bool(results)
        return [o for o in self.results if imported and _began(o) and o.id not in annotated]

    @cached_property
    def replaced(self) -> list[PathObject]:
        """Predictions in the drawing's file whose place newer ones took."""
        ids = {o.id for o in self.results}
        runs = self.record.replaced
        return [o for o in self.annotated if o.run in runs and o.id not in ids]

    def after(self, new: Collection[str], run: str | None = None) -> Record:
        """What results of these ids remember, written now for all others (those of `run`)."""
        in_drawing = {o.id for o in self.annotated}
        runs = {o.run for o in self.annotated if o.run is not None and is_replaceable(o, run)}
        return Record(self.record.replaced | runs, frozenset(new) & in_drawing)

    @cached_property
    def _annotated(self) -> list[PathObject]:
        gone = {o.id for o in self.replaced}
        return [o for o in self.annotated if o.id not in gone]


def _began(o: PathObject) -> bool:
    """Whether an object was a result when it was written."""
    return o.run is not None or EDITED_KEY in o.metadata or CONFIRMED_KEY in o.metadata


def _unseen(o: PathObject) -> PathObject:
    return dataclasses.replace(o, metadata={**o.metadata, UNSEEN_KEY: "yes"})


@dataclass(frozen=True)
class BesideWriter:
    """Changes what hookpath wrote for one slide.

    Attributes:
        image: name of the slide, for messages.
        drawing: file that a person drew in; it need not exist.
        results: file beside it; it need not exist.
        beside: what lies in the two.
        backups: of this command.
    """

    image: str
    drawing: Path
    results: Path
    beside: Beside
    backups: Backups

    def write(self, new: Sequence[PathObject], seen: Stamp, run: str | None = None) -> WriteReport:
        """Replace all results by `new` (`run`: only its own); the drawing's file is not written to.

        Args:
            new: tagged.
            seen: the results file when it was read.

        Raises:
            WriteRefusedError: it changed, or an id of `new` is that of a person's object.
        """
        refuse_if_changed(self.results, seen, self.image)
        deleted = {o.id for o in self.beside.deleted}
        kept = KeptFeatures.of(self.results, lambda o: is_replaceable(o, run) or o.id in deleted)
        persons = [o.id for o in self.beside.annotated if not is_ours(o)]
        refuse_stolen_ids([*kept.ids, *persons], new, self.image)
        gone = self._out_of_drawing(run)
        if not new and not kept.removed and not gone:
            return WriteReport(0, 0, None)
        record = self.beside.after({*kept.ids, *(o.id for o in new)}, run)
        shown = sum(is_replaceable(o, run) for o in self.beside.shown)
        self._replace(kept, new, record, seen)
        return WriteReport(len(new), shown, self._backup(kept), self._note(gone))

    def remove(self, run: str | None, seen: Stamp) -> WriteReport:
        """Remove the results of a run (None: of all), from the drawing's file, too."""
        refuse_if_changed(self.results, seen, self.image)
        goes: Callable[[PathObject], bool] = lambda o: is_replaceable(o, run)  # noqa: E731
        there = KeptFeatures.of(self.results, goes)
        shown = sum(is_replaceable(o, run) for o in self.beside.shown)
        annotated = KeptFeatures.of(self.drawing, goes)
        backup = self._rewrite_drawing(annotated) if annotated.removed else None
        if there.removed:
            record = self.beside.record if there.features or self.beside.record.replaced else None
            self._replace(there, [], record, seen)
        return WriteReport(0, shown, backup)

    def _out_of_drawing(self, run: str | None) -> list[PathObject]:
        """Results that only the drawing's file has, and that are shown until now."""
        ids = {o.id for o in self.beside.results} | {o.id for o in self.beside.replaced}
        return [o for o in self.beside.annotated if is_replaceable(o, run) and o.id not in ids]

    def _replace(
        self, kept: KeptFeatures, new: Sequence[PathObject], record: Record | None, seen: Stamp
    ) -> None:
        with changing(self.results, self.image):

            def last_check() -> None:
                refuse_if_changed(self.results, seen, self.image)
                self._backup(kept)

            if record is None and not kept.features:
                last_check()
                self.results.unlink(missing_ok=True)
                return
            kept.members |= (record or Record()).members()
            kept.write(self.results, new, before=last_check)

    def _backup(self, kept: KeptFeatures) -> Path | None:
        """Of what people changed in the results file; the rest can be predicted again."""
        return self.backups.make(self.results) if kept.features else None

    def _rewrite_drawing(self, kept: KeptFeatures) -> Path | None:
        seen = Stamp.of(self.drawing)
        with changing(self.drawing, self.image):

            def last_check() -> None:
                refuse_if_changed(self.drawing, seen, self.image)
                self.backups.make(self.drawing)

            kept.write(self.drawing, [], before=last_check)
        return self.backups.make(self.drawing)

    def _note(self, gone: Sequence[PathObject]) -> str:
        if not gone:
            return ""
        return (
            f"{self.image}: {len(gone)} earlier predictions stay in {self.drawing.name}, which is "
            f"a person's file; those in {self.results.name} are shown in their place"
        )
