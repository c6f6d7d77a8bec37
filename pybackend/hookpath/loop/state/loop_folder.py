"""The loop on disk.

::

    loop.json                    settings; written once, by ``start``
    images/<image>.json          state of an image (`ImageRecord`)
    images/<image>.geojson       its ground truth (`hookpath.loop.ground_truth.ground_truth_rules`)
    rounds/01/run/               the training run; its model is the round's
    rounds/01/round.json         what came of it; its presence means "trained"
    rounds/01/predictions/       class maps and probability maps
    rounds/01/proposals/         what was written into the project, to be compared with
    rounds/01/corrections/       metrics of each image that was accepted
    rounds/01/survey/            uncertainty and features of the slides to choose from

Every file is written beside and renamed. A step that is stopped is simply done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from hookpath import __version__
from hookpath.annotations import PathObject, read_geojson, write_geojson
from hookpath.atomic_files import flush_files, make_folder, replace_text
from hookpath.errors import LoopError, write_code
from hookpath.loop.state.image_records import ImageRecord
from hookpath.loop.state.loop_settings import LoopSettings
from hookpath.loop.state.step_locks import alone
from hookpath.projects import ImageEntry
from hookpath.projects.annotations_as_labels import as_labels
from hookpath.projects.loop_proposals import file_stem, proposal_files, round_path
from hookpath.untrusted_files import read_json as read_any

FORMAT = 1
LOOP_FILE = "loop.json"


def now() -> str:
    """UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class RoundFolder:
    """Paths of one round."""

    number: int
    path: Path

    @property
    def run(self) -> Path:
        """The training run."""
        return self.path / "run"

    @property
    def model(self) -> Path:
        """The round's model folder."""
        return self.run / "model"

    @property
    def predictions(self) -> Path:
        """Folder of `hookpath.inference`."""
        return self.path / "predictions"

    @property
    def result_file(self) -> Path:
        """Written last of all by training."""
        return self.path / "round.json"

    def proposals(self, image_id: str) -> list[Path]:
        """GeoJSON of what was proposed on an image, each time that it was."""
        return proposal_files(self.path, image_id)

    def next_proposals(self, image_id: str) -> Path:
        """A file for the next ones: what was ever proposed stays known."""
        number = len(self.proposals(image_id)) + 1
        return self.path / "proposals" / f"{file_stem(image_id)}.{number}.geojson"

    def correction(self, image_id: str) -> Path:
        """Metrics of an accepted image."""
        return self.path / "corrections" / f"{file_stem(image_id)}.json"

    def survey(self, image_id: str) -> Path:
        """What looking at an image with this round's model gave."""
        return self.path / "survey" / f"{file_stem(image_id)}.npz"


def round_folder(root: Path, number: int) -> RoundFolder:
    """A round's paths in a loop's folder."""
    return RoundFolder(number, round_path(root, number))


def refuse_begun(root: Path) -> None:
    """Raise `LoopError` where a loop has begun."""
    if (root / LOOP_FILE).exists():
        raise LoopError(f"{root}: a loop has begun here; go on with it, or choose another DIR")


