"""A folder of slides with QuPath's GeoJSON beside them: a project that needs no QuPath."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from hookpath.annotations.objects import PathClass, PathObject
from hookpath.errors import AnnotationError, ProjectError
from hookpath.geometry import Calibration
from hookpath.names import readable
from hookpath.projects._files import (
    Stamp,
    back_up,
    refuse_if_changed,
    write_errors,
    write_json,
)
from hookpath.projects._results import (
    claimed_by_people,
    is_ours,
    refuse_stolen_ids,
    tagged,
)
from hookpath.projects._sidecars import Sidecars, sidecars_of
from hookpath.projects.base import WriteReport
from hookpath.projects.spacing import GivenSpacing
from hookpath.slides.base import SlideRef
from hookpath.untrusted import read_json

#: File name endings taken for slides.
SLIDE_SUFFIXES = frozenset({
    ".svs", ".tif", ".tiff", ".ndpi", ".mrxs", ".scn", ".bif", ".vms", ".vmu", ".svslide",
    ".czi", ".dcm", ".qptiff", ".png", ".jpg", ".jpeg", ".bmp",
})  # fmt: skip

#: Endings of annotation files beside a slide, the first that exists is used.
ANNOTATION_SUFFIXES = (
    ".geojson", ".geojson.gz", ".geojson.zip", ".json", ".json.gz", ".json.zip", ".zip",
)  # fmt: skip

#: Ending of HALO's annotations: read where no GeoJSON has a person's work, never written.
HALO_SUFFIX = ".annotations"

#: Optional file in the folder: ``{"images": {"<file name>": {"mpp": 0.25, "metadata": {…}}}}``.
FOLDER_FILE = "hookpath-project.json"


def is_slide_file(path: Path) -> bool:
    """Whether the file's name looks like a slide's (hidden files do not)."""
    return path.suffix.lower() in SLIDE_SUFFIXES and not path.name.startswith(".")


class FolderProject:
    """Slides in one folder (not in folders below it), ``<slide stem>.geojson`` beside each.

    Where two slides share a stem, ``<file name>.geojson`` belongs to one alone. Results are
    written into the same GeoJSON file, tagged, and what else is in it stays as it was; image
    metadata into ``hookpath-project.json``.
    `source` may also be one slide: a project of one image.

    Raises:
        ProjectError: no such folder, or no slide in it.
    """

    def __init__(
        self,
        source: str | Path,
        mpp: float | None = None,
        *,
        override_mpp: float | None = None,
        crop_to_bounds: bool = True,
    ) -> None:
        given = GivenSpacing(mpp, override_mpp)
        self._source = Path(source).expanduser()
        self.folder = self._source if self._source.is_dir() else self._source.parent
        slides = _slides_in(self._source)
        stems = Counter(stem for path in slides for stem in _stems(path))
        self._slides = tuple(slides)
        self._images = tuple(
            FolderEntry(path, self.folder, stems, given, crop_to_bounds, others)
            for path, others in slides.items()
        )

        for entry in self._images:
            entry.named_otherwise = self._named_otherwise

    @cached_property
    def sidecars(self) -> Sidecars:
        """What of the folder's files is whose, as they are when this is first asked for."""
        files = [p for p in self.folder.iterdir() if p.is_file()]
        single = not self._source.is_dir()
        slides = [p for p in files if is_slide_file(p)] if single else self._slides
        exact = {entry.file: entry.exact_files() for entry in self._images}
        return sidecars_of(slides, files, exact)

    def _named_otherwise(self, slide: Path) -> Path | None:
        return self.sidecars.matched.get(slide)

    def remarks(self) -> list[str]:
        """One line for each file that is used under another name than a slide's, or not at all."""
        return list(self.sidecars.remarks()) if self._source.is_dir() else []

    @property
    def source(self) -> Path:
        """The folder, or the single slide."""
        return self._source

    @property
    def name(self) -> str:
        """Name of the folder (or slide)."""
        return self._source.resolve().name

    @property
    def images(self) -> Sequence[FolderEntry]:
        """Every slide, sorted by file name."""
        return self._images

    @property
    def classes(self) -> Sequence[PathClass]:
        """Always empty: in a folder, the annotations alone say which classes there are."""
        return ()

    def close(self) -> None:
        """Nothing is held."""


