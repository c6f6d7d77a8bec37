"""What a person has drawn so far, on any number of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hookpath.annotations import (
    ClassTable,
    LabelRules,
    LabelSource,
    PathObject,
    class_names_in,
    objects_from_geojson,
)
from hookpath.annotations.object_planes import Plane, plane_of, planes_of
from hookpath.errors import TrainingError
from hookpath.projects.confirmed_annotations import ProposedArea, teaching_parts
from hookpath.projects.object_ownership import claimed_by_people
from hookpath.sampling import AnnotatedSlide
from hookpath.sampling.annotated_slide import SlideFacts
from hookpath.sampling.channel_scales import measured_scales
from hookpath.slides import SlideIdentity, SlideRef
from hookpath.slides.channels import ChannelScale

Feature = Mapping[str, Any]
"""A parsed GeoJSON feature as QuPath writes it."""


#: Of each channel over the first image that is no RGB: what becomes 0 and 255.
_PERCENTILES = (0.1, 99.9)


@dataclass
class _Image:
    """`ref` as it was sent, `shown` as the network sees it.

    `identities` by plane; of an image of one plane, under None.
    """

    ref: SlideRef
    shown: SlideRef
    facts: SlideFacts
    identities: dict[Plane | None, SlideIdentity]
    is_stack: bool
    objects: dict[str, PathObject] = field(default_factory=dict)

    @property
    def planes(self) -> Sequence[Plane | None]:
        """Those with something on them; each teaches as an image of its own."""
        return planes_of(self.objects.values()) if self.is_stack else (None,)

    def annotated(self, plane: Plane | None, rules: LabelRules) -> list[PathObject]:
        """What teaches by the rule of `hookpath.projects.confirmed_annotations`, as labels."""
        here = [o for o in self.objects.values() if plane in (None, plane_of(o))]
        objects = teaching_parts(claimed_by_people(here), ProposedArea())
        return rules.applied(objects, lambda: self.facts.calibration)

    def source(
        self, key: str, plane: Plane | None, annotated: Sequence[PathObject], classes: ClassTable
    ) -> AnnotatedSlide:
        labels = LabelSource(annotated, classes, self.facts.size_l0)
        shown, name = self.shown, self.ref.path.name
        if plane is not None:
            shown, key = replace(shown, plane=plane), f"{key}@z{plane[0]}t{plane[1]}"
        if plane not in self.identities:
            self.identities[plane] = replace(self.ref, plane=plane).identity()
        identity = self.identities[plane]
        return AnnotatedSlide(key, name, shown, labels, self.facts, identity=identity)


class AnnotatedSlides:
    """What is annotated on several images; `revision` changes with it.

    The first image says what is learned from: RGB, or its channels, scaled as they are on it
    (`scales`). Images that are otherwise are refused.
    """

    def __init__(self) -> None:
        self.scales: tuple[ChannelScale, ...] = ()
        self.images: dict[str, _Image] = {}
        self.revision = 0
        self._order: list[str] = []

    def take(
        self,
        added: Mapping[str, Sequence[Feature]],
        removed: Mapping[str, Sequence[str]] | None = None,
        slides: Mapping[str, SlideRef] | None = None,
    ) -> None:
        """Arguments and errors: see `QuickSession.update`."""
        self.revision += 1
        for key, ref in (slides or {}).items():
            self._meet(key, ref)
        for key, ids in (removed or {}).items():
            for one in ids:
                self._image(key).objects.pop(one, None)
        for key, features in added.items():
            objects = objects_from_geojson(list(features))
            self._image(key).objects.update({o.id: o for o in objects})

    @property
    def names(self) -> list[str]:
        """File names of the slides that have annotations."""
        return [i.ref.path.name for i in self.images.values() if class_names_in(i.objects.values())]

    def _meet(self, key: str, ref: SlideRef) -> None:
        known = self.images.get(key)
        if known is None or known.ref != ref:
            with ref.open() as slide:
                facts, is_stack = SlideFacts.of(slide), slide.planes != (1, 1)
                identities = {slide.plane if is_stack else None: slide.identity}
            if not self.images and not facts.is_rgb:
                names = [channel.name for channel in facts.channels]
                self.scales = measured_scales([ref], names, _PERCENTILES, {})
            shown = self.shown(ref)
            shown.open().close()  # one that lacks a channel says so now
            objects = {} if known is None else known.objects
            self.images[key] = _Image(ref, shown, facts, identities, is_stack, objects)

    def shown(self, ref: SlideRef) -> SlideRef:
        """A slide as the network sees it."""
        return replace(ref, channels=self.scales, only_rgb=not self.scales)

    def _image(self, key: str) -> _Image:
        if key not in self.images:
            raise TrainingError(f"{key}: its slide was never named; send it along in slides")
        return self.images[key]

    def sources(self, rules: LabelRules) -> tuple[list[AnnotatedSlide], ClassTable]:
        """Slides (of stacks, planes) with something annotated, and all classes.

        The classes in the order they were annotated first.

        Raises:
            TrainingError: fewer than two classes.
        """
        planes = [(k, plane) for k, image in self.images.items() for plane in image.planes]
        every = {(k, plane): self.images[k].annotated(plane, rules) for k, plane in planes}
        annotated = {of: objects for of, objects in every.items() if class_names_in(objects)}
        found = {c.name: c for objects in annotated.values() for c in class_names_in(objects)}
        self._order = [*self._order, *(n for n in found if n not in self._order)]
        if len(found) < 2:
            raise TrainingError(
                "draw areas of at least two classes, then there is something to tell apart",
                code="nothing_annotated",
            )
        classes = ClassTable.of(found[n] for n in self._order if n in found)
        return [
            self.images[k].source(k, plane, objects, classes)
            for (k, plane), objects in annotated.items()
        ], classes
