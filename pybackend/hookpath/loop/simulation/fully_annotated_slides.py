"""What a simulation is played on: slides of which everything is known, synthetic or a project's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hookpath.annotations import (
    PathClass,
    PathObject,
    class_names_in,
    is_hand_drawn,
    read_geojson,
    write_geojson,
)
from hookpath.atomic_files import make_folder
from hookpath.errors import UsageError
from hookpath.evaluation.scoring.ground_truth import TruthFolder, objects_of, split_of, truth_folder
from hookpath.events import SILENT, Reporter
from hookpath.loop.ground_truth.disjoint_areas import seen_pieces
from hookpath.loop.simulation.synthetic_loop_slides import stains_of, write_slides
from hookpath.loop.state.step_progress import report_failure
from hookpath.projects import FolderEntry, FolderProject, ImageEntry, Project
from hookpath.projects.backups import Backups
from hookpath.projects.folder_store.annotation_file_matching import stems_of
from hookpath.projects.folder_store.folder_project import InFolder
from hookpath.projects.folder_store.project_file import FOLDER_FILE, FolderFile
from hookpath.projects.image_snapshot import Found
from hookpath.projects.project_changes import Ledger, Metadata
from hookpath.projects.store_base_class import StoredProject
from hookpath.safe_names import file_stem
from hookpath.slides import SlideRef

SLIDES, TRUTH = "slides", "truth"


@dataclass(frozen=True)
class Known:
    """A slide and the folder with all that is on it, as ``<name>.geojson``.

    `measures`: its project marks it as a test slide.
    """

    name: str
    slide: SlideRef
    truth: Path
    measures: bool = False


@dataclass(frozen=True)
class SimulationDataset:
    """Slides to learn from, and others that only measure; classes in the order of training."""

    pool: tuple[Known, ...]
    test: tuple[Known, ...]
    classes: tuple[str, ...]


class PlayedEntry(FolderEntry):
    """An image whose annotations lie in the game's folder, wherever the slide is."""

    def __init__(self, known: Known, folder: Path, file: FolderFile, ledger: Ledger) -> None:
        shared = InFolder(file, dict.fromkeys(stems_of(Path(known.name)), 1))
        super().__init__(folder / known.name, shared, ledger)
        self.known = known

    def _find_slide(self) -> Found:
        """As where it came from."""
        return self.known.slide, None


class PlayedProject(StoredProject):
    """Slides as a game sees them: nothing is annotated until its oracle draws."""

    def __init__(self, folder: Path, slides: Sequence[Known]) -> None:
        make_folder(folder)
        self._folder, self._file = folder, FolderFile(folder / FOLDER_FILE)
        self._images = tuple(PlayedEntry(k, folder, self._file, self.ledger) for k in slides)
        self.name = folder.name
        self.classes: Sequence[PathClass] = ()

    @property
    def source(self) -> Path:
        """The game's folder."""
        return self._folder

    @property
    def images(self) -> Sequence[PlayedEntry]:
        """Every slide, in the order given."""
        return self._images

    def _put_metadata(self, changed: Metadata, backups: Backups) -> None:
        self._file.put(changed, backups)

    def close(self) -> None:
        """Nothing is held."""


def synthetic_dataset(
    out: Path, pool: int, test: int, size_px: int, seed: int
) -> SimulationDataset:
    """Synthetic slides, new ones for every seed; as many test slides of each stain."""
    here = out / "material" / f"seed-{seed}"
    learn = _synthetic(here / "pool", stains_of(pool), (seed, 0), size_px)
    measure = _synthetic(here / "test", [i % 3 for i in range(test)], (seed, 1), size_px)
    return SimulationDataset(learn, measure, _names(learn))


def _synthetic(
    folder: Path, stains: Sequence[int], seed: Sequence[int], size_px: int
) -> tuple[Known, ...]:
    write_slides(folder / SLIDES, folder / TRUTH, stains, seed, size_px)
    images = FolderProject(folder / SLIDES).images
    return tuple(Known(e.name, e.slide, folder / TRUTH) for e in images)


def known_slides(
    out: Path, project: Project, truth: Path | None, reporter: Reporter = SILENT
) -> list[Known]:
    """A project's slides of which something is known; what is known is written to `out`.

    Args:
        truth: folder with ``<slide>.geojson``; None: the project's own annotations are all there
            is on a slide.

    Raises:
        UsageError: fewer than three of them.
    """
    folder = out / "material" / TRUTH
    given = truth_folder(project, truth, reporter)
    names = _file_names(project.images)
    pairs = zip(project.images, names, strict=True)
    several = (_known(entry, name, given, folder, reporter) for entry, name in pairs)
    found = [known for known in several if known is not None]
    if len(found) < 3:
        where = project.source if truth is None else truth
        raise UsageError(
            f"{where}: a simulation needs three or more slides of which everything is known; "
            f"{len(found)} are here"
        )
    return found


def _file_names(images: Sequence[ImageEntry]) -> list[str]:
    """A file name for each image whose stem, in small letters, no other one has.

    ``a.svs`` and ``a.ndpi`` would have their annotations in one file; QuPath lets images be called
    alike.
    """
    names: dict[str, str] = {}
    for entry in images:
        safe = Path(file_stem(entry.name))
        first, number = stems_of(safe)[-1], 1
        stem = first
        while stem.casefold() in names:
            number += 1
            stem = f"{first}-{number}"
        names[stem.casefold()] = stem + safe.suffix
    return list(names.values())


def annotated_dataset(slides: Sequence[Known], test: float, seed: int) -> SimulationDataset:
    """A project's slides in two parts; test slides are those that are marked, else the seed draws.

    Args:
        test: share of the slides that measure, where none is marked.
    """
    measure = [known for known in slides if known.measures] or _drawn(slides, test, seed)
    pool = tuple(known for known in slides if known not in measure)
    return SimulationDataset(pool, tuple(measure), _names(pool))


def _known(
    entry: ImageEntry, name: str, truth: TruthFolder | None, folder: Path, reporter: Reporter
) -> Known | None:
    """A slide with what is known of it written down; None where nothing is."""
    try:
        annotated = [o for o in objects_of(entry, truth) if is_hand_drawn(o)]
        if not class_names_in(annotated):
            return None
        make_folder(folder)
        write_geojson(folder / f"{Path(name).stem}.geojson", without_overlaps(annotated))
        return Known(name, entry.slide, folder, split_of(entry) == "test")
    except Exception as error:  # one bad image must not stop the others
        report_failure(entry, error, reporter)
        return None


def without_overlaps(objects: Sequence[PathObject]) -> list[PathObject]:
    """Usable areas, the smaller on top, as training reads them."""
    annotated = [o for o in objects if is_hand_drawn(o)]
    return [PathObject(p.geometry, path_class=p.path_class) for p in seen_pieces(annotated)]


def _drawn(slides: Sequence[Known], share: float, seed: int) -> list[Known]:
    count = min(len(slides) - 2, max(1, round(share * len(slides))))
    chosen = random.Random(seed).sample(range(len(slides)), count)
    return [slides[i] for i in sorted(chosen)]


def _names(slides: Sequence[Known]) -> tuple[str, ...]:
    """Names of all classes, in order of first appearance."""
    objects = [o for known in slides for o in known_objects(known)]
    return tuple(c.name for c in class_names_in(objects))


def known_objects(known: Known) -> list[PathObject]:
    """All that is on a slide, without overlaps."""
    return read_geojson(known.truth / f"{Path(known.name).stem}.geojson")
