"""A slide's result folder: new files are collected out of sight and appear together."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookpath.inference.record import RECORD_NAME, RESULT_NAMES, PredictionRecord

STAGE_NAME = ".unfinished"
"""Folder inside the slide's own, so that moving a file out of it is a rename."""


@contextmanager
def stage_in(folder: Path) -> Iterator[Path]:
    """A fresh, hidden folder in `folder` for unfinished files; gone afterwards, whatever happens.

    What a killed run left in it goes first. Finished results in `folder` stay as they are until
    `publish`.
    """
    stage = folder / STAGE_NAME
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def publish(stage: Path, folder: Path, record: PredictionRecord) -> None:
    """Put the staged files in the place of earlier ones, the record last.

    Killed in between, the folder has no record: the slide counts as unfinished.
    """
    (folder / RECORD_NAME).unlink(missing_ok=True)
    for name in RESULT_NAMES:
        if name in record.files:
            (stage / name).replace(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    record.save(folder)
