"""A folder of slides with QuPath's GeoJSON beside them: a project that needs no QuPath."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from hookpath import plugins
from hookpath.annotations.geojson.geojson_files import read_collection
from hookpath.annotations.objects import PathClass, PathObject
from hookpath.errors import AnnotationError, HookpathError, ProjectError
from hookpath.projects.backups import Backups
from hookpath.projects.folder_store.annotation_file_matching import (
    UNREAD_SUFFIXES,
    Sidecars,
    is_geojson,
    is_no_file,
    sidecars_of,
    stems_of,
)
from hookpath.projects.folder_store.halo_files import (
    HALO_SUFFIX,
    is_halo,
    notes_of_halo,
    objects_of_halo,
)
from hookpath.projects.folder_store.project_file import FOLDER_FILE, FolderFile
from hookpath.projects.folder_store.result_files import Beside, BesideWriter, Record, results_beside
from hookpath.projects.image_snapshot import LOOP_PLACE, Found, ImageSnapshot, StoredImage
from hookpath.projects.object_ownership import claimed_by_people, tagged
from hookpath.projects.project_changes import Ledger, Metadata
from hookpath.projects.project_protocol import WriteReport
from hookpath.projects.spacing_override import GivenSpacing
from hookpath.projects.stamped_json_files import Stamp, stamp_of
from hookpath.projects.store_base_class import StoredProject
from hookpath.safe_names import readable, with_ending
from hookpath.slides.slides_in_folder import is_ome_zarr, looks_readable

#: File name endings taken for slides.
SLIDE_SUFFIXES = frozenset({
    ".svs", ".tif", ".tiff", ".ndpi", ".mrxs", ".scn", ".bif", ".vms", ".vmu", ".svslide",
    ".czi", ".dcm", ".qptiff", ".btf", ".png", ".jpg", ".jpeg", ".bmp", ".webp",
    ".jp2", ".j2k", ".jpx", ".pgm", ".ppm", ".pnm",
})  # fmt: skip

#: What is called like a slide or annotations and is no file is reported.
_NAMED_LIKE_FILES = SLIDE_SUFFIXES | UNREAD_SUFFIXES | {".zarr", ".geojson", HALO_SUFFIX}

#: Endings of annotation files beside a slide, the first that exists is used.
ANNOTATION_SUFFIXES = (
    ".geojson", ".geojson.gz", ".geojson.zip", ".json", ".json.gz", ".json.zip", ".zip",
)  # fmt: skip


def is_slide_file(path: Path) -> bool:
    """Whether a file (OME-Zarr: a folder) looks like a slide, mostly by its name.

    Hidden ones do not.
    """
    if path.name.startswith("."):
        return False
    if is_ome_zarr(path):
        return True
    ending = path.suffix.lower()
    installed = ending.removeprefix(".") in plugins.names("readers")
    return ending in SLIDE_SUFFIXES or installed or looks_readable(path)


def is_slide(path: Path) -> bool:
    """Whether a path is there and looks like a slide."""
    return is_slide_file(path) and (path.is_file() or is_ome_zarr(path))


class FolderProject(StoredProject):
    """Slides in one folder (not in folders below it), ``<slide stem>.geojson`` beside each.

    Where two slides share a stem, ``<file name>.geojson`` belongs to one alone. Results go into
    a file of their own beside it, ``<file name>.hookpath.geojson``; image metadata into
    ``hookpath-project.json``.
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
        self.folder = self._source.parent if _is_single(self._source) else self._source
        slides = _slides_in(self._source)
        stems = Counter(stem for path in slides for stem in stems_of(path))
        self._file = FolderFile(self.folder / FOLDER_FILE)
        shared = InFolder(self._file, stems, given, crop_to_bounds, self._named_otherwise)
        self._images = tuple(
            FolderEntry(path, shared, self.ledger, others) for path, others in slides.items()
        )

    @cached_property
    def sidecars(self) -> Sidecars:
        """What of the folder's files is whose, as they are when this is first asked for."""
        there = list(self.folder.iterdir())
        files = dict.fromkeys(p for p in there if p.is_file() or is_ome_zarr(p))
        single = _is_single(self._source)
        slides = (
            [p for p in files if is_slide_file(p)] if single else [e.file for e in self._images]
        )
        exact = {entry.file: entry.exact_files() for entry in self._images}
        found = sidecars_of(slides, files, exact)
        named = [p for p in there if p not in files and p.suffix.lower() in _NAMED_LIKE_FILES]
        found.unread.update({p: why for p in sorted(named) if (why := is_no_file(p))})
        return found

    def _named_otherwise(self, slide: Path) -> Path | None:
        return self.sidecars.matched.get(slide)

    def remarks(self) -> list[tuple[str, bool]]:
        """One line for each file that is used under another name than a slide's, or not at all.

        With each: whether it is used. Of HALO's files also what of them is left out.
        """
        notes = [(note, False) for entry in self._images for note in entry.notes_of_halo()]
        return notes if _is_single(self._source) else [*self.sidecars.remarks(), *notes]

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

    def _put_metadata(self, changed: Metadata, backups: Backups) -> None:
        self._file.put(changed, backups)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class InFolder:
    """What all slides of a folder have in common; `stems` are counted over its files.

    `named_otherwise` finds annotations that are not quite named like a slide.
    """

    file: FolderFile
    stems: Mapping[str, int]
    given: GivenSpacing = field(default_factory=GivenSpacing)
    crop_to_bounds: bool = True
    named_otherwise: Callable[[Path], Path | None] = lambda _: None


