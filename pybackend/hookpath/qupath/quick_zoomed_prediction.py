"""The quick network at any zoom: what is seen from afar is classified by the coarser views alone.

The finest view costs most, and from afar nobody sees what it adds. So there is one head for every
µm/px that the network looks at, fitted to the same strokes: at 4 µm/px and coarser that of the
views from 4 µm/px on. A tile of a window costs about the same at every zoom, and a whole slide
is seen in seconds. What is saved and what predicts slides is the first, of all views.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hookpath.context_managers import Closing
from hookpath.errors import ModelDesignError, TrainingError
from hookpath.geometry import Calibration
from hookpath.inference.dense.tile_rows import Probabilities
from hookpath.inference.roi.tissue_tiles import OutputGrid
from hookpath.memory import free_memory
from hookpath.models import FeatureProbe
from hookpath.qupath.live_annotations import AnnotatedSlides, Feature
from hookpath.qupath.live_preview import Preview, View
from hookpath.qupath.quick_feature_maps import KeepingRunner, KeepingSlides, Kept
from hookpath.qupath.quick_session import Head, QuickSession
from hookpath.slides import SlideRef
from hookpath.training import TrainConfig
from hookpath.training.run.run_folder import library_versions

_ROUNDING = 1.01
_LEAST_CLASSES = 2
_KEPT_BYTES = 2 * 2**30
"""Most of the features that are kept, 10 MB for a tile of 512 px; and no more than a third of the
memory that is free."""


class ZoomedSession:
    """`QuickSession`s of one drawing, by how many of the finest views they leave out."""

    def __init__(self, config: TrainConfig) -> None:
        self.config, self.annotated = config, AnnotatedSlides()
        self._sessions = [QuickSession(config, annotated=self.annotated)]
        self.spacings = self._spacings()
        free = free_memory()
        self.kept = Kept(_KEPT_BYTES if free is None else min(_KEPT_BYTES, free // 3))
        self._looked = 0
        self.head: Head | None = None

    def _spacings(self) -> list[float]:
        default = inspect.signature(FeatureProbe).parameters["spacings"].default
        return [float(s) for s in self.config.model.get("spacings", default)]

    def update(
        self,
        added: Mapping[str, Sequence[Feature]],
        removed: Mapping[str, Sequence[str]],
        slides: Mapping[str, SlideRef],
    ) -> Head:
        """Take up what was drawn, and learn what is looked at (see `QuickSession.update`)."""
        self.annotated.take(added, removed, slides)
        _, self.head = self.learned(self._looked)
        return self.head

    def warm(self) -> None:
        """Load the encoder before anything is annotated."""
        self.at(0).network(_LEAST_CLASSES)

    def learned(self, level: int) -> tuple[int, Head]:
        """The head for a level, or for the next finer one whose cells all classes have.

        Raises:
            TrainingError, SlideError: see `QuickSession.update`.
        """
        while True:
            try:
                return level, self.at(level).learn()
            except (TrainingError, ModelDesignError):
                if level == 0:
                    raise
                level -= 1

    def whole(self) -> Head:
        """The head of all views, with a card that says what it is of."""
        head = self.at(0).learn()
        training = {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": "live",
            "cells": head.cells,
            "split": {"train": self.annotated.names, "val": []},
            "versions": library_versions(),
        }
        return replace(head, card=head.card.model_copy(update={"training": training}))

    def look(self, um: float) -> int:
        """The level for a view of so many µm/px; what is annotated next is learned for it first."""
        fitting = [i for i, spacing in enumerate(self.spacings) if spacing <= um * _ROUNDING]
        self._looked = max(fitting, default=0)
        return self._looked

    def at(self, level: int) -> QuickSession:
        """The session that leaves out the `level` finest views."""
        while len(self._sessions) <= level:
            spacings = self.spacings[len(self._sessions) :]
            model = {**self.config.model, "spacings": spacings}
            config = self.config.model_copy(update={"model": model})
            first = self._sessions[0]
            self._sessions.append(QuickSession(config, annotated=self.annotated, like=first))
        return self._sessions[level]


class ZoomedPreview(Closing):
    """What `ZoomedSession` says of one slide; looks like a `Preview`.

    Args:
        n_classes: that are annotated.
        ref: the slide; opened with `readers` handles for every level that is looked at.

    Raises:
        MissingSpacingError: the slide's µm/px is unknown.
        PredictionError: the slide is too coarse.
    """

    def __init__(
        self,
        quick: ZoomedSession,
        n_classes: int,
        ref: SlideRef,
        device: str,
        tissue: bool,
        readers: int,
    ) -> None:
        self._quick, self._n_classes, self._ref = quick, n_classes, quick.annotated.shown(ref)
        self._device, self._tissue, self._readers = device, tissue, readers
        self._previews: dict[int, Preview] = {}
        first = self._at(0)
        self.spacing_um: float = first.spacing_um
        self.grid: OutputGrid = first.grid
        self.device = first.predictor.device
        self._um = _mean(first.slides[0].calibration)

    def classify(self, view: View, cancelled: Callable[[], bool]) -> Probabilities:
        """See `Preview.classify`; also `TrainingError`, where too little is annotated."""
        level, _ = self._quick.learned(self._quick.look(view.downsample * self._um))
        return self._at(level).classify(view, cancelled)

    def _at(self, level: int) -> Preview:
        if level not in self._previews:
            network = self._quick.at(level).network(self._n_classes)
            runner = KeepingRunner(network, self._device)
            name = level, self._ref, self._tissue
            slides = [self._ref.open()]
            try:
                slides += [self._ref.open() for _ in range(self._readers - 1)]
                found = KeepingSlides(runner, self._quick.kept, name)
                self._previews[level] = Preview(found, slides, self._tissue)
            except BaseException:
                for slide in slides:
                    slide.close()
                raise
        return self._previews[level]

    def close(self) -> None:
        """Close the slide's handles."""
        for preview in self._previews.values():
            preview.close()
        self._previews.clear()


def _mean(calibration: Calibration) -> float:
    return math.sqrt(calibration.mpp_x * calibration.mpp_y)
