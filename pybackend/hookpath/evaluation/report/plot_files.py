"""A plot of a page, as files: ``<name>.svg`` for a paper, and ``<name>.csv`` with its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.plotting.figure_style import svg_of
from hookpath.evaluation.report.html_templates import save_page

if TYPE_CHECKING:
    from markupsafe import Markup

#: Folder of the plots, beside the page.
PLOTS = "plots"

#: What our plots are called; those of groups begin with `GROUPS`.
NAMES = (
    "f1",
    "roc",
    "precision",
    "reliability",
    "confusion",
    "runs",
    "slides",
    "classes",
    "differences",
    "answers",
)
GROUPS = "groups-"

#: Inches: wider figures are never drawn smaller than is readable.
_NARROW = 5.0

_XML = '<?xml version="1.0" encoding="utf-8"?>\n'


@dataclass(frozen=True)
class Plot:
    """A matplotlib figure, the numbers that it shows, and a sentence about it."""

    name: str
    figure: Any
    table: Table
    caption: str = ""
    title: str = ""

    @cached_property
    def svg(self) -> str:
        """The ``<svg>`` element."""
        return svg_of(self.figure)

    @property
    def wide(self) -> bool:
        """Whether it is worth the width of a page."""
        return float(self.figure.get_figwidth()) > _NARROW

    @property
    def inline(self) -> Markup:
        """The ``<svg>`` element as a part of a page."""
        from markupsafe import Markup

        return Markup(self.svg)


def write_plots(plots: Iterable[Plot], folder: Path) -> None:
    """Write picture and numbers of every plot into ``folder/plots``, in the place of earlier ones.

    Raises:
        EvaluationError: a file cannot be written.
    """
    _clear(folder / PLOTS)
    for plot in plots:
        save_page(_XML + plot.svg, folder / PLOTS / f"{plot.name}.svg")
        save_page(plot.table.csv(), folder / PLOTS / f"{plot.name}.csv")


def _clear(folder: Path) -> None:
    """Take away the plots of an earlier page: of groups that are no more, of curves."""
    for path in (*folder.glob("*.svg"), *folder.glob("*.csv")):
        if path.stem in NAMES or path.stem.startswith(GROUPS):
            path.unlink(missing_ok=True)
