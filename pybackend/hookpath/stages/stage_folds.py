"""Which slides a first-stage network learns from, and which it makes heatmaps of."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hookpath.errors import TrainingError
from hookpath.sampling import AnnotatedSlide

#: Training slides that there must be: each gets its heatmap from a network that never saw it.
LEAST = 2


@dataclass(frozen=True)
class Stage:
    """One network of the first stage.

    Attributes:
        name: of its folder.
        learns: the slides that it is trained on.
        shows: the slides that it makes heatmaps of; none of them is in `learns`.
    """

    name: str
    learns: tuple[AnnotatedSlide, ...]
    shows: tuple[AnnotatedSlide, ...]


def plan_stages(
    train: Sequence[AnnotatedSlide], val: Sequence[AnnotatedSlide], folds: int, seed: int
) -> list[Stage]:
    """A network per fold for the heatmaps of the training slides, then the one that is kept.

    A classifier knows the slides that it learned from too well: their heatmaps are better than
    those of new slides will be, and a refinement that learned from them would trust too much. So
    each training slide's heatmap comes from a network that was trained without it. The last stage
    learns from all training slides, is part of the model, and shows the validation slides.

    Args:
        folds: most folds; there are never more than training slides.
        seed: of the order in which slides are dealt out.

    Raises:
        TrainingError: fewer than two training slides.
    """
    if len(train) < LEAST:
        raise TrainingError(
            "h2gnet needs at least two training slides: the second stage learns from heatmaps of "
            "slides that the classifier was not trained on; annotate another slide",
            code="nothing_annotated",
        )
    order = list(range(len(train)))
    random.Random(seed).shuffle(order)
    count = min(folds, len(train))
    shown = [set(order[fold::count]) for fold in range(count)]
    stages = [
        Stage(
            f"fold-{number + 1}",
            tuple(s for i, s in enumerate(train) if i not in fold),
            tuple(s for i, s in enumerate(train) if i in fold),
        )
        for number, fold in enumerate(shown)
    ]
    return [*stages, Stage("classifier", tuple(train), tuple(val))]
