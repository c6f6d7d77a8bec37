"""Results of a slide into the file beside its drawing, and out of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hookpath.annotations import KeptFeatures, PathObject
from hookpath.projects.backups import Backups
from hookpath.projects.base import WriteReport
from hookpath.projects.folder_store.result_files import Beside, Record
from hookpath.projects.json_files import Stamp, changing, refuse_if_changed
from hookpath.projects.object_ownership import is_ours, is_replaceable, refuse_stolen_ids


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