class FolderEntry:
    """One slide of a folder; `others` are files that belong to it (levels of a DICOM series)."""

    def __init__(
        self,
        path: Path,
        folder: Path,
        stems: Mapping[str, int],
        given: GivenSpacing,
        crop_to_bounds: bool,
        others: tuple[Path, ...] = (),
    ) -> None:
        self._path = path
        self._others = others
        self._folder_file = folder / FOLDER_FILE
        self._stems = stems
        self._given = given
        self._crop = crop_to_bounds
        self._seen: Stamp | None = None

    @property
    def id(self) -> str:
        """The file name: stable, unique in the folder."""
        return readable(self._path.name)

    @property
    def name(self) -> str:
        """The file name."""
        return readable(self._path.name)

    @property
    def slide(self) -> SlideRef:
        """How to open the slide."""
        return self._given.reference(self._path, self._calibration(), self._crop)

    @property
    def metadata(self) -> Mapping[str, str]:
        """Values kept in ``hookpath-project.json``."""
        kept = self._record().get("metadata", {})
        return {str(k): str(v) for k, v in kept.items()}

    def set_metadata(self, values: Mapping[str, str | None]) -> None:
        """Set (None: remove) values in ``hookpath-project.json``, atomically."""
        kept = {**self.metadata, **values}
        with write_errors(self._folder_file, self.name):
            content = _read_folder_file(self._folder_file)
            record = content.setdefault("images", {}).setdefault(self.name, {})
            record["metadata"] = {k: v for k, v in kept.items() if v is not None}
            write_json(self._folder_file, content)

    #: Finds annotations that are not quite named like a slide; set by the project.
    named_otherwise: Callable[[Path], Path | None] = staticmethod(lambda _: None)

    @property
    def annotation_file(self) -> Path:
        """The file with this slide's objects; where there is none, the one a write creates.

        Raises:
            ProjectError: the only candidate is named after several slides.
        """
        if exact := next(self._existing(ANNOTATION_SUFFIXES), None):
            return exact
        self._refuse_shared()
        other = self.named_otherwise(self._path)
        if other is not None and not _is_halo(other):
            return other
        return self._path.with_name(self._own_names()[-1] + ".geojson")

    @property
    def file(self) -> Path:
        """The slide's."""
        return self._path

    def exact_files(self) -> list[Path]:
        """Files with objects that are named exactly like the slide."""
        return list(self._existing((*ANNOTATION_SUFFIXES, HALO_SUFFIX)))

    def _own_names(self) -> list[str]:
        return [self.name, *(s for s in _stems(self._path) if self._stems[s] == 1)]

    def _existing(self, suffixes: Sequence[str]) -> Iterator[Path]:
        others = (name for path in self._others for name in (path.name, path.stem))
        for base in [*self._own_names(), *others]:
            for suffix in suffixes:
                if (candidate := self._path.with_name(base + suffix)).is_file():
                    yield candidate

    def _of_halo(self) -> list[PathObject]:
        """What HALO's file beside the slide holds, in QuPath's frame."""
        other = self.named_otherwise(self._path)
        file = next(self._existing((HALO_SUFFIX,)), other)
        if file is None or not _is_halo(file):
            return []
        from hookpath.markup import read_imagescope, with_ids
        from hookpath.markup.shapes import moved

        with self.slide.open() as slide:
            x, y = slide.corner_in_file
        return with_ids(moved(read_imagescope(file).objects, -x, -y), file)

    def objects(self) -> list[PathObject]:
        """All objects of the slide's GeoJSON, and HALO's where that has nothing of a person."""
        path = self.annotation_file
        try:
            self._seen = Stamp.of(path)
        except OSError as error:
            raise AnnotationError(
                f"{path}: cannot be read ({error.strerror}); check that it is a file, and yours to "
                "read"
            ) from error
        found = claimed_by_people(_read_objects(path))
        return found if any(o.run is None for o in found) else [*found, *self._of_halo()]

    def write(self, objects: Sequence[PathObject], run: str) -> WriteReport:
        """Replace our earlier objects in the GeoJSON file (see `ImageEntry.write`)."""
        return self._replace(tagged(objects, run), None)

    def remove_results(self, run: str | None = None) -> WriteReport:
        """Remove the objects of one run of ours (None: of all)."""
        return self._replace([], run)

    def _replace(self, new: list[PathObject], run: str | None) -> WriteReport:
        from hookpath.annotations import KeptFeatures

        path = self.annotation_file
        seen = self._seen or Stamp.of(path)
        refuse_if_changed(path, seen, self.name)
        kept = KeptFeatures.of(path, lambda o: is_ours(o, run))
        refuse_stolen_ids(kept.ids, new, self.name)
        if not new and not kept.removed:
            return WriteReport(0, 0, None)
        backup: list[Path | None] = []

        def last_check() -> None:
            refuse_if_changed(path, seen, self.name)
            backup.append(back_up(path))

        with write_errors(path, self.name):
            kept.write(path, new, before=last_check)
        self._seen = Stamp.of(path)
        return WriteReport(len(new), kept.removed, backup[0])

    def _refuse_shared(self) -> None:
        for stem in _stems(self._path):
            for suffix in ANNOTATION_SUFFIXES:
                shared = self._path.with_name(stem + suffix)
                if self._stems[stem] > 1 and shared.is_file():
                    raise ProjectError(
                        f"{self.name}: {shared} fits {self._stems[stem]} slides; "
                        f"rename it to {self.name}{suffix} (or after the other slide)"
                    )

    def _calibration(self) -> Calibration | None:
        value = self._record().get("mpp")
        if value is None:
            return None
        try:
            x, y = value if isinstance(value, list) else (value, value)
            return Calibration(float(x), float(y))
        except (TypeError, ValueError) as error:
            raise ProjectError(
                f"{self.name}: µm/px must be a positive number, not {value!r}"
            ) from error

    def _record(self) -> dict[str, Any]:
        record = _read_folder_file(self._folder_file).get("images", {}).get(self.name, {})
        return record if isinstance(record, dict) else {}


