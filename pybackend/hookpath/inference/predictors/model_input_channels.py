"""A slide as a model wants to see it: RGB, or the channels that it has learned, by name."""

from __future__ import annotations

from dataclasses import replace

from hookpath.models import ModelCard
from hookpath.models.storage.ensemble_file import ENSEMBLE
from hookpath.models.storage.model_folder import CHANNELS_KEY
from hookpath.slides import SlideRef
from hookpath.slides.channels import ChannelScale, scales_from


def scales_of(card: ModelCard) -> tuple[ChannelScale, ...]:
    """The channels that a model takes, in its order, and how they are scaled; (): RGB.

    Raises:
        ModelFolderError: the card says it in a way that cannot be understood.
    """
    return scales_from(card.normalisation.get(CHANNELS_KEY))


def seen_by(card: ModelCard, slide: SlideRef) -> SlideRef:
    """How to open a slide for a model; opening refuses one that lacks a channel, or is no RGB.

    The members of an ensemble each see channels in their own way: it gets the slide as it is.

    Raises:
        ModelFolderError: see `scales_of`.
    """
    scales = scales_of(card)
    if scales and card.family == ENSEMBLE:
        return slide
    return replace(slide, channels=scales, only_rgb=not scales)
