"""Which channels a run learns from, and how their values become a network's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hookpath.errors import HookpathError, TrainingError
from hookpath.events import Reporter
from hookpath.models import read_card
from hookpath.models.storage.model_folder import CHANNELS_KEY
from hookpath.sampling import AnnotatedSlide
from hookpath.sampling.channel_scales import measured_scales
from hookpath.slides.channels import ChannelScale, listed, positions, scales_from
from hookpath.slides.tissue_detection import is_dark_slide
from hookpath.training.training_config import TrainConfig

if TYPE_CHECKING:
    from hookpath.training.data.training_data import TrainingData


def as_begun(config: TrainConfig) -> TrainConfig:
    """With the channels of `init_from`, and their bounds, where none are given.

    Its weights mean these channels, in this order and this bright.

    Raises:
        ModelFolderError: it is no model folder.
    """
    if config.init_from is None:
        return config
    scales = scales_from(read_card(Path(config.init_from)).normalisation.get(CHANNELS_KEY))
    if not scales or config.channels:
        return config
    bounds = {s.name: (s.low, s.high) for s in scales}
    return config.model_copy(
        update={
            "channels": tuple(bounds),
            "channel_bounds": bounds if config.channel_bounds is None else config.channel_bounds,
        }
    )


def refuse_lacking(source: AnnotatedSlide, config: TrainConfig) -> None:
    """Raise `ChannelError` where a slide lacks a channel that is asked for by name."""
    if config.channels:
        positions(config.channels, source.read_facts().channels, source.name)


def alike(
    sources: Sequence[AnnotatedSlide], config: TrainConfig, reporter: Reporter
) -> list[AnnotatedSlide]:
    """The slides that can be learned from together: where no channels are named, RGB is the usual.

    Slides that are no RGB are left out, by name, where others are RGB.
    """
    rgb = [s for s in sources if s.read_facts().is_rgb]
    if config.channels or not rgb:
        return list(sources)
    for other in sources:
        if not other.read_facts().is_rgb:
            reporter.warn(
                f"{other.name} is left out: it is {_what(other)}, other images are RGB; learn from "
                "its channels by naming them, without the RGB images",
                "channels",
            )
    return rgb


def channels_of(sources: Sequence[AnnotatedSlide], config: TrainConfig) -> tuple[str, ...]:
    """Names of the channels to learn from; (): all slides are RGB, and that is what is learned.

    Where none are asked for, those of slides that have the same ones, in the first slide's order.

    Args:
        sources: `alike`.

    Raises:
        TrainingError: their channels differ.
    """
    if config.channels:
        return config.channels
    first, *others = sources
    if first.read_facts().is_rgb:
        return ()
    names = _names(first)
    for other in others:
        if set(_names(other)) != set(names):
            raise TrainingError(
                f"{first.name} is {_what(first)}, {other.name} is {_what(other)}; choose channels "
                "that all of them have, or train on fewer images",
                code="channels",
            )
    return names


def with_channels(
    sources: Sequence[AnnotatedSlide],
    measured: Sequence[AnnotatedSlide],
    names: Sequence[str],
    config: TrainConfig,
    reporter: Reporter,
) -> tuple[list[AnnotatedSlide], tuple[ChannelScale, ...]]:
    """The slides as the network will see them, and the bounds of its channels.

    Args:
        measured: the slides that the bounds are measured on: those that are learned from.

    Raises:
        SlideError: a slide cannot be read.
    """
    refs = [s.slide for s in measured]
    scales = measured_scales(refs, names, config.channel_percentiles, config.channel_bounds or {})
    ranges = ", ".join(f"{s.name} {s.low:g} to {s.high:g}" for s in scales)
    reporter.info(f"channels, in this order: {ranges}")
    return [replace(s, slide=replace(s.slide, channels=scales)) for s in sources], scales


def for_dark_slides(config: TrainConfig, data: TrainingData, reporter: Reporter) -> TrainConfig:
    """The configuration without hue and stains where every training slide is dark RGB.

    Fluorescence that is shown in colours has no stains, and its colours mean what they are.
    """
    wanted = config.augmentation.unmixed()
    off = {"hue": 0.0, "saturation": 0.0, "saturation_shift": 0.0, "stain": 0.0}
    if data.channels or not any(getattr(wanted, name) for name in off):
        return config
    if not data.train or not all(_is_dark(source) for source in data.train):
        return config
    reporter.info("the training slides are dark (fluorescence): hue and stains are not varied")
    return config.model_copy(update={"augmentation": wanted.model_copy(update=off)})


def _is_dark(source: AnnotatedSlide) -> bool:
    try:
        with source.slide.open() as slide:
            return is_dark_slide(slide)
    except HookpathError:
        return False  # the code that reads it next says so


def _names(source: AnnotatedSlide) -> tuple[str, ...]:
    return tuple(c.name for c in source.read_facts().channels)


def _what(source: AnnotatedSlide) -> str:
    facts = source.read_facts()
    return "RGB" if facts.is_rgb else f"of the channels {listed(_names(source), 12)}"
