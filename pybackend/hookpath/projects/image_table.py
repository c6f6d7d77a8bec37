"""Images as a table for a spreadsheet, R or pandas: one line an image."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from hookpath.atomic_files import replace_file, replace_text
from hookpath.errors import OutputError, UsageError, write_code
from hookpath.projects.project_summary import ImageSummary
from hookpath.safe_names import csv_cell

_PLAIN = ("project", "name", "id", "width", "height", "spacing_um", "reader", "split", "rest",
          "results", "edited", "problem", "code", "missing")  # fmt: skip


def rows_of(images: Sequence[ImageSummary]) -> tuple[list[str], list[list[Any]]]:
    """Header and rows: facts of each image, and mm² of every class (None: not annotated)."""
    classes = list(dict.fromkeys(name for i in images for name in i.annotated_mm2))
    header = [*_PLAIN, *(f"{name} mm²" for name in classes)]
    return header, [
        [*(getattr(i, key) for key in _PLAIN), *(_area(i, name) for name in classes)]
        for i in images
    ]


def write_csv(images: Sequence[ImageSummary], path: Path) -> None:
    """UTF-8, one line an image; what is not known is empty.

    Raises:
        OutputError: it cannot be written.
    """
    header, rows = rows_of(images)
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(csv_cell(name) for name in header)
    table.writerows([_cell(value) for value in row] for row in rows)
    try:
        replace_text(path, text.getvalue())
    except OSError as error:
        raise _not_written(path, error) from error


def write_parquet(images: Sequence[ImageSummary], path: Path) -> None:
    """The same table with numbers as numbers.

    Raises:
        UsageError: pyarrow is not installed.
        OutputError: it cannot be written.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "--parquet needs pyarrow: install the extra 'tables', or use --csv"
        ) from None
    header, rows = rows_of(images)
    columns = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    try:
        replace_file(path, lambda part: pyarrow.parquet.write_table(pyarrow.table(columns), part))
    except OSError as error:
        raise _not_written(path, error) from error


def _area(image: ImageSummary, name: str) -> float | None:
    area = image.annotated_mm2.get(name)
    return None if area is None or math.isnan(area) else area


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return csv_cell(value)


def _not_written(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error}); choose another place",
        code=write_code(error),
    )
