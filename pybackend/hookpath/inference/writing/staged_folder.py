"""A slide's result folder: new files are collected out of sight and appear together."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hookpath.atomic_files import flush_folder
from hookpath.inference.prediction_record import (
    CLASS_MAP_NAME,
    RECORD_NAME,
    RESULT_NAMES,
    ZARR_NAME,
    PredictionRecord,
)
from hookpath.temporary_files import discard, sweep, unfinished_beside

STAGE_NAME = "results"
"""What the folder of unfinished files is of; inside the slide's own, so that moving a file out of
it is a rename."""


@contextmanager
def stage_in(folder: Path) -> Iterator[Path]:
    """A fresh, hidden folder in `folder` for unfinished files; gone afterwards, whatever happens.

    No other process uses it; what killed ones left goes first. Finished results in `folder` stay
    as they are until `publish`.
    """
    stage = unfinished_beside(folder / STAGE_NAME)
    sweep(folder)
    stage.mkdir(parents=True)
    try:
        yield stage
    finally:
        discard(stage)


def publish(
    stage: Path, folder: Path, record: PredictionRecord, renewed: Sequence[str] | None = None
) -> None:
    """Put the staged files in the place of earlier ones, the record last.

    Killed in between, the folder has no record: the slide counts as unfinished.

    Args:
        renewed: files that are staged, the others stay; None: all.
    """
    (folder / RECORD_NAME).unlink(missing_ok=True)
    if renewed is None or CLASS_MAP_NAME in renewed:  # what was made of the maps before
        shutil.rmtree(folder / ZARR_NAME, ignore_errors=True)
    for name in RESULT_NAMES if renewed is None else renewed:
        if name in record.files:
            (stage / name).replace(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    flush_folder(folder)
    record.save(folder)