def _slides_in(source: Path) -> dict[Path, tuple[Path, ...]]:
    """Each slide's file, and the other files that belong to it."""
    from hookpath.slides.files import slides_among

    if source.is_file():
        return {source: ()}
    if not source.is_dir():
        raise ProjectError(f"{source}: no such folder")
    slides = slides_among(p for p in source.iterdir() if p.is_file() and is_slide_file(p))
    if not slides:
        raise ProjectError(
            f"{source}: no slide in this folder (looked for {' '.join(sorted(SLIDE_SUFFIXES))})"
        )
    return slides


def _stems(path: Path) -> list[str]:
    """Names an annotation file may have: ``a.ome`` and ``a`` for ``a.ome.tif``."""
    stem = path.stem
    return [stem, stem[:-4]] if stem.lower().endswith(".ome") else [stem]


def _is_halo(path: Path) -> bool:
    return path.name.lower().endswith(HALO_SUFFIX)


def _read_objects(path: Path) -> list[PathObject]:
    from hookpath.annotations import read_geojson

    return read_geojson(path) if path.is_file() else []


def _read_folder_file(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except FileNotFoundError:
        return {"format": 1, "images": {}}
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path}: not readable as JSON ({error}); repair or remove it"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("images", {}), dict):
        raise ProjectError(f"{path}: not a hookpath folder file; repair or remove it")
    return content
