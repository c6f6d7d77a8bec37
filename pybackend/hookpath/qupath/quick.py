"""A network that learns again after every stroke, as long as QuPath is open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hookpath.annotations import (
    ClassTable,
    LabelRules,
    LabelSource,
    PathObject,
    class_names_in,
    objects_from_geojson,
)
from hookpath.devices import choose_device
from hookpath.errors import TrainingError
from hookpath.models import FeatureProbe, ModelCard, build_model
from hookpath.probing.cache import FeatureCache, identity_of_features
from hookpath.probing.describing import Describer
from hookpath.probing.fitting import fit_table, table_of
from hookpath.probing.folds import folds_of
from hookpath.probing.places import Making, places_of
from hookpath.sampling import AnnotatedSlide
from hookpath.sampling.source import SlideFacts
from hookpath.slides import SlideIdentity, SlideRef
from hookpath.training import TrainConfig

Feature = Mapping[str, Any]
"""A parsed GeoJSON feature as QuPath writes it."""

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


@dataclass
class _Image:
    ref: SlideRef
    facts: SlideFacts
    identity: SlideIdentity
    objects: dict[str, PathObject] = field(default_factory=dict)

    def drawn(self, rules: LabelRules) -> list[PathObject]:
        return rules.applied(self.objects.values(), lambda: self.facts.calibration)

    def source(self, key: str, drawn: Sequence[PathObject], classes: ClassTable) -> AnnotatedSlide:
        labels = LabelSource(drawn, classes, self.facts.size_l0)
        name = self.ref.path.name
        return AnnotatedSlide(key, name, self.ref, labels, self.facts, identity=self.identity)


class QuickSession:
    """What is drawn on several images, and a head that was fitted to it.

    The penalty is chosen anew only when there is a class or an image more or less.

    Args:
        config: of a run of family ``probe``; None: its defaults.
        say: told what a person may want to know.
    """

    def __init__(
        self, config: TrainConfig | None = None, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.config = config or TrainConfig.load(overrides=[f"family={FeatureProbe.family}"])
        self._say = say
        self._device = str(choose_device(self.config.device, say))
        self._images: dict[str, _Image] = {}
        self._order: list[str] = []
        self._making: Making | None = None
        self._known: tuple[tuple[Any, ...], tuple[float, float]] | None = None
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
        started = time.perf_counter()
        for key, ref in (slides or {}).items():
            self._meet(key, ref)
        for key, ids in (removed or {}).items():
            for one in ids:
                self._image(key).objects.pop(one, None)
        for key, features in added.items():
            objects = objects_from_geojson(list(features))
            self._image(key).objects.update({o.id: o for o in objects})
        self.head = self._learn(started)
        return self.head

    def _meet(self, key: str, ref: SlideRef) -> None:
        known = self._images.get(key)
        if known is None or known.ref != ref:
            with ref.open() as slide:
                facts, identity = SlideFacts.of(slide), slide.identity
            objects = {} if known is None else known.objects
            self._images[key] = _Image(ref, facts, identity, objects)

    def _image(self, key: str) -> _Image:
        if key not in self._images:
            raise TrainingError(f"{key}: its slide was never named; send it along in slides")
        return self._images[key]

    def _learn(self, started: float) -> Head:
        every_drawn = {k: i.drawn(self.config.labels) for k, i in self._images.items()}
        drawn = {k: objects for k, objects in every_drawn.items() if class_names_in(objects)}
        classes = self._classes_of(drawn.values())
        if len(classes) < 2:
            raise TrainingError(
                "draw areas of at least two classes, then there is something to tell apart",
                code="nothing_annotated",
            )
        making = self._made_for(len(classes))
        before = making.cache.misses
        sources = [self._images[k].source(k, objects, classes) for k, objects in drawn.items()]
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
            card=ModelCard.describe(making.model, classes),
            cells=int(table.plain.sum()),
            computed=making.cache.misses - before,
            seconds=time.perf_counter() - started,
        )

    def _classes_of(self, images: Iterable[Sequence[PathObject]]) -> ClassTable:
        """All that are drawn, in the order in which they were drawn first."""
        drawn = {c.name: c for objects in images for c in class_names_in(objects)}
        self._order = [*self._order, *(n for n in drawn if n not in self._order)]
        return ClassTable.of(drawn[n] for n in self._order if n in drawn)

    def _made_for(self, n_classes: int) -> Making:
        """How features are made; a network for another number of classes keeps the encoder."""
        if self._making is not None and self._making.model.n_classes == n_classes:
            return self._making
        model = build_model(FeatureProbe.family, **{**self.config.model, "n_classes": n_classes})
        assert isinstance(model, FeatureProbe)
        if self._making is None:
            weights = self.config.backbone_weights
            model.load_backbone("imagenet" if weights in (None, "auto") else weights, self._say)
            cache = FeatureCache(
                most_bytes=self.config.probe.cache_mb * 2**20, memory_bytes=_MEMORY
            )
            features = identity_of_features(model)
        else:
            model.encoder = self._making.model.encoder
            cache, features = self._making.cache, self._making.features
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

    def forget(self) -> None:
        """Give back room on the disk that nobody has used for long."""
        if self._making is not None:
            self._making.cache.trim()
