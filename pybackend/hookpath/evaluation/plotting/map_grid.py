"""One figure for several slides and maps: columns are maps, rows are slides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np

from hookpath.annotations.classes import ClassTable
from hookpath.annotations.objects import PathClass
from hookpath.atomic_files import replace_file
from hookpath.evaluation.plotting import figure_style
from hookpath.evaluation.plotting.overlay_drawing import Image, Labels, add_scale_bar, overlay


class ComparisonRow(TypedDict):
    """One slide of the figure."""

    title: str
    image: Image
    #: Column title → label map over the same area as `image`, of any size.
    maps: Mapping[str, Labels]
    #: Column title → a short line under the picture, e.g. ``macro F1 0.93``.
    notes: NotRequired[Mapping[str, str]]
    #: µm per pixel of `image`: draws a scale bar on it.
    spacing_um: NotRequired[float]


@dataclass(frozen=True)
class _Layout:
    """Sizes in inches, so that text and pictures keep their distance whatever the rows hold."""

    heights: tuple[float, ...]
    n_columns: int
    cell: float
    note: float
    top: float
    bottom: float
    left: float = 0.42
    gap: float = 0.12

    @property
    def width(self) -> float:
        return self.left + self.n_columns * (self.cell + self.gap)

    @property
    def height(self) -> float:
        rows = sum(self.heights) + len(self.heights) * (self.note + self.gap)
        return self.top + rows + self.bottom

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """(left, bottom, width, height) of a cell as shares of the figure."""
        above = self.top + sum(self.heights[:row]) + row * (self.note + self.gap)
        x = self.left + column * (self.cell + self.gap)
        y = self.height - above - self.heights[row]
        return (
            x / self.width,
            y / self.height,
            self.cell / self.width,
            self.heights[row] / self.height,
        )


def figure_comparison(
    rows: Sequence[ComparisonRow],
    classes: Sequence[PathClass],
    suptitle: str | None = None,
    *,
    cell_inches: float = 2.9,
    alpha: float = 0.45,
    slide_title: str = "slide",
) -> Any:
    """Draw the figure: first the slides as they are, then one column for every map.

    Args:
        rows: the slides; a map that a row lacks leaves its cell empty.
        classes: in label order; a class without a colour gets one.
        suptitle: headline.
        cell_inches: width of one picture.
        alpha: strength of the class colours, 0…1.
        slide_title: title of the first column.

    Returns:
        ``matplotlib.figure.Figure``.

    Raises:
        ValueError: no rows.
    """
    if not rows:
        raise ValueError("a comparison needs at least one slide")
    table = ClassTable.of(classes)
    columns = list(dict.fromkeys(name for row in rows for name in row["maps"]))
    layout = _layout(rows, len(columns) + 1, cell_inches, len(table), bool(suptitle))
    figure = figure_style.new_figure(layout.width, layout.height, dpi=150)
    for number, row in enumerate(rows):
        _draw_row(figure, layout, number, row, columns, table, alpha)
    _draw_titles(figure, layout, [slide_title, *columns], rows, suptitle)
    figure_style.class_legend(
        figure, table.names, table.colors, loc="lower center", ncols=_legend_columns(layout.width),
        fontsize=10, bbox_to_anchor=(0.5, 0.0), handlelength=1.0, handleheight=1.0,
    )  # fmt: skip
    return figure


def save_comparison(
    path: str | Path,
    rows: Sequence[ComparisonRow],
    classes: Sequence[PathClass],
    suptitle: str | None = None,
    **options: Any,
) -> Path:
    """Write `figure_comparison` to a PNG (or whatever matplotlib makes of the suffix)."""
    figure = figure_comparison(rows, classes, suptitle, **options)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_file(target, figure.savefig)
    return target


def _layout(
    rows: Sequence[ComparisonRow], n_columns: int, cell: float, n_classes: int, titled: bool
) -> _Layout:
    # A very tall slide is drawn narrower instead of making one row fill the page.
    heights = tuple(min(cell * r["image"].shape[0] / r["image"].shape[1], 1.6 * cell) for r in rows)
    note = 0.24 if any(r.get("notes") for r in rows) else 0.0
    width = n_columns * cell
    legend_rows = -(-n_classes // _legend_columns(width))
    return _Layout(
        heights, n_columns, cell, note, 0.78 if titled else 0.36, 0.18 + 0.24 * legend_rows
    )


def _legend_columns(width_in: float) -> int:
    return max(1, int(width_in / 1.7))


def _draw_row(
    figure: Any,
    layout: _Layout,
    number: int,
    row: ComparisonRow,
    columns: Sequence[str],
    table: ClassTable,
    alpha: float,
) -> None:
    image = row["image"]
    spacing_um = row.get("spacing_um")
    plain = add_scale_bar(image, spacing_um) if spacing_um else image
    _draw_cell(figure, layout, number, 0, plain, None)
    for column, name in enumerate(columns, start=1):
        if name in row["maps"]:
            blended = overlay(image, np.asarray(row["maps"][name]), table.colors, alpha)
            _draw_cell(figure, layout, number, column, blended, row.get("notes", {}).get(name))


def _draw_cell(
    figure: Any, layout: _Layout, row: int, column: int, picture: Image, note: str | None
) -> None:
    axes = figure.add_axes(layout.box(row, column))
    axes.imshow(picture, interpolation="antialiased")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=figure_style.LINE, linewidth=0.8)
    if note:
        axes.set_xlabel(
            figure_style.plain_text(note), fontsize=9.5, color=figure_style.INK, labelpad=3
        )


def _draw_titles(
    figure: Any,
    layout: _Layout,
    titles: Sequence[str],
    rows: Sequence[ComparisonRow],
    suptitle: str | None,
) -> None:
    longest = int(layout.cell * 11)
    for column, title in enumerate(titles):
        x, y, width, height = layout.box(0, column)
        figure.text(
            x + width / 2, y + height + 0.08 / layout.height,
            figure_style.plain_text(figure_style.shorten(title, longest)),
            ha="center", va="bottom", fontsize=11, weight="bold", color=figure_style.INK,
        )  # fmt: skip
    for number, row in enumerate(rows):
        _, y, _, height = layout.box(number, 0)
        figure.text(
            0.5 * layout.left / layout.width, y + height / 2,
            figure_style.plain_text(
                figure_style.shorten(row["title"], int(layout.heights[number] * 12))
            ),
            ha="center", va="center", rotation=90, fontsize=10, color=figure_style.GREY,
        )  # fmt: skip
    if suptitle:
        figure.text(
            0.5, 1 - 0.12 / layout.height, figure_style.plain_text(suptitle),
            ha="center", va="top", fontsize=14, weight="bold", color=figure_style.INK,
        )  # fmt: skip
