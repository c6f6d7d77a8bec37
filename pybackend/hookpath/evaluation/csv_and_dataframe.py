"""Tables of reports, for spreadsheets, R and pandas."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hookpath.errors import UsageError
from hookpath.safe_names import csv_cell

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers; NaN and None are empty cells."""

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def csv(self) -> str:
        """The table for a spreadsheet or R."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([csv_cell(name) for name in self.header])
        writer.writerows([cell(value) for value in row] for row in self.rows)
        return text.getvalue()


def frame_of(table: Table) -> DataFrame:
    """The table as a pandas data frame.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise UsageError("data frames need pandas: install the extra 'tables'") from None
    return pandas.DataFrame(list(table.rows), columns=list(table.header))


def cell(value: Any) -> Any:
    """A value as a CSV file holds it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.6g}" if 0 < abs(value) < 1e-3 else f"{value:.6f}"
    return csv_cell(value)
