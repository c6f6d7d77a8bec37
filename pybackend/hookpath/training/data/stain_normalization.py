"""Stain normalisation: every slide of a run recoloured to what its training slides have in common.

A slide is measured on tissue anywhere on it, not only where something is annotated: so it is at
prediction, where nothing is, and a slide that is the only one to learn from stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hookpath.errors import HookpathError, TrainingError
from hookpath.events import Reporter
from hookpath.models import Network
from hookpath.models.storage.model_folder import CHANNELS_KEY, STAIN_KEY
from hookpath.sampling import AnnotatedSlide
from hookpath.sampling.stain_profiles import (
    AnyProfile,
    StainMethod,
    mean_profile,
    measure,
    recolouring,
)
from hookpath.training.data.training_data import TrainingData


def normalised(
    data: TrainingData, method: StainMethod | None, model: Network, reporter: Reporter
) -> TrainingData:
    """The data with every slide recoloured; `method` None: as it is.

    Slides with too little tissue to say how they are stained are left as they are.

    Raises:
        TrainingError: the network learns no classes, or no training slide can be measured.
    """
    if method is None:
        return data
    if data.channels:
        raise TrainingError("normalisation is of the stains of RGB images; drop normalisation")
    if model.scores == "magnification":
        raise TrainingError(f"{model.family} is trained on slides as they are; drop normalisation")
    slides = [*data.train, *data.val]
    profiles = [_measured(source, method, reporter) for source in slides]
    known = [profile for profile in profiles[: len(data.train)] if profile is not None]
    if not known:
        raise TrainingError(
            "no training slide shows enough tissue to say how it is stained; drop normalisation"
        )
    target = mean_profile(known)
    sources = [
        source if own is None else replace(source, stain=recolouring(own, target))
        for source, own in zip(slides, profiles, strict=True)
    ]
    count = len(data.train)
    return replace(data, train=sources[:count], val=sources[count:], stain=target)


def normalisation_of(data: TrainingData) -> dict[str, Any]:
    """`ModelCard.normalisation` of a model that learned from this."""
    scale: dict[str, Any] = {"scale": 1 / 255}
    if data.channels:
        scale[CHANNELS_KEY] = [channel.model_dump(mode="json") for channel in data.channels]
    if data.stain is None:
        return scale
    return {**scale, STAIN_KEY: data.stain.model_dump(mode="json")}


def _measured(source: AnnotatedSlide, method: StainMethod, reporter: Reporter) -> AnyProfile | None:
    try:
        with source.slide.open() as slide:
            found = measure(slide, method)
    except HookpathError as error:
        reporter.warn(f"{source.name}: {error}")  # the code that reads it leaves it out
        return None
    if found is None:
        reporter.warn(
            f"{source.name}: too little tissue to say how it is stained; it stays as it is"
        )
    return found
