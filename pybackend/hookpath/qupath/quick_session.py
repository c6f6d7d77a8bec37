"""A network that learns again after every stroke, as long as QuPath is open."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hookpath.devices import choose_device
from hookpath.errors import TrainingError
from hookpath.models import FeatureProbe, ModelCard, build_model
from hookpath.models.network_base import COLOURS
from hookpath.models.storage.model_folder import CHANNELS_KEY
from hookpath.probing.cross_fitting import folds_of
from hookpath.probing.feature_cache import FeatureCache, identity_of_features
from hookpath.probing.head_fitting import fit_table, table_of
from hookpath.probing.labelled_samples import Making, places_of
from hookpath.probing.tile_features import Describer
from hookpath.qupath.live_annotations import AnnotatedSlides, Feature
from hookpath.slides import SlideRef
from hookpath.training import TrainConfig

_MEMORY = 512 * 2**20


@dataclass(frozen=True)
class Head:
    """What was learned.

    Attributes:
        model: with the new head; the same object as long as the classes are the same.
        card: of a model folder that it could be saved in.
        cells: that were learned from.
        computed: tiles whose features had to be computed; the others were known.
        seconds: that it took.
    """

    model: FeatureProbe
    card: ModelCard
    cells: int
    computed: int
    seconds: float


class QuickSession:
    """A head that is fitted to what is annotated on several images.

    The penalty is chosen anew only when there is a class or an image more or less.

    Args:
        config: of a run of family ``probe``; None: its defaults.
        say: gets what a person may want to know.
        annotated: shared with others; None: its own.
        like: takes over its encoder and its kept features.
    """

    def __init__(
        self,
        config: TrainConfig | None = None,
        say: Callable[[str], None] = lambda _: None,
        annotated: AnnotatedSlides | None = None,
        like: QuickSession | None = None,
    ) -> None:
        self.config = config or TrainConfig.load(overrides=[f"family={FeatureProbe.family}"])
        self.annotated = annotated or AnnotatedSlides()
        self._say, self._like = say, like
        self._device = str(choose_device(self.config.device, say))
        self._making: Making | None = None
        self._known: tuple[tuple[Any, ...], tuple[float, float]] | None = None
        self._learned = -1
        self.head: Head | None = None

    def update(
        self,
        added: Mapping[str, Sequence[Feature]],
        removed: Mapping[str, Sequence[str]] | None = None,
        slides: Mapping[str, SlideRef] | None = None,
    ) -> Head:
        """Take up what was drawn and what was deleted, and learn again.

        Args:
            added: by image, annotations; one whose id is there already takes its place.
            removed: by image, ids of annotations; unknown ones are none.
            slides: of the images that are not known yet.

        Raises:
            TrainingError: an image without a slide, or fewer than two classes; what was drawn is
                remembered.
            AnnotationError: no GeoJSON.
            SlideError: a slide cannot be read.
        """
        self.annotated.take(added, removed, slides)
        return self.learn()

    def learn(self) -> Head:
        """A head of what is annotated now; the one that is there, if nothing has changed.

        Raises:
            TrainingError, SlideError: see `update`.
        """
        if self.head is None or self._learned != self.annotated.revision:
            revision = self.annotated.revision
            self.head = self._learn(time.perf_counter())
            self._learned = revision
        return self.head

    def _learn(self, started: float) -> Head:
        sources, classes = self.annotated.sources(self.config.labels)
        making = self._made_for(len(classes))
        before = making.cache.misses
        every = [(s, places_of(s, making)) for s in sources]
        found = [(s, p) for s, p in every if len(p.labels)]
        places = [p for _, p in found]
        labels = np.unique(np.concatenate([np.zeros(0, np.uint8), *(p.labels for p in places)]))
        if len(labels) < len(classes):
            missing = next(n for i, n in enumerate(classes.names, 1) if i not in labels)
            raise TrainingError(
                f"class {missing!r} covers no cell; draw a thicker stroke", code="nothing_annotated"
            )
        settings = self.config.probe
        table = table_of(places, folds_of([s for s, _ in found], places), len(classes))
        kind = (*classes.names, *(s.id for s, _ in found))
        known = self._known[1] if self._known and self._known[0] == kind else None
        hidden = making.model.config["hidden"]
        fitted = fit_table(table, settings.l2, hidden, self.config.seed, known)
        self._known = kind, (fitted.l2, fitted.temperature)
        fitted.put_into(making.model.head)
        return Head(
            model=making.model,
            card=ModelCard.describe(making.model, classes, **self._normalisation()),
            cells=int(table.plain.sum()),
            computed=making.cache.misses - before,
            seconds=time.perf_counter() - started,
        )

    def _normalisation(self) -> dict[str, Any]:
        if not self.annotated.scales:
            return {}
        scales = [scale.model_dump(mode="json") for scale in self.annotated.scales]
        return {"normalisation": {"scale": 1 / 255, CHANNELS_KEY: scales}}

    def network(self, n_classes: int) -> FeatureProbe:
        """The network as it is fitted; its head is of what was learned last."""
        return self._made_for(n_classes).model

    def _made_for(self, n_classes: int) -> Making:
        """How features are made; a network for another number of classes keeps the encoder."""
        channels = len(self.annotated.scales) or COLOURS
        made = self._making.model if self._making else None
        if self._making and made and (made.n_classes, made.in_channels) == (n_classes, channels):
            return self._making
        given = {"n_classes": n_classes, "in_channels": channels}
        model = build_model(FeatureProbe.family, **{**self.config.model, **given})
        assert isinstance(model, FeatureProbe)
        like = self._making or (self._like._making if self._like else None)
        if like is None:
            weights = self.config.backbone_weights
            model.load_backbone("imagenet" if weights in (None, "auto") else weights, self._say)
            cache = FeatureCache(
                most_bytes=self.config.probe.cache_mb * 2**20, memory_bytes=_MEMORY
            )
            cache.trim()  # what earlier sessions left
        else:
            model.encoder = like.model.encoder
            cache = like.cache
        features = self._making.features if self._making else identity_of_features(model)
        self._making = Making(
            describer=Describer(model, self._device),
            cache=cache,
            copies=self.config.probe.copies,
            colours=self.config.augmentation,
            seed=self.config.seed,
            cells=self.config.probe.cells,
            features=features,
        )
        return self._making
