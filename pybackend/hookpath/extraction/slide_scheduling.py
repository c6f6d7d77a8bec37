"""Keeps the worker processes busy with the slides of a run, whatever happens to them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hookpath.annotations import ClassTable, PathClass, class_names_in
from hookpath.errors import ExtractionError, code_of, one_line, write_code
from hookpath.events import Reporter
from hookpath.extraction.extraction_config import ExtractConfig
from hookpath.extraction.extraction_process_pool import abandon, start_workers
from hookpath.extraction.extraction_record import (
    SlideRecord,
    count_by_label,
    count_by_magnification,
    fresh_stage,
    labels_digest,
    load_record,
    publish,
    slide_folder,
)
from hookpath.extraction.extraction_worker import Drawn, Planned, cut, identify, plan, suffix_of
from hookpath.extraction.patch_selection import Patch
from hookpath.locking import Claims, Failed, Lease, may_pass
from hookpath.locking.work_sharing_loop import FIRST_WAIT_S, LONGEST_WAIT_S, TRIES
from hookpath.projects import SPLIT_KEY, ImageEntry, Problem, Project, Rest
from hookpath.projects.annotations_as_labels import as_labels
from hookpath.slides import SlideIdentity, SlideRef
from hookpath.temporary_files import discard

#: Patches that a worker cuts out before it says so.
CHUNK = 64

#: A slide this much coarser than what is asked for gives patches that are blurred.
BLURRED = 1.25

#: Name of the task that the reporter gets.
TASK = "extract"

_DIED = (
    "a process that read it ended twice (a damaged file, or too little memory: fewer --workers "
    "need less)"
)

Pair = tuple[Project, ImageEntry]


def folder_of(out: Path, pair: Pair) -> Path:
    """Where the patches of an image go."""
    project, entry = pair
    return slide_folder(out, str(project.source.resolve()), entry.name, entry.id)


@dataclass
class _Slide:
    """A slide that is being worked on."""

    project: Project
    entry: ImageEntry
    slide: SlideRef
    folder: Path
    annotated: Drawn
    split: str
    record: SlideRecord | None = None
    started: float = field(default_factory=time.monotonic)
    stage: Path | None = None
    patches: list[Patch] = field(default_factory=list)
    waiting: set[Future[Any]] = field(default_factory=set)
    bytes: int = 0
    #: How near patches came to what is asked for, where none did.
    best: str = ""


class Run:
    """Keeps the workers busy: plans slides ahead while chunks of others are cut out.

    Other processes may do the same in the folder; each slide is claimed by one of them.
    """

    def __init__(
        self, out: Path, config: ExtractConfig, claims: Claims, reporter: Reporter
    ) -> None:
        self.out, self.config, self.reporter = out, config, reporter
        self.claims = claims
        #: Claims of the slides that are worked on, by their folders.
        self.leases: dict[Path, Lease] = {}
        #: Slides that others work on, or that are to be tried once more.
        self.left: list[Pair] = []
        self.workers = start_workers(config.workers)
        #: Slides that are worked on, by their folders, and what is under way for them.
        self.slides: dict[Path, _Slide] = {}
        self.open: dict[Future[Any], _Slide] = {}
        self.done: dict[Path, tuple[SlideRecord, bool]] = {}
        self.problems: list[Problem] = []
        #: Classes that are annotated (or are undrawn tissue's) on any slide.
        self.classes: set[str] = set()
        self.written: set[str] = set()  # before any rule changed them
        #: Slides whose worker died: each is tried once more, alone.
        self.suspects: set[Path] = set()
        #: Class → value in masks, the same on all slides.
        self.values: dict[str, int] = {}
        #: Written now, whether or not their slide is finished.
        self.patches = 0

    def work(self, entries: Sequence[Pair]) -> None:
        """All slides; in the end each is done by somebody, or has failed twice."""
        todo, idle = deque(entries), 0
        while todo or self.open or self.left:
            if not todo and not self.open:
                idle = self._wait(idle)
                todo.extend(self.left)
                self.left.clear()
            done = len(self.done) + len(self.problems)
            try:
                self._fill(todo)
                finished, _ = wait(self.open, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._advance(future)
            except BrokenProcessPool:
                todo.extendleft(reversed(self._revive()))
            if len(self.done) + len(self.problems) > done:
                idle = 0
            ahead = len(todo) + len(self.slides) + len(self.left)
            self.reporter.overall(1 - ahead / max(1, len(entries)))

    def _wait(self, idle: int) -> int:
        """For the slides of others; how often nothing had changed."""
        if self.claims.others:
            if idle == 1:
                names = ", ".join(entry.name for _, entry in self.left[:3])
                self.reporter.info(f"waiting for others to finish {names}")
            time.sleep(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**idle))
        return idle + 1

    def _fill(self, todo: deque[Pair]) -> None:
        """One slide more than there are workers: its plan is ready when they are."""
        ahead = 1 if self.suspects else self.config.workers + 1
        while todo and len(self.slides) < ahead:
            pair = todo.popleft()
            self._try(pair, self._start, *pair)

    def _try(self, pair: Pair, step: Any, *arguments: Any) -> None:
        """One bad slide must not stop the others; a full disk must."""
        try:
            step(*arguments)
        except BrokenProcessPool:
            raise
        except Exception as error:
            if write_code(error) == "disk_full":
                raise
            self._failed(pair, error)

    def _failed(self, pair: Pair, error: Exception, finally_: bool = False) -> None:
        """Try once more in the end what may be better then, here or by another process."""
        entry, folder = pair[1], folder_of(self.out, pair)
        found = self.claims.note_failure(folder.name, one_line(error), code_of(error))
        self._release(folder)
        if found.tries < TRIES and may_pass(found.code) and not finally_:
            self.left.append(pair)
            line = Problem(entry.name, found.message).line
            self.reporter.info(f"{line} (will be tried once more)")
            return
        self._gave_up_on(entry, found)

    def _release(self, folder: Path) -> None:
        lease = self.leases.pop(folder, None)
        if lease is not None:
            lease.release()

    def _gave_up_on(self, entry: ImageEntry, why: Failed) -> None:
        self.problems.append(Problem(entry.name, why.message, why.code, entry.id))
        self.reporter.warn(self.problems[-1].line)
        self.reporter.result("problem", vars(self.problems[-1]))
        self.reporter.advance(TASK)

    def _start(self, project: Project, entry: ImageEntry) -> None:
        folder = folder_of(self.out, (project, entry))
        lease = self.claims.take(folder.name)
        if lease is None:
            self.left.append((project, entry))
            return
        self.leases[folder] = lease
        before = self.claims.failure(folder.name)
        if before is not None and before.tries >= TRIES:
            self._release(folder)
            self._gave_up_on(entry, before)
            return
        annotated = self._annotated(entry)
        split = entry.metadata.get(SPLIT_KEY, "")
        slide = self.slides[folder] = _Slide(project, entry, entry.slide, folder, annotated, split)
        self._submit(slide, identify, slide.slide)

    def _identified(self, slide: _Slide, identity: SlideIdentity) -> None:
        """Plan the slide, unless the same was done before."""
        slide.record = SlideRecord(
            image=slide.entry.name,
            project=slide.project.name,
            settings=self.config.digest,
            slide=identity,
            labels=labels_digest(
                slide.annotated.labels(),
                slide.annotated.rest,
                slide.annotated.values if self.config.masks else (),
            ),
            patches={},
            by_label={},
        )
        found = None if self._is_wanted_again(slide.folder) else load_record(slide.folder)
        if found is not None and found.same_work(slide.record):
            self._finished(slide.entry, slide.folder, found, is_new=False)
        else:
            self._submit(slide, plan, slide.slide, slide.annotated, self.config)

    def _is_wanted_again(self, folder: Path) -> bool:
        """Whether a finished slide is to be done all the same: not one of this command's."""
        return self.config.again and not self.claims.is_done(folder.name)

    def _annotated(self, entry: ImageEntry) -> Drawn:
        """What people drew, of the classes wanted, and what undrawn tissue is."""
        wanted = self.config.classes
        written = entry.objects()
        self.written.update(c.name for c in class_names_in(written))
        objects = as_labels(entry, written, self.config.rules)
        rest = Rest(class_name=self.config.rest).class_of(entry, objects)
        found = {c.name: c for c in class_names_in(objects)}
        if rest is not None:
            found.setdefault(rest, PathClass(rest))
        self.classes |= found.keys()
        classes = {n: c for n, c in found.items() if not wanted or n in wanted}
        values = tuple(self.values.get(name, 0) for name in classes)
        known = rest if rest in classes else None
        return Drawn(objects, ClassTable.of(classes.values()), known, values)

    def _submit(self, slide: _Slide, work: Any, *arguments: Any) -> None:
        future = self.workers.submit(work, *arguments)
        self.open[future] = slide
        slide.waiting.add(future)

    def _advance(self, future: Future[Any]) -> None:
        """Something of a slide is done: its plan, or a chunk of its patches."""
        slide = self.open.pop(future, None)
        if slide is not None and not future.cancelled():
            slide.waiting.discard(future)
            self._try((slide.project, slide.entry), self._take, slide, future)

    def _take(self, slide: _Slide, future: Future[Any]) -> None:
        try:
            result = future.result()
            if isinstance(result, SlideIdentity):
                self._identified(slide, result)
                return
            if isinstance(result, Planned):
                self._planned(slide, result)
            else:
                slide.bytes += result.bytes
                self.patches += result.patches
                self.reporter.advance(TASK, 0, patches=self.patches)
            if not slide.waiting:
                self._publish(slide)
        except BrokenProcessPool:
            raise
        except Exception:
            self._give_up(slide)
            raise

    def _planned(self, slide: _Slide, planned: Planned) -> None:
        finest = self.config.by_fineness[0]
        if planned.mpp > BLURRED * finest.spacing_um:
            self.reporter.warn(
                f"{slide.entry.name}: has {planned.mpp:.3g} µm/px, so its patches at "
                f"{finest.spacing_um:.3g} µm/px ({finest.name}) are enlarged"
            )
        slide.patches = planned.patches
        slide.stage = fresh_stage(slide.folder, slide.patches, self.config.masks)
        annotated = slide.annotated if self.config.masks else None
        slide.best = planned.best
        for start in range(0, len(slide.patches), CHUNK):
            chunk = slide.patches[start : start + CHUNK]
            self._submit(slide, cut, slide.slide, chunk, slide.stage, self.config, annotated)

    def _publish(self, slide: _Slide) -> None:
        assert slide.stage is not None
        assert slide.record is not None
        record = slide.record.model_copy(
            update={
                "patches": count_by_magnification(slide.patches),
                "by_label": count_by_label(slide.patches),
                "bytes": slide.bytes,
                "seconds": round(time.monotonic() - slide.started, 3),
            }
        )
        suffix = suffix_of(self.config)
        publish(slide.stage, slide.folder, slide.patches, record, slide.split, suffix)
        if self.config.again:
            self.claims.note_done(slide.folder.name)
        self._finished(slide.entry, slide.folder, record, is_new=True)

    def _finished(self, entry: ImageEntry, folder: Path, record: SlideRecord, is_new: bool) -> None:
        self.done[folder] = record, is_new
        self._release(folder)
        self.suspects.discard(folder)
        if not is_new:
            self.reporter.info(f"{entry.name}: finished earlier, not extracted again")
        elif not record.patches:
            best = self.slides[folder].best if folder in self.slides else ""
            why = f" ({best})" if best else ""
            self.reporter.warn(f"{entry.name}: no patch has enough of what is asked for{why}")
        self.slides.pop(folder, None)
        self.reporter.result(
            "slide", {**record.model_dump(), "folder": str(folder), "resumed": not is_new}
        )
        self.reporter.advance(TASK)

    def _give_up(self, slide: _Slide) -> None:
        """Nothing of a slide that failed is worked on any more, or left."""
        for future in slide.waiting:
            future.cancel()
            self.open.pop(future, None)
        self.slides.pop(slide.folder, None)
        self.suspects.discard(slide.folder)
        # What runs already goes on and then finds no folder to write to.
        if slide.stage is not None:
            discard(slide.stage)

    def _revive(self) -> list[Pair]:
        """New workers after one died; the slides to be tried again, one by one."""
        self.workers.shutdown(wait=True, cancel_futures=True)
        self.workers = start_workers(self.config.workers)
        slides = list(self.slides.values())
        self.slides.clear()
        self.open.clear()
        for slide in slides:
            self._release(slide.folder)
        if len(slides) == 1 and slides[0].folder in self.suspects:
            self._give_up(slides[0])
            self._failed((slides[0].project, slides[0].entry), ExtractionError(_DIED), True)
            return []
        self.suspects |= {slide.folder for slide in slides}
        return [(slide.project, slide.entry) for slide in slides]

    def close(self) -> None:
        """End the workers; unfinished slides leave nothing behind.

        Where somebody stops the run, nobody waits for the plan of a large slide.
        """
        if self.open:
            abandon(self.workers)
        self.workers.shutdown(wait=True, cancel_futures=True)
        for slide in list(self.slides.values()):
            self._give_up(slide)
        for folder in list(self.leases):
            self._release(folder)