class LoopFolder:
    """Reads and writes a loop's files.

    Raises:
        LoopError: no loop there, or of another version.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        content = _read_json(root / LOOP_FILE, f"{root}: no loop here; begin with loop start")
        if content.get("format") != FORMAT:
            raise LoopError(f"{root / LOOP_FILE}: of another version of hookpath; update")
        self.started: str = str(content.get("started", ""))
        self.settings = LoopSettings.read(content.get("settings", {}), str(root / LOOP_FILE))

    @classmethod
    def draft(cls, root: Path, settings: LoopSettings) -> Self:
        """A loop that has not begun (see `begin`): what is kept in it counts from then on.

        Raises:
            LoopError: one has begun there.
        """
        refuse_begun(root)
        made = cls.__new__(cls)
        made.root, made.settings, made.started = root, settings, now()
        return made

    def begin(self) -> None:
        """Write ``loop.json``: from now on there is a loop.

        Raises:
            LoopError: the folder cannot be written.
        """
        values = {
            "format": FORMAT,
            "hookpath": __version__,
            "started": self.started,
            "settings": self.settings.model_dump(mode="json"),
        }
        with _writing(self.root / LOOP_FILE):
            flush_files(self.root / "images")
        write_json(self.root / LOOP_FILE, values)

    @property
    def round(self) -> int:
        """The last round that has a model; 0: none yet."""
        found = self.root.glob("rounds/*/round.json")
        return max((int(p.parent.name) for p in found if p.parent.name.isdecimal()), default=0)

    def round_folder(self, number: int) -> RoundFolder:
        """A round's paths (whether or not anything is there)."""
        return round_folder(self.root, number)

    @property
    def rounds(self) -> list[RoundFolder]:
        """Rounds with a model, ascending."""
        return [self.round_folder(n) for n in range(1, self.round + 1)]

    def record(self, entry: ImageEntry) -> ImageRecord:
        """What is known of an image; a fresh record where nothing is."""
        path = self._image(entry.id, ".json")
        if not path.is_file():
            return ImageRecord(id=entry.id, name=entry.name)
        return ImageRecord.parse(path.read_bytes(), str(path))

    def keep(
        self,
        entry: ImageEntry,
        record: ImageRecord,
        changed: str | None = None,
        flush: bool = True,
    ) -> ImageRecord:
        """Write a record (with the time: `changed`, or now), then show it in the project.

        Args:
            flush: wait until it is on the disk; False: `begin` does.
        """
        record = record.model_copy(update={"changed": changed or now(), "name": entry.name})
        write_text(self._image(entry.id, ".json"), record.model_dump_json(indent=2) + "\n", flush)
        record.show_in(entry)
        return record

    def objects(self, entry: ImageEntry) -> list[PathObject]:
        """All objects of an image, lines and classes as they are learned from.

        Raises:
            HookpathError: they cannot be read.
        """
        return as_labels(entry, entry.objects(), self.settings.rules)

    def truth_file(self, image_id: str) -> Path:
        """GeoJSON of an image's ground truth."""
        return self._image(image_id, ".geojson")

    def proposals(self, image_id: str, rounds: Sequence[int]) -> list[list[PathObject]]:
        """All that was proposed on an image in these rounds, time by time."""
        files = (p for n in rounds for p in self.round_folder(n).proposals(image_id))
        return [read_geojson(path) for path in files]

    def training_alone(self) -> AbstractContextManager[None]:
        """Only one process trains the next round; raises `BusyError` at once where one does."""
        return alone(self.root, "training", f"training round {self.round + 1}", patience_s=0.0)

    def image_alone(self, entry: ImageEntry) -> AbstractContextManager[None]:
        """Only one process changes what is known of an image; see `alone`. Not to be nested."""
        return alone(self.root, file_stem(entry.id), f"working on {entry.name}")

    def _image(self, image_id: str, suffix: str) -> Path:
        return self.root / "images" / (file_stem(image_id) + suffix)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Errors of the system name `path`; its folder is made."""
    try:
        make_folder(path.parent)
        yield
    except OSError as error:
        raise LoopError(
            f"{path}: cannot be written ({error.strerror})", code=write_code(error)
        ) from error


def write_text(path: Path, text: str, flush: bool = True) -> None:
    """Replace a small file (see `replacing`); its folder is made.

    Raises:
        LoopError: it cannot be written.
    """
    with _writing(path):
        replace_text(path, text, flush)


def write_json(path: Path, values: Any) -> None:
    """See `write_text`."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def write_objects(path: Path, objects: Sequence[PathObject]) -> None:
    """Replace a GeoJSON file; its folder is made.

    Raises:
        LoopError: its folder cannot be made.
        AnnotationError: it cannot be written.
    """
    with _writing(path):
        write_geojson(path, objects, compact=True)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        LoopError: missing or damaged.
    """
    return _read_json(path, f"{path}: missing; restore it from a copy of the loop")


def _read_json(path: Path, missing: str) -> dict[str, Any]:
    try:
        content = read_any(path)
    except FileNotFoundError as error:
        raise LoopError(missing) from error
    except (OSError, ValueError) as error:
        raise LoopError(f"{path}: damaged; restore it from a copy of the loop") from error
    if not isinstance(content, dict):
        raise LoopError(f"{path}: damaged; restore it from a copy of the loop")
    return content
