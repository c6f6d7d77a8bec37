"""What all figures share: a matplotlib figure without global state, colours, names that fit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from hookpath.annotations.objects import RGB
from hookpath.safe_names import printable

GREY = "#5b6470"
INK = "#1c2330"
LINE = "#d5dae1"


def new_figure(width_in: float, height_in: float, dpi: int = 110) -> Any:
    """A white ``matplotlib.figure.Figure`` that no window or global state knows about."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=dpi, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def hex_color(color: RGB) -> str:
    """``(200, 30, 40)`` → ``#c81e28``."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def shorten(text: str, longest: int) -> str:
    """The text with its middle left out when longer than `longest` characters."""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"


def distinct_names(names: Sequence[str], longest: int) -> list[str]:
    """Names of at most about `longest` characters that stay different from each other.

    Where some are too long, the words that all of them begin and end with are left out.
    """
    if all(len(n) <= longest for n in names):
        return list(names)
    words = [n.split(" ") for n in names]
    start, end = _shared(words), _shared([w[::-1] for w in words])
    end = min(end, min(map(len, words)) - start)
    # What all share is left out from the outside, only as far as it must, and the end first: what
    # stands before a number says what it is.
    cuts = [(0, j) for j in range(end + 1)] + [(i, end) for i in range(1, start + 1)]
    tried = [[_middle(w, *cut) for w in words] for cut in cuts]
    fitting = [t for t in tried if max(map(len, t)) <= longest] or tried[-1:]
    short = [shorten(n, longest) for n in fitting[0]]
    if len(set(short)) == len(short):
        return short
    return [f"{number}: {shorten(n, longest - 4)}" for number, n in enumerate(names, start=1)]


def _middle(words: Sequence[str], start: int, end: int) -> str:
    """The words without the first and the last ones."""
    middle = " ".join(words[start : len(words) - end])
    return ("…" if start else "") + middle.rstrip(",;" if end else "") + ("…" if end else "")


def _shared(words: Sequence[Sequence[str]]) -> int:
    """How many words all begin with."""
    count = 0
    for column in zip(*words, strict=False):
        if len(set(column)) > 1:
            break
        count += 1
    return count


def svg_of(figure: Any) -> str:
    """The figure as an ``<svg>`` element to put into a page; same input, same text."""
    import matplotlib

    buffer = io.StringIO()
    # Text as paths: the page looks the same where the font is missing.
    with matplotlib.rc_context({"svg.hashsalt": "hookpath", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def plain_axes(axes: Any) -> None:
    """Only the left and lower axis lines, in quiet colours."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(colors=GREY, labelsize=9)


def class_legend(figure: Any, names: Sequence[str], colors: Sequence[RGB], **where: Any) -> Any:
    """A legend of filled squares in the class colours."""
    from matplotlib.patches import Patch

    # matplotlib drops labels that start with "_" and reads "$" as mathematics.
    handles = [
        Patch(facecolor=hex_color(c), edgecolor="none", label=plain_text(n))
        for n, c in zip(names, colors, strict=True)
    ]
    return figure.legend(handles=handles, frameon=False, labelcolor=INK, **where)


def plain_text(text: str) -> str:
    """The text as matplotlib must get it to show it as it is."""
    shown = printable(text)
    return ("\u200b" if shown.startswith("_") else "") + shown.replace("$", r"\$")
