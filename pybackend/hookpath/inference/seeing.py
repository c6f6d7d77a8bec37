"""A slide as a model wants to see it: RGB, or the channels that it has learned, by name."""

from __future__ import annotations

from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from hookpath.errors import ModelFolderError
from hookpath.models import ModelCard
from hookpath.models.ensembles import ENSEMBLE
from hookpath.models.folder import CHANNELS_KEY
from hookpath.slides import SlideRef
from hookpath.slides.channels import ChannelScale

_SCALES = TypeAdapter(tuple[ChannelScale, ...])


def scales_of(card: ModelCard) -> tuple[ChannelScale, ...]:
    """The channels that a model takes, in its order, and how they are scaled; (): RGB.

    Raises:
        ModelFolderError: the card says it in a way that cannot be understood.
    """
    found = card.normalisation.get(CHANNELS_KEY)
    if found is None:
        return ()
    try:
        return _SCALES.validate_python(found)
    except ValidationError as error:
        raise ModelFolderError(
            f"model.json: normalisation.{CHANNELS_KEY} is not valid ({error.errors()[0]['msg']}); "
            "copy the model folder again, or update hookpath"
        ) from error


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
