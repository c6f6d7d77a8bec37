"""Predictions for a slide of a folder: a file beside the drawing, never in it.

``<slide>.hookpath.geojson``. The file that a person drew in is not rewritten; but it may hold
results, too: earlier versions wrote them there, and who imports results into QuPath exports them
with the drawing. Ids tell the two apart: what has the id of a result beside it was imported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hookpath.annotations.objects import PathObject
from hookpath.projects.object_ownership import CONFIRMED_KEY, EDITED_KEY, UNSEEN_KEY, is_replaceable

#: What follows a slide's file name in that of its predictions.
RESULTS_SUFFIX = ".hookpath.geojson"

_MEMBER = "hookpath"


def results_beside(slide: Path) -> Path:
    """Where the predictions for a slide go."""
    return slide.with_name(slide.name + RESULTS_SUFFIX)


def slide_of_results(name: str) -> str | None:
    """The slide's file name in that of its predictions; None: it names no predictions."""
    return name[: -len(RESULTS_SUFFIX)] if name.lower().endswith(RESULTS_SUFFIX) else None


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