class FolderEntry(StoredImage):
    """One slide of a folder; `others` are files that belong to it (levels of a DICOM series)."""

    _stamp: Stamp | None = None

    def __init__(
        self, path: Path, folder: InFolder, ledger: Ledger, others: tuple[Path, ...] = ()
    ) -> None:
        super().__init__(ledger)
        self._path, self._folder, self._others = path, folder, others

    @property
    def id(self) -> str:
        """The file name: stable, unique in the folder."""
        return readable(self._path.name)

    @property
    def name(self) -> str:
        """The file name."""
        return readable(self._path.name)

    @property
    def loop_folder(self) -> Path:
        """In the folder."""
        return self._path.parent / LOOP_PLACE

    def _find_slide(self) -> Found:
        folder = self._folder
        mpp = folder.file.spacing_of(self.name)
        return folder.given.reference(self._path, mpp, folder.crop_to_bounds), None

    def _stored_metadata(self) -> dict[str, str]:
        return self._folder.file.metadata_of(self.name)

    @property
    def annotation_file(self) -> Path:
        """The file that a person drew in; where there is none, the one to draw in.

        Raises:
            ProjectError: the only candidate is named after several slides.
        """
        if exact := next(self._existing(ANNOTATION_SUFFIXES), None):
            return exact
        self._refuse_shared()
        other = self._folder.named_otherwise(self._path)
        if other is not None and not is_halo(other):
            return other
        return self._called(self._own_names()[-1], ".geojson")

    @property
    def file(self) -> Path:
        """The slide's."""
        return self._path

    def exact_files(self) -> list[Path]:
        """Files with objects that are named exactly like the slide."""
        return list(self._existing((*ANNOTATION_SUFFIXES, HALO_SUFFIX)))

    def _own_names(self) -> list[str]:
        return [self.name, *(s for s in stems_of(self._path) if self._folder.stems[s] == 1)]

    def _called(self, base: str, suffix: str) -> Path:
        return self._path.with_name(with_ending(base, suffix))

    def _existing(self, suffixes: Sequence[str]) -> Iterator[Path]:
        others = (name for path in self._others for name in (path.name, path.stem))
        for base in [*self._own_names(), *others]:
            for suffix in suffixes:
                candidate = self._called(base, suffix)
                if candidate.is_file() and is_geojson(candidate):
                    yield candidate

    @property
    def halo_file(self) -> Path | None:
        """HALO's annotations of the slide."""
        other = self._folder.named_otherwise(self._path)
        file = next(self._existing((HALO_SUFFIX,)), other)
        return None if file is None or not is_halo(file) else file

    def notes_of_halo(self) -> list[str]:
        """One line for each thing of HALO's file that is not used; damaged files say so later."""
        file = self.halo_file
        if file is None:
            return []
        try:
            is_drawn = _has_a_persons(self._drawn())
        except HookpathError:
            return []
        mine = self.annotation_file.name
        return [f"{file.name}: not used, {mine} has objects"] if is_drawn else notes_of_halo(file)

    def _drawn(self) -> list[PathObject]:
        return claimed_by_people(_read_objects(self.annotation_file))

    def _of_halo(self) -> list[PathObject]:
        """What HALO's file beside the slide holds, in QuPath's frame."""
        file = self.halo_file
        return [] if file is None else objects_of_halo(file, self.description.corner)

    @property
    def results_file(self) -> Path:
        """Where predictions for the slide go, beside what a person drew."""
        return results_beside(self._path)

    def objects(self) -> list[PathObject]:
        """What was drawn (HALO's where GeoJSON has nothing of a person), and predicted."""
        self._stamp = _stamp_of_file(self.results_file)
        return self._beside().shown

    def _beside(self) -> Beside:
        annotated = self._drawn()
        if not _has_a_persons(annotated):
            annotated += self._of_halo()
        if not self.results_file.is_file():
            return Beside(annotated)
        results, members = read_collection(self.results_file)
        return Beside(annotated, claimed_by_people(results), Record.of(members))

    def write(
        self,
        objects: Sequence[PathObject],
        run: str,
        read: ImageSnapshot | None = None,
        beside: bool = False,
    ) -> WriteReport:
        """Replace our earlier objects, in `results_file` (see `ImageEntry.write`)."""
        seen = stamp_of(read) or self._stamp
        own, new = run if beside else None, tagged(objects, run)
        return self._changed(lambda writer, now: writer.write(new, seen or now, own))

    def remove_results(self, run: str | None = None) -> WriteReport:
        """Remove the objects of one run of ours (None: of all), from the drawing's file, too."""
        seen = self._stamp
        return self._changed(lambda writer, now: writer.remove(run, seen or now))

    def _changed(self, change: Callable[[BesideWriter, Stamp], WriteReport]) -> WriteReport:
        path = self.results_file
        now = _stamp_of_file(path)
        with self._ledger.changes() as changes:
            writer = BesideWriter(
                self.name, self.annotation_file, path, self._beside(), changes.backups
            )
            done = change(writer, now)
        self._stamp = _stamp_of_file(path)
        return done

    def _refuse_shared(self) -> None:
        for stem in stems_of(self._path):
            for suffix in ANNOTATION_SUFFIXES:
                shared = self._called(stem, suffix)
                if self._folder.stems[stem] > 1 and shared.is_file():
                    raise ProjectError(
                        f"{self.name}: {shared} fits {self._folder.stems[stem]} slides; "
                        f"rename it to {self.name}{suffix} (or after the other slide)"
                    )


