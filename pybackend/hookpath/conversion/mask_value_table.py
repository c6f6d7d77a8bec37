"""Which value of a label mask is which class: a table in CSV, JSON or TOML."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookpath.annotations import RGB, PathClass
from hookpath.errors import AnnotationError
from hookpath.markup.reading_notes import hex_color
from hookpath.safe_names import csv_cell, of_csv_cell
from hookpath.untrusted_files import parse_json, read_table, read_text, reason

#: Columns (members) of each meaning, the first that is there counts.
_VALUE = ("value", "code", "gt_code", "label", "id")
_NAME = ("name", "class", "group")
_COLOR = ("colour", "color")

_YES = {"1", "true", "yes", "x"}
_NO = {"", "0", "false", "no"}


@dataclass(frozen=True)
class ClassValues:
    """Class of each value; None: the value says that nothing is known there (*ignore*)."""

    classes: Mapping[int, PathClass | None]

    def value_of(self, name: str) -> int | None:
        """The first value of a class."""
        return next((v for v, c in self.classes.items() if c and c.name == name), None)


def read_class_values(path: Path) -> ClassValues:
    """The table of a ``.csv``/``.tsv``, ``.json`` or ``.toml`` file.

    Rows have ``value``, ``name``, and if wanted ``colour`` (``#rrggbb``, ``rgb(r,g,b)``, or three
    numbers) and ``ignore`` (yes/no). JSON and TOML: a list of them (``classes``), or value → name.

    Raises:
        AnnotationError: not readable, or a row that cannot be used; names file and row.
    """
    try:
        rows = _rows(path)
    except (OSError, ValueError, csv.Error) as error:
        raise AnnotationError(f"{path}: no table of classes ({reason(error)})") from error
    classes: dict[int, PathClass | None] = {}
    for number, row in enumerate(rows, 1):
        try:
            value, found = _class(row)
        except ValueError as error:
            raise AnnotationError(f"{path}: class {number}: {error}") from error
        if value in classes:
            raise AnnotationError(f"{path}: class {number}: the value {value} was there before")
        classes[value] = found
    if not any(classes.values()):
        raise AnnotationError(f"{path}: no class in the table (columns value, name)")
    return ClassValues(classes)


def _rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix.lower() == ".json":
        content = parse_json(read_text(path, encoding="utf-8-sig"))
    elif path.suffix.lower() == ".toml":
        content = tomllib.loads(read_text(path, encoding="utf-8-sig"))
    else:
        content = [
            {k: of_csv_cell(v) if isinstance(v, str) else v for k, v in row.items()}
            for row in read_table(path)
        ]
    if isinstance(content, dict):
        content = content.get("classes", content)
    if isinstance(content, dict):
        content = [
            {"value": value, **(said if isinstance(said, dict) else {"name": said})}
            for value, said in content.items()
        ]
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise ValueError("a list of classes is needed")
    return [{str(k).strip().lower(): v for k, v in row.items()} for row in content]


def _class(row: Mapping[str, Any]) -> tuple[int, PathClass | None]:
    value = int(str(_first(row, _VALUE, "value")))
    if value < 0:
        raise ValueError(f"a value cannot be {value}")
    if _is_yes(row.get("ignore")):
        return value, None
    name = str(_first(row, _NAME, "name")).strip()
    if not name:
        raise ValueError(f"the value {value} has no name")
    color = next((row[key] for key in _COLOR if row.get(key)), None)
    return value, PathClass(name, None if color is None else parse_color(color))


def _first(row: Mapping[str, Any], keys: Iterable[str], what: str) -> Any:
    for key in keys:
        if row.get(key) is not None:
            return row[key]
    raise ValueError(f"no {what} (there is: {', '.join(map(str, row))})")


def _is_yes(said: object) -> bool:
    text = str("" if said is None else said).strip().lower()
    if text not in _YES | _NO:
        raise ValueError(f"ignore is either yes or no, not {said!r}")
    return text in _YES


def parse_color(said: object) -> RGB:
    """``#rrggbb``, ``rgb(1, 2, 3)``, ``1 2 3`` or ``[1, 2, 3]``.

    Raises:
        ValueError: none of these.
    """
    if (color := hex_color(str(said))) is not None:
        return color
    values = [int(n) for n in re.findall(r"\d+", str(said))]
    if len(values) != 3 or max(values) > 255:
        raise ValueError(f"the colour {said!r} is neither #rrggbb nor three numbers up to 255")
    return values[0], values[1], values[2]


def write_class_values(path: Path, classes: Mapping[int, PathClass]) -> None:
    """Write a CSV that `read_class_values` reads.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["value", "name", "colour"])
        for value, found in sorted(classes.items()):
            color = "#{:02x}{:02x}{:02x}".format(*found.color) if found.color else ""
            table.writerow([value, csv_cell(found.name), color])
