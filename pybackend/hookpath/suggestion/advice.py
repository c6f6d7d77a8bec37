"""From metrics to words: what to train, what context gains, what to draw next, what to doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hookpath.suggestion.left_out_slide_scores import Judged

#: Macro F1 that other views than the usual ones must bring at least: below it strokes decide.
WORTH = 0.02
#: Below this many slides the folds are too few to tell views apart.
_FEW_SLIDES = 3
#: Cells (of 4 × 4 px) of a class on a slide, below which its metrics rest on little.
_FEW_CELLS = 150


@dataclass(frozen=True)
class ClassAnnotations:
    """What is annotated of one class.

    Attributes:
        cells: by slide name.
        width_um: median over its outlines of 4 · area / perimeter, about what one is across.
    """

    cells: Mapping[str, int]
    width_um: float


def best_of(judged: Sequence[Judged], usual: Judged) -> Judged:
    """The best views that are clearly better than the usual ones, or these.

    Clearly: by `WORTH`, and by the standard error of the difference over the slides left out. Two
    slides or three rarely say so much, and then what is right on average is taken.
    """
    better = (j for j in judged if is_clearly_better(j, usual))
    return max(better, key=lambda j: j.macro_f1, default=usual)


def is_clearly_better(one: Judged, other: Judged) -> bool:
    """Whether views beat others on the same folds by more than chance."""
    folds = one.by_fold.keys() & other.by_fold.keys()
    gains = np.array([one.by_fold[f] - other.by_fold[f] for f in sorted(folds)])
    if len(gains) < 2:
        return False
    error = float(gains.std(ddof=1)) / len(gains) ** 0.5
    return bool(gains.mean() > max(WORTH, error))


def context_gain(single: Judged, pair: Judged) -> dict[str, float]:
    """F1 that a wider view adds, by class."""
    return {name: pair.by_class[name] - single.by_class[name] for name in single.by_class}


def doubts(annotated: Mapping[str, ClassAnnotations], slides: Sequence[str]) -> list[str]:
    """What the metrics rest on too little of, a line each."""
    found: list[str] = []
    if len(slides) == 1:
        found.append(
            "one slide only: its strokes were left out in turn, so nothing is known of another "
            "slide; annotate a second one"
        )
    elif len(slides) < _FEW_SLIDES:
        found.append(
            f"{len(slides)} slides only: the metrics may change with the next one; annotate more"
        )
    for name, what in annotated.items():
        on = [slide for slide, cells in what.cells.items() if cells]
        if len(on) == 1 and len(slides) > 1:
            found.append(
                f"{name!r} is annotated on {on[0]} only, so it cannot be left out; draw it on "
                "another slide"
            )
        elif sum(what.cells.values()) < _FEW_CELLS:
            found.append(f"{name!r}: very little is annotated; draw more of it, on every slide")
    return found


def draw_next(
    chosen: Judged, slides: Mapping[int, str], annotated: Mapping[str, ClassAnnotations]
) -> str | None:
    """The class and the slide whose strokes would help most: the worst F1, where it is rarest."""
    scores = {name: f1 for name, f1 in chosen.by_class.items() if f1 == f1}
    if not scores:
        return None
    name = min(scores, key=lambda n: scores[n])
    if chosen.by_fold and len(slides) > 1:
        worst = slides[min(chosen.by_fold, key=lambda f: chosen.by_fold[f])]
    else:
        worst = min(annotated[name].cells, key=lambda s: annotated[name].cells[s])
    return f"{name!r} (F1 {scores[name]:.2f}, the lowest), first on {worst}"
