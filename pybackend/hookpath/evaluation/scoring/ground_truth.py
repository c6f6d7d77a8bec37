"""What is known about a slide: the annotations, matched by name to the model's classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hookpath.annotations import ClassTable, LabelSource, PathObject, class_names_in, read_geojson
from hookpath.annotations.object_planes import plane_of
from hookpath.errors import EvaluationError
from hookpath.events import SILENT, Reporter
from hookpath.projects import (
    NOT_IN_SPLIT,
    SPLIT_KEY,
    ImageEntry,
    PlaneEntry,
    Project,
    teaching_objects,
)
from hookpath.projects.folder_store.annotation_file_matching import sidecars_of
from hookpath.projects.folder_store.halo_files import HALO_SUFFIX

#: Values of `split`: images with that ``hookpath.split``, or every annotated image.
SPLITS = ("all", "train", "val", "test")

_TRUTH_SUFFIXES = (
    ".geojson",
    ".json",
    ".geojson.gz",
    ".json.gz",
    ".geojson.zip",
    ".json.zip",
    ".zip",
)


@dataclass(frozen=True)
class Truth:
    """Labels of one slide.

    Labels 1…`n_known` are the model's classes in the model's order; those above are classes that
    were annotated but that the model does not know (`unknown`, their names); `classes` has both.
    """

    labels: LabelSource
    classes: ClassTable
    n_known: int

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the annotated classes that the model does not know."""
        return self.classes.names[self.n_known :]

    @property
    def n_labels(self) -> int:
        """Known and unknown classes together."""
        return len(self.classes)


def truth_of(objects: Sequence[PathObject], classes: ClassTable) -> Truth | None:
    """The usable truth among `objects` for a model with these classes; None if there is none.

    Only areas that people drew count (see `LabelSource`): predictions that an earlier run wrote
    to the project are never their own truth.
    """
    others = [c for c in class_names_in(objects) if c.name not in classes]
    table = ClassTable.of([*classes, *others])
    labels = LabelSource(objects, table)
    if not labels.polygons:
        return None
    return Truth(labels, table, len(classes))


class TruthFolder:
    """Annotations in a folder of their own, each file of the image that it can be meant for.

    ``<slide stem>.geojson`` (.json, .gz, .zip), the full name with the suffix, or else, as beside
    slides, what is named nearly so (``CASE1.GEOJSON``, ``a_annotations.geojson``).

    Args:
        images: names of all of a project.
    """

    def __init__(self, folder: Path, images: Iterable[str]) -> None:
        self.path = folder
        named = {Path(name): truth_file(name, folder) for name in images}
        self._exact = {image: file for image, file in named.items() if file is not None}
        there = [p for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
        files = [p for p in there if p.suffix.lower() != HALO_SUFFIX]
        exact = {image: [file] for image, file in self._exact.items()}
        self._near = sidecars_of(named, files, exact)

    def file_of(self, image: str) -> Path | None:
        """The annotations of an image, if there are any."""
        return self._exact.get(Path(image)) or self._near.matched.get(Path(image))

    def remarks(self) -> list[str]:
        """One line for each file that is taken though it is not named quite like its image."""
        return [line for line, is_used in self._near.remarks() if is_used]


def truth_folder(
    project: Project, folder: Path | None, reporter: Reporter = SILENT
) -> TruthFolder | None:
    """The annotations of a project's images in a folder; None: they are the project's own."""
    if folder is None:
        return None
    found = TruthFolder(folder, [entry.name for entry in project.images])
    for line in found.remarks():
        reporter.warn(line)
    return found


def objects_of(
    entry: ImageEntry, truth: TruthFolder | None, every: Sequence[PathObject] | None = None
) -> list[PathObject]:
    """Annotations of one image or plane.

    Its own that a person drew or confirmed (`hookpath.projects.confirmed_annotations`), or those in
    `truth`.

    Args:
        every: `all_objects_of` the image, where they have been read.
    """
    if isinstance(entry, PlaneEntry):
        whole = all_objects_of(entry.entry, truth) if every is None else every
        every = [o for o in whole if plane_of(o) == entry.plane]
    if truth is None:
        return teaching_objects(entry, every)
    return list(all_objects_of(entry, truth) if every is None else every)


def all_objects_of(entry: ImageEntry, truth: TruthFolder | None) -> list[PathObject]:
    """Objects of one image, of whatever plane, as they are in the project or in `truth`."""
    if truth is None:
        return entry.objects()
    found = truth.file_of(entry.name)
    return [] if found is None else read_geojson(found)


def truth_file(image_name: str, truth_dir: Path) -> Path | None:
    """``<stem>.geojson`` (.json, .gz, .zip) in `truth_dir`, or the full name with the suffix."""
    for stem in dict.fromkeys((Path(image_name).stem, image_name)):
        for suffix in _TRUTH_SUFFIXES:
            candidate = truth_dir / f"{stem}{suffix}"
            if candidate.is_file():
                return candidate
    return None


def split_of(entry: ImageEntry) -> str | None:
    """``train``, ``val`` or ``test`` as the image's metadata has it; None if not set."""
    value = entry.metadata.get(SPLIT_KEY, "").strip().lower()
    return {"validation": "val", NOT_IN_SPLIT: ""}.get(value, value) or None


def images_of_split(images: Sequence[ImageEntry], split: str) -> list[ImageEntry]:
    """The images of one split (image metadata ``hookpath.split``), or all of them.

    Raises:
        EvaluationError: unknown split, or no image belongs to it.
    """
    if split not in SPLITS:
        raise EvaluationError(f"split {split!r} is none of {', '.join(SPLITS)}")
    if split == "all":
        return list(images)
    chosen = [e for e in images if split_of(e) == split]
    if not chosen:
        raise EvaluationError(
            f"no image has {SPLIT_KEY} = {split!r} in its metadata; set it or use --split all"
        )
    return chosen
