"""The split that a model remembers, for projects whose images do not say one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hookpath.errors import HookpathError
from hookpath.evaluation.scoring.ground_truth import split_of
from hookpath.events import Reporter
from hookpath.projects import SPLIT_KEY, ImageEntry, Project, assume, own_entry
from hookpath.slides.slide_identity import content_of

_PART = {"train": "train", "val": "val", "unseen": "test"}


def take_parts_of_model(
    project: Project,
    split: str,
    model_dir: Path | None,
    predictions_dir: Path | None,
    reporter: Reporter,
) -> None:
    """Where no image is marked for `split`, go by what each was for the model.

    ``train`` chooses validation slides where nobody marked any; its model knows which.
    Nothing is written into the project.
    """
    if split == "all" or any(split_of(entry) == split for entry in project.images):
        return
    knows = _of_model(model_dir) if model_dir is not None else _of_predictions(predictions_dir)
    taken = False
    for entry in project.images:
        part = _PART.get(knows(entry) or "")
        if split_of(entry) is None and part is not None:
            assume(entry, {SPLIT_KEY: part})
            taken = True
    if taken:
        reporter.info(f"no image is marked for {split}: going by what each was in training")


def _of_model(model_dir: Path) -> Callable[[ImageEntry], str | None]:
    from hookpath.models import card_at, part_of_training

    training: dict[str, Any] = card_at(model_dir).training

    def part(entry: ImageEntry) -> str | None:
        return part_of_training(training, own_entry(entry).name, _content(entry))

    return part


def _of_predictions(folder: Path | None) -> Callable[[ImageEntry], str | None]:
    from hookpath.evaluation.predictions.prediction_folder import PredictionsFolder

    if folder is None:
        return lambda _: None
    records = PredictionsFolder(folder)
    return lambda entry: records.part_of(entry.name) or records.part_of(own_entry(entry).name)


def _content(entry: ImageEntry) -> str:
    try:
        return content_of(entry.slide.path)[0]
    except HookpathError:
        return ""


def parts_of(model: Mapping[str, Any]) -> dict[str, str]:
    """Image name → ``train`` or ``val``, as the model's facts (`model_facts`) have it."""
    named = (("val", "validated_on"), ("train", "trained_on"))
    return {name: part for part, key in named for name in model.get(key) or ()}