def _is_single(source: Path) -> bool:
    """Whether it is one slide, not a folder of some."""
    return source.is_file() or is_ome_zarr(source)


def _slides_in(source: Path) -> dict[Path, tuple[Path, ...]]:
    """Each slide's file, and the other files that belong to it."""
    from hookpath.slides.slides_in_folder import slides_among

    if _is_single(source):
        return {source: ()}
    if not source.is_dir():
        raise ProjectError(f"{source}: no such folder")
    slides = slides_among(p for p in source.iterdir() if is_slide(p))
    if not slides:
        raise ProjectError(
            f"{source}: no slide in this folder, nor below it "
            f"(looked for {' '.join(sorted(SLIDE_SUFFIXES))})"
        )
    return slides


def _read_objects(path: Path) -> list[PathObject]:
    from hookpath.annotations import read_geojson

    # What is there and no file is an error of reading, not nothing.
    return read_geojson(path) if _stamp_of_file(path).exists else []


def _has_a_persons(objects: Sequence[PathObject]) -> bool:
    return any(o.run is None for o in objects)


def _stamp_of_file(path: Path) -> Stamp:
    try:
        return Stamp.of(path)
    except OSError as error:
        raise AnnotationError(
            f"{path}: cannot be read ({error.strerror}); check that it is a file, and yours to read"
        ) from error
