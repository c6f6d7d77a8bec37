"""How unlike the training slides a slide is, to the network that is to predict it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hookpath.inference.prediction_record import OodScore
from hookpath.inference.predictor_protocol import Predictor
from hookpath.inference.predictors.stain_normalized_slides import seen, stain_target
from hookpath.models import ModelCard, Network
from hookpath.models.training_slide_distance import DeepFeatures, FeatureReference
from hookpath.sampling.reference_patches import patches_of_tissue
from hookpath.slides import Slide

PATCHES = 32
"""Patches of a slide's tissue that are looked at, spread evenly over it."""


@dataclass(frozen=True)
class OodDetector:
    """Scores slides for one model."""

    model: Network
    card: ModelCard
    reference: FeatureReference

    def score(self, slide: Slide) -> OodScore | None:
        """Of an open slide; None where it has no tissue.

        Raises:
            SlideError: the slide is damaged.
            MissingSpacingError: µm/px is unknown.
        """
        shown = seen(slide, stain_target(self.card))
        with DeepFeatures(self.model) as deep:
            batches = [
                deep.of(images) for images in patches_of_tissue(shown, self.model.branches, PATCHES)
            ]
        if not batches:
            return None
        features = np.concatenate(batches)
        score = round(self.reference.score(features), 3)
        limit = round(float(self.reference.limit), 3)
        return OodScore(score=score, limit=limit, patches=len(features))


def load_detector(folder: Path, card: ModelCard, predictor: Predictor) -> OodDetector | None:
    """That of a model folder, with the network that is loaded; None: it has no reference.

    Raises:
        ModelFolderError: the reference is damaged.
    """
    model = _network_of(predictor)
    reference = FeatureReference.load(folder, card.weights_sha256)
    if model is None or reference is None:
        return None
    return OodDetector(model, card, reference)


def _network_of(predictor: object) -> Network | None:
    """The network that all its wrappers stand before; None: it is not of torch."""
    inner: object | None = predictor
    while inner is not None and not isinstance(inner, Network):
        inner = next(
            (found for name in ("of", "runner", "model") if (found := getattr(inner, name, None))),
            None,
        )
    return inner
