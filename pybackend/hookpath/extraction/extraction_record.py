"""A slide's folder of patches: whole, with its table and record, or not there."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hookpath.annotations import LabelSource
from hookpath.atomic_files import flush_folder, replace_file, replace_text
from hookpath.extraction.patch_selection import Patch
from hookpath.safe_names import csv_cell, file_stem
from hookpath.slides import SlideIdentity
from hookpath.temporary_files import discard, sweep, unfinished_beside

TABLE_NAME = "patches.csv"
RECORD_NAME = "record.json"

COLUMNS = (
    "file", "project", "image", "split", "centre", "magnification", "um_per_px", "x", "y",
    "size", "downsample", "tissue_share", "label", "label_share", "centre_label",
)  # fmt: skip


class SlideRecord(BaseModel):
    """Content of ``record.json``: what the patches in the folder were made of.

    The same `settings` and `labels` (digests) on the same `slide` give the same patches. `patches`
    by magnification, `by_label` of the finest.
    """

    model_config = ConfigDict(frozen=True)
    format_version: int = 2
    image: str
    project: str
    settings: str
    slide: SlideIdentity
    labels: str
    patches: dict[str, int]
    by_label: dict[str, int]
    bytes: int = 0
    seconds: float = 0.0

    def same_work(self, other: SlideRecord) -> bool:
        """Whether the same patches would come out."""
        keys = ("format_version", "settings", "slide", "labels")
        return all(getattr(self, key) == getattr(other, key) for key in keys)


def load_record(folder: Path) -> SlideRecord | None:
    """The record of a finished slide; None: there is none that can be read."""
    try:
        return SlideRecord.model_validate_json((folder / RECORD_NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def slide_folder(out: Path, project: str, image: str, image_id: str) -> Path:
    """The image's folder: its name made safe, and a few digits that keep it unique."""
    name_bytes = f"{project}\n{image_id}\n{image}".encode(errors="backslashreplace")
    return out / f"{file_stem(image)}-{hashlib.sha256(name_bytes).hexdigest()[:6]}"


def labels_digest(labels: LabelSource, rest: str | None = None, values: Sequence[int] = ()) -> str:
    """Of all areas and their classes, of the undrawn tissue's class, and the values in masks."""
    digest = hashlib.sha256(repr(labels.classes.names).encode())
    for polygon in labels.polygons:
        digest.update(bytes([polygon.label]) + polygon.geometry.wkb)
    if rest is not None:
        digest.update(rest.encode())
    if values:
        digest.update(bytes(values))
    return digest.hexdigest()[:16]


def fresh_stage(folder: Path, patches: Sequence[Patch], masks: bool = False) -> Path:
    """An empty, hidden folder beside the slide's own, with one for each magnification.

    With `masks` there is one for the masks of each, too.
    No other process uses it; what killed ones left goes first.

    Raises:
        OSError: it cannot be made.
    """
    stage = unfinished_beside(folder)
    sweep(folder.parent)
    try:
        stage.mkdir(parents=True)
        for name in {p.magnification.name for p in patches}:
            (stage / name).mkdir()
            if masks:
                (stage / f"{name}_labels").mkdir()
    except BaseException:
        discard(stage)
        raise
    return stage


def publish(
    stage: Path,
    folder: Path,
    patches: Sequence[Patch],
    record: SlideRecord,
    split: str,
    suffix: str,
) -> None:
    """Add the table and the record, and give the folder its name.

    Raises:
        OSError: it cannot be written; the folder keeps what it had.
    """
    with (stage / TABLE_NAME).open("w", newline="", encoding="utf-8") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(_row(folder.name, patch, record, split, suffix) for patch in patches)
    replace_text(stage / RECORD_NAME, record.model_dump_json(indent=2) + "\n")
    old = unfinished_beside(folder)
    if folder.exists():
        folder.replace(old)
    stage.replace(folder)
    flush_folder(folder.parent)
    discard(old)


def _row(folder: str, patch: Patch, record: SlideRecord, split: str, suffix: str) -> list[object]:
    region = patch.region
    return [
        f"{folder}/{patch.file_name(suffix)}",
        csv_cell(record.project),
        csv_cell(record.image),
        csv_cell(split),
        patch.centre,
        f"{patch.magnification.times:.6g}",
        f"{patch.magnification.spacing_um:.6g}",
        f"{region.x_l0:.10g}",
        f"{region.y_l0:.10g}",
        region.width,
        f"{region.downsample_x:.6g}",
        "" if patch.tissue is None else f"{patch.tissue:.4f}",
        csv_cell(patch.label),
        f"{patch.label_share:.4f}",
        csv_cell(patch.centre_label),
    ]


def count_by_label(patches: Iterable[Patch]) -> dict[str, int]:
    """Tuples (patches of a grid) by label, those without under ``""``."""
    return dict(Counter({p.centre: p.centre_label for p in patches}.values()))


def count_by_magnification(patches: Iterable[Patch]) -> dict[str, int]:
    """Patches by magnification."""
    return dict(Counter(p.magnification.name for p in patches))


def write_whole_table(out: Path, folders: Iterable[Path]) -> Path:
    """``patches.csv`` of all slides, in the order given.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    tables = [folder / TABLE_NAME for folder in folders]

    def fill(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="") as whole:
            whole.write(",".join(COLUMNS) + "\n")
            for table in tables:
                with table.open(encoding="utf-8", newline="") as rows:
                    rows.readline()
                    shutil.copyfileobj(rows, whole)

    path = out / TABLE_NAME
    replace_file(path, fill)
    return path
