"""The loop's project as training sees it: only confirmed, touched and drawn area, nothing else.

A view, so that sampling, training and evaluation need not know of the loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from hookpath.annotations import PathObject
from hookpath.errors import HookpathError, LoopError
from hookpath.loop.ground_truth.ground_truth_rules import Truth, drawn_truth
from hookpath.loop.state.image_records import ImageRecord
from hookpath.loop.state.loop_folder import LoopFolder
from hookpath.projects import (
    SPLIT_KEY,
    ImageEntry,
    ImageSnapshot,
    PlaneEntry,
    Project,
    WriteReport,
)
from hookpath.projects.image_snapshot import snapshot_of
from hookpath.projects.project_wrappers import EntryView, ProjectView
from hookpath.slides import SlideRef


def truth_of(folder: LoopFolder, entry: ImageEntry, record: ImageRecord) -> Truth:
    """What is known of an image now.

    Before anything was accepted on it, that is what a person drew at the start, as the project
    has it now; later what was accepted.
    """
    path = folder.truth_file(entry.id)
    if path.is_file():
        return Truth.load(path)
    annotated = frozenset(record.drawn_ids) if record.proposed_in else None
    return drawn_truth(folder.objects(entry), annotated)


def labelled_mm2(entry: ImageEntry, truth: Truth) -> dict[str, float]:
    """Area that teaches, by class; 0 where the µm/px are not known: training says so."""
    try:
        calibration = entry.description.calibration
    except HookpathError:
        calibration = None
    mm2 = calibration.area_um2(1.0) * 1e-6 if calibration else 0.0
    return {name: area * mm2 for name, area in truth.area_l0().items()}


class TeachingEntry(EntryView):
    """An image whose objects are its ground truth. Read-only."""

    def __init__(self, entry: ImageEntry, truth: Truth, part: str | None) -> None:
        super().__init__(entry)
        self.truth, self._part = truth, part

    @property
    def metadata(self) -> Mapping[str, str]:
        """The project's, with the loop's own split."""
        kept = {k: v for k, v in self.entry.metadata.items() if k != SPLIT_KEY}
        return kept if self._part is None else {**kept, SPLIT_KEY: self._part}

    @property
    def slide(self) -> SlideRef:
        """Of a stack the plane that the facts are on, which they do not say themselves."""
        view = self.entry
        return replace(view.slide, plane=view.plane) if isinstance(view, PlaneEntry) else view.slide

    def set_metadata(self, values: Mapping[str, str | None]) -> NoReturn:
        """Never: a view."""
        raise _read_only(self.name)

    def objects(self) -> list[PathObject]:
        """One annotation for each fact."""
        return self.truth.objects()

    def read(self) -> ImageSnapshot:
        """All there is to know, with the ground truth as objects."""
        return snapshot_of(self, self.objects)

    def write(
        self,
        objects: Sequence[PathObject],
        run: str,
        read: ImageSnapshot | None = None,
        beside: bool = False,
    ) -> WriteReport:
        """Never: a view."""
        raise _read_only(self.name)

    def remove_results(self, run: str | None = None) -> WriteReport:
        """Never: a view."""
        raise _read_only(self.name)


def _read_only(name: str) -> LoopError:
    return LoopError(f"{name}: a view of the loop's ground truth cannot be written to")


class TeachingProject(ProjectView):
    """The images of a project that teach. Read-only.

    `source` is the loop's folder: the project's own may be a file that lives for one job only.
    """

    def __init__(self, project: Project, source: Path, images: Sequence[TeachingEntry]) -> None:
        super().__init__(project)
        self._source, self._images = source, tuple(images)

    @property
    def source(self) -> Path:
        """The loop's folder."""
        return self._source

    @property
    def images(self) -> Sequence[ImageEntry]:
        """Images with facts."""
        return self._images

    def changes(self) -> NoReturn:
        """Never: a view."""
        raise _read_only(self.name)
