"""Fitting a pixel classifier to strokes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hookpath.annotations import ClassTable
from hookpath.baselines.pixel_classifier import PixelClassifier
from hookpath.baselines.pixel_features import FeatureBank, FloatArray
from hookpath.baselines.stroke_features import annotated_pixels, balanced, features_of
from hookpath.baselines.trees_and_ann import Head, Perceptron, Trees
from hookpath.errors import TrainingError, UsageError
from hookpath.sampling import AnnotatedSlide

#: Of the small network: pixels per step, passes over all, more where that would be few steps.
_BATCH, _PASSES, _STEPS, _MOST_PASSES = 256, 20, 2000, 200


class PixelSettings(BaseModel):
    """Settings of a pixel classifier.

    Attributes:
        head: ``trees`` (random trees) or ``ann`` (one hidden layer).
        spacing_um: µm/px at which slides are read.
        sigmas: of the features' Gaussians, in px of it.
        pixels: most annotated pixels to learn from, as many of every class.
        trees, depth, leaf: number of trees, their depth at most, pixels in a leaf at least.
        hidden: units of the hidden layer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    head: Literal["trees", "ann"] = "trees"
    spacing_um: float = 1.0
    sigmas: tuple[float, ...] = (1.0, 2.0, 4.0)
    pixels: int = Field(default=50_000, ge=2)
    trees: int = Field(default=50, ge=1)
    depth: int = Field(default=12, ge=1)
    leaf: int = Field(default=10, ge=1)
    hidden: int = Field(default=32, ge=1)

    @property
    def bank(self) -> FeatureBank:
        """The features.

        Raises:
            UsageError: a scale is not above 0.
        """
        return FeatureBank(self.spacing_um, self.sigmas)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From plain values.

        Raises:
            UsageError: an unknown setting, or a bad value.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            known = ", ".join(cls.model_fields)
            raise UsageError(
                f"pixel classifier: {where}: {first['msg']}; settings are {known}"
            ) from None


def fit(
    sources: Sequence[AnnotatedSlide], classes: ClassTable, settings: PixelSettings, seed: int = 0
) -> PixelClassifier:
    """Learn from every stroke of the slides.

    Args:
        classes: those to tell apart; output channel c is label c + 1.
        seed: of the choice of pixels, the trees and the network's start.

    Raises:
        UsageError: a setting makes no sense.
        TrainingError: a class is annotated nowhere on these slides.
        SlideError: a slide is damaged.
    """
    bank = settings.bank
    pixels = annotated_pixels(sources, bank)
    for label, name in enumerate(classes.names, start=1):
        if not (pixels[:, 4] == label).any():
            raise TrainingError(
                f"class {name!r} has no pixel of {bank.spacing_um:g} µm in any stroke; draw it on "
                "a training slide",
                code="nothing_annotated",
            )
    chosen = balanced(pixels, len(classes), settings.pixels, seed)
    features = features_of(sources, chosen, bank)
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    deviation = np.where(deviation > 0, deviation, np.float32(1))
    scaled = (features - mean) / deviation
    head = _fitted(settings, scaled, chosen[:, 4] - 1, seed, len(classes))
    return PixelClassifier(bank, settings.head, head, mean, deviation, len(classes))


def _fitted(
    settings: PixelSettings,
    features: FloatArray,
    labels: npt.NDArray[np.int64],
    seed: int,
    n_classes: int,
) -> Head:
    if settings.head == "trees":
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(
            settings.trees,
            max_depth=settings.depth,
            min_samples_leaf=settings.leaf,
            random_state=seed,
        )
        return Trees.of(forest.fit(features, labels))
    from sklearn.neural_network import MLPClassifier

    batch = min(_BATCH, len(features))
    passes = max(_PASSES, min(_MOST_PASSES, _STEPS * batch // len(features)))
    network = MLPClassifier(
        (settings.hidden,), alpha=1e-3, batch_size=batch, max_iter=passes, random_state=seed, tol=0
    )
    return Perceptron.of(_quietly(network, features, labels), n_classes)


def _quietly(network: Any, features: FloatArray, labels: npt.NDArray[np.int64]) -> Any:
    """A fixed number of passes is meant; that more would change something is no news."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(features, labels)
