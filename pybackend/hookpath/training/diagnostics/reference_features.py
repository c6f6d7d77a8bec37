"""What the training slides look like to the finished network, kept beside its weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from hookpath.errors import HookpathError, TrainingError, write_code
from hookpath.models import Network, load_model
from hookpath.models.storage.folder_or_zip import REFERENCE_NAME
from hookpath.models.training_slide_distance import DeepFeatures, FeatureReference, fit_reference
from hookpath.sampling import AnnotatedSlide
from hookpath.sampling.reference_patches import patches_of_tissue

#: Patches looked at, over all slides; of each at least so many; of how many slides.
PATCHES, LEAST_OF_SLIDE, MOST_SLIDES = 128, 8, 32

#: Of networks that are fitted in seconds, which this must not take longer than.
FEWER = 48


def save_reference(
    folder: Path, slides: Sequence[AnnotatedSlide], device: torch.device, patches: int = PATCHES
) -> None:
    """Measure the model of a folder on its training slides, unless that was done.

    On tissue anywhere, as slides are measured at prediction. Networks that do not give classes to
    patches, and those of little tissue, get none.

    Raises:
        TrainingError: it cannot be written.
    """
    model, card = load_model(folder, str(device))
    if model.reads != "patches" or model.scores == "magnification":
        return
    if FeatureReference.load(folder, card.weights_sha256) is not None:
        return
    most = max(LEAST_OF_SLIDE, patches // min(len(slides), MOST_SLIDES))
    found = [f for source in _chosen(slides) if len(f := _features(model, source, most))]
    reference = fit_reference(found) if found else None
    if reference is None:
        return
    path = folder / REFERENCE_NAME
    try:
        reference.save(path, card.weights_sha256)
    except OSError as error:
        raise TrainingError(
            f"{path}: cannot be written ({error.strerror}); free some space and go on with "
            "--resume",
            code=write_code(error),
        ) from error


def _chosen(slides: Sequence[AnnotatedSlide]) -> Sequence[AnnotatedSlide]:
    """All, or some from all over the list."""
    picked = np.linspace(0, len(slides) - 1, min(len(slides), MOST_SLIDES)).round().astype(int)
    return [slides[i] for i in dict.fromkeys(picked.tolist())]


def _features(model: Network, source: AnnotatedSlide, most: int) -> npt.NDArray[np.float64]:
    """``(N, F)`` of a slide's tissue; none where it cannot be read."""
    try:
        with source.open() as slide, DeepFeatures(model) as deep:
            batches = [deep.of(b) for b in patches_of_tissue(slide, model.branches, most)]
    except (HookpathError, OSError):
        return np.empty((0, 0))  # said when it was read for training
    return np.concatenate(batches) if batches else np.empty((0, 0))
