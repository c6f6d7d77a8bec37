"""Which slides a model knows, and what networks say of areas that they did not learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hookpath.annotations import ClassTable
from hookpath.evaluation.scoring.annotation_scores import LeftOutAreas
from hookpath.evaluation.scoring.slide_counts import SlideResult
from hookpath.evaluation.slide_evaluation import AnnotatedImage
from hookpath.events import Reporter

JudgeLeftOut = Callable[[Sequence[AnnotatedImage], ClassTable, Reporter], LeftOutAreas]
"""Says of every annotated area what a network says that learned without it."""


def parts_of(model: Mapping[str, Any]) -> dict[str, str]:
    """Image name → ``train`` or ``val``, as the model's facts (`model_facts`) have it."""
    named = (("val", "validated_on"), ("train", "trained_on"))
    return {name: part for part, key in named for name in model.get(key) or ()}


def with_left_out(results: Sequence[SlideResult], judged: LeftOutAreas) -> list[SlideResult]:
    """The results, their areas with what was judged of them."""
    return [
        replace(
            result,
            areas=tuple(
                replace(area, left_out=judged.get((result.id, area.object_id)))
                for area in result.areas
            ),
        )
        for result in results
    ]
