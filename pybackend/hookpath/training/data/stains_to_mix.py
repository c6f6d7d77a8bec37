"""Which stains a run shows its patches in: those of the project's slides, annotated or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from hookpath.errors import HookpathError
from hookpath.events import Reporter
from hookpath.models import Network
from hookpath.projects import Project
from hookpath.sampling.stain_profiles import ReinhardProfile, StainMixing, measure
from hookpath.slides import SlideRef
from hookpath.training.data.training_data import TrainingData
from hookpath.training.training_config import TrainConfig

#: Slides that are looked at, of those that teach and of the others: up to a second each.
_MOST = 12

_T = TypeVar("_T")


def with_stain_mixing(
    projects: Sequence[Project],
    data: TrainingData,
    config: TrainConfig,
    model: Network,
    reporter: Reporter,
) -> tuple[TrainConfig, StainMixing | None]:
    """The stains to mix, if that is asked for and there are any.

    Slides to be predicted later help as well as annotated ones: nothing but their colours is
    looked at. Where there are no stains to mix, colours vary moderately in place of that; so they
    do where one slide is all there is, and nobody can say how the next is stained.
    """
    wanted = config.augmentation
    if not wanted.stain_mixing:
        return config, None
    moderately = config.model_copy(update={"augmentation": wanted.unmixed()})
    if data.channels or config.normalisation or model.reads != "patches":
        return moderately, None
    chosen = set(_some(range(len(data.train)), config.seed))
    own = tuple(
        _stain_of(source.slide) if i in chosen else None for i, source in enumerate(data.train)
    )
    others = [_stain_of(slide) for slide in _some(_other_slides(projects, data), config.seed)]
    known = tuple(profile for profile in (*own, *others) if profile is not None)
    if len(known) > 1:
        more = sum(profile is not None for profile in others)
        reporter.info(
            f"patches are shown in the stains of {len(known)} slides, {more} of them held out or "
            "not annotated (nothing but their colours is looked at)"
        )
        return config, StainMixing(own, known)
    reporter.info("no second slide shows how stains differ: colours are varied moderately")
    return moderately, None


def _other_slides(projects: Sequence[Project], data: TrainingData) -> list[SlideRef]:
    """Those that teach nothing: for validation, for tests, or not annotated yet.

    Not those that QuPath reads for us: opening them, one by one, may take longer than training.
    """
    taught, found = {_file_of(source.slide) for source in data.train}, []
    for image in (image for project in projects for image in project.images):
        try:
            slide = image.slide
        except HookpathError:
            continue  # reported where slides are listed
        if not slide.server and _file_of(slide) not in taught:
            found.append(slide)
    return found


def _file_of(slide: SlideRef) -> tuple[Path, str]:
    """What is the same for all planes of a slide, and however it is shown."""
    return slide.path, slide.server


def _some(things: Iterable[_T], seed: int) -> list[_T]:
    """At most `_MOST` of them, by chance."""
    found = list(things)
    picked = np.random.default_rng(seed).permutation(len(found))[:_MOST]
    return [found[i] for i in sorted(picked.tolist())]


def _stain_of(ref: SlideRef) -> ReinhardProfile | None:
    try:
        with ref.open() as slide:
            found = measure(slide, "reinhard")
    except HookpathError:
        return None  # what cannot be read is reported where it is needed
    assert found is None or isinstance(found, ReinhardProfile)
    return found
