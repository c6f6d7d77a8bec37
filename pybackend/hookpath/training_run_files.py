"""The files of a training run that other rooms read, too: ``run.json`` and ``metrics.csv``.

A run folder may come from anybody. What is not as `hookpath.training` writes it is refused here,
so that nobody finds it out in the middle of something else.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hookpath.limits import CLASSES, NAME_LENGTH
from hookpath.untrusted_files import read_json, read_text

_Byte = Annotated[int, Field(ge=0, le=255)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Class(_Part):
    name: str = Field(min_length=1, max_length=NAME_LENGTH)
    color: Annotated[list[_Byte], Field(max_length=3)] | None = None


class _Slide(_Part):
    id: str
    name: str


class _Data(_Part):
    fingerprint: str = ""
    slides: list[_Slide] = Field(default_factory=list)


class _RunFile(_Part):
    config: dict[str, Any]
    projects: list[str] = Field(default_factory=list)
    data: _Data = Field(default_factory=_Data)
    classes: list[_Class] = Field(max_length=CLASSES)
    split: dict[str, list[str]]
    versions: dict[str, str]
    started: str = ""
    command: str = ""
    machine: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, int] = Field(default_factory=dict)


def read_run_file(path: Path) -> dict[str, Any]:
    """The content of ``run.json``, as it stands there.

    Raises:
        OSError, ValueError: it cannot be read, or is none (see `hookpath.untrusted_files.reason`).
    """
    content = read_json(path)
    _RunFile.model_validate(content)
    return dict(content)


def read_metrics_file(path: Path) -> list[dict[str, str]]:
    """The rows of ``metrics.csv``: ``epoch`` a whole number, the others numbers or empty.

    Raises:
        OSError, ValueError: as `read_run_file`.
    """
    try:
        lines = list(csv.reader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if not lines:
        return []
    header = lines[0]
    if "epoch" not in header or len(set(header)) != len(header):
        raise ValueError("the first line names no epoch, or a column twice")
    return [_row(number, header, cells) for number, cells in enumerate(lines[1:], 2) if cells]


def _row(line: int, header: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise ValueError(f"line {line} has {len(cells)} values for {len(header)} columns")
    row = dict(zip(header, cells, strict=True))
    for name, value in row.items():
        try:
            float(value or 0)
            int(row["epoch"])
        except ValueError:
            raise ValueError(f"line {line}: {name} is {value[:40]!r}, no number") from None
    return row
