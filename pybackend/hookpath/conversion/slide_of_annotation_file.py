"""The slide that an annotation file belongs to, and where its pixels lie in the file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hookpath.errors import ProjectError, UsageError
from hookpath.geometry import Calibration
from hookpath.projects import ImageEntry, open_project
from hookpath.projects.folder_store.annotation_file_matching import ENDINGS
from hookpath.projects.folder_store.folder_project import is_slide
from hookpath.safe_names import readable


@dataclass(frozen=True)
class Place:
    """A slide, as far as a conversion needs it; all in level-0 px.

    Attributes:
        path: of the slide.
        size_l0: (width, height) that QuPath shows.
        corner_in_file: where the corner of that lies in the file.
        size_in_file: (width, height) of the whole file.
        calibration: µm/px, if known.
    """

    path: Path
    size_l0: tuple[int, int]
    corner_in_file: tuple[int, int] = (0, 0)
    size_in_file: tuple[int, int] = (0, 0)
    calibration: Calibration | None = None

    @property
    def stem(self) -> str:
        """The slide's name without its ending."""
        return stem_of(self.path)


def stem_of(path: Path) -> str:
    """``a`` of ``a.svs``, ``a.ome.tif`` and ``a.geojson.gz``."""
    stem = path.name
    for ending in (".gz", ".zip", None, ".ome"):
        if ending is None:
            stem = Path(stem).stem
        elif stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
    return stem


class Places:
    """Finds slides by name: in a given project, folder or slide, else beside the file.

    Raises:
        ProjectError: nothing usable is where the slides should be.
    """

    def __init__(self, slides: Path | None, mpp: float | None, files: Sequence[Path]) -> None:
        self._mpp = mpp
        self._not_slides = {file.absolute() for file in files}
        self._given = _images(slides, mpp) if slides else None
        self._is_one_slide = slides is not None and is_slide(slides) and len(self._given or ()) == 1
        self._beside: dict[Path, list[ImageEntry]] = {}

    def of(self, file: Path) -> Place | None:
        """The slide of an annotation file; None: there is none.

        Raises:
            UsageError: several slides have its name.
            ProjectError, SlideError: the slide cannot be opened.
        """
        entries = self._given if self._given is not None else self._in_folder(file.absolute())
        if self._is_one_slide:
            return _place(entries[0])
        named = [e for e in entries if _belongs(file, e)]
        found = [e for e in named if stem_of(Path(e.name)) == readable(stem_of(file))] or named
        if len(found) > 1:
            names = ", ".join(e.name for e in found)
            raise UsageError(f"{file}: belongs to several slides ({names}); choose with --slides")
        return _place(found[0]) if found else None

    def _in_folder(self, file: Path) -> list[ImageEntry]:
        folder = file.parent
        if folder not in self._beside:
            try:
                found = _images(folder, self._mpp)
            except ProjectError:
                found = []
            self._beside[folder] = found
        return [e for e in self._beside[folder] if folder / e.name not in self._not_slides]


def _images(source: Path, mpp: float | None) -> list[ImageEntry]:
    project = open_project(source, mpp)
    try:
        return list(project.images)
    finally:
        project.close()


def _belongs(file: Path, entry: ImageEntry) -> bool:
    stem, named = (
        unicodedata.normalize("NFC", readable(stem_of(Path(name))))
        for name in (entry.name, file.name)
    )
    return re.fullmatch(f"{re.escape(stem)}({ENDINGS})?", named, re.IGNORECASE) is not None


def _place(entry: ImageEntry) -> Place:
    from hookpath.slides import open_slide

    reference, seen = entry.slide, entry.description
    whole = seen.size_l0
    if reference.crop_to_bounds:
        with open_slide(reference.path, crop_to_bounds=False) as slide:
            whole = slide.width_l0, slide.height_l0
    return Place(reference.path, seen.size_l0, seen.corner, whole, seen.calibration)
