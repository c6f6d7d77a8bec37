"""Annotated slides: what patches are drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from hookpath.annotations import ClassTable, LabelPolygon, LabelSource, PathObject
from hookpath.annotations.object_planes import FIRST
from hookpath.errors import AnnotationError
from hookpath.geometry import Calibration
from hookpath.projects.project_protocol import ImageEntry
from hookpath.slides import Level, Slide, SlideIdentity, SlideRef
from hookpath.slides.channels import RGB_CHANNELS, Channel
from hookpath.slides.recolored_slide import RecolouredSlide, Recolouring


@dataclass(frozen=True)
class SlideFacts:
    """What placing a patch needs to know of a slide, without holding it open."""

    levels: tuple[Level, ...]
    calibration: Calibration
    channels: tuple[Channel, ...] = RGB_CHANNELS
    is_rgb: bool = True

    @classmethod
    def of(cls, slide: Slide) -> SlideFacts:
        """Facts of an open slide.

        Raises:
            MissingSpacingError: µm/px is unknown.
        """
        return cls(slide.levels, slide.calibration, slide.channels, slide.is_rgb)

    @property
    def size_l0(self) -> tuple[int, int]:
        """(width, height) in level-0 pixels."""
        return self.levels[0].width, self.levels[0].height


@dataclass(frozen=True)
class AnnotatedSlide:
    """A slide and its annotated labels; picklable, holds nothing open.

    `facts` and `identity` spare opening the slide again; None: it is opened when they are needed.
    `metadata` is the image's, as the project has it. `stain`: what its pixels are recoloured by
    when patches of it are read; None: nothing.
    """

    id: str
    name: str
    slide: SlideRef
    labels: LabelSource
    facts: SlideFacts | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    stain: Recolouring | None = None
    identity: SlideIdentity | None = None

    @property
    def n_channels(self) -> int:
        """Channels that a network sees of it."""
        return len(self.slide.channels) or len(RGB_CHANNELS)

    def open(self) -> Slide:
        """The slide as a network is to see it.

        Raises:
            SlideError: the slide cannot be opened.
        """
        slide = self.slide.open()
        return slide if self.stain is None else RecolouredSlide(slide, self.stain)

    def read_facts(self) -> SlideFacts:
        """The facts, from the slide itself if need be.

        Raises:
            SlideError: the slide cannot be opened.
            MissingSpacingError: µm/px is unknown.
        """
        if self.facts is not None:
            return self.facts
        with self.slide.open() as slide:
            return SlideFacts.of(slide)

    def read_identity(self) -> SlideIdentity:
        """Which slide it is (whatever its stain), from the slide itself if need be.

        Raises:
            SlideError: the slide cannot be opened.
        """
        return self.slide.identity() if self.identity is None else self.identity

    @property
    def polygons(self) -> tuple[LabelPolygon, ...]:
        """Area objects with a class of the table."""
        return self.labels.polygons


def load_source(
    entry: ImageEntry, objects: Iterable[PathObject], classes: ClassTable
) -> AnnotatedSlide:
    """Open an entry once and take what people drew on it.

    Only annotations made by hand count (see `LabelSource`): a model must not learn from predictions
    that nobody has accepted. Where there are no classes to learn, nothing needs to be annotated.

    Raises:
        SlideError: the slide cannot be opened.
        MissingSpacingError: µm/px is unknown.
        AnnotationError: nothing is annotated with one of the classes, or all of it off the slide.
    """
    ref = entry.slide
    if classes.names and ref.plane is None:
        ref = replace(ref, plane=FIRST)  # what nobody says of a drawing
    with ref.open() as slide:
        facts, identity = SlideFacts.of(slide), slide.identity
    labels = LabelSource(objects, classes, slide_size=facts.size_l0)
    if not classes.names:
        return AnnotatedSlide(entry.id, entry.name, ref, labels, facts, identity=identity)
    if not labels.polygons and labels.report.count("off_slide"):
        raise AnnotationError(
            f"{entry.name}: its annotations lie off the slide; check that they belong to this "
            "image",
            code="nothing_annotated",
        )
    if not labels.polygons:
        raise AnnotationError(
            f"{entry.name}: no area annotation of the classes {', '.join(classes.names)}; "
            "draw some, or leave the image out",
            code="nothing_annotated",
        )
    metadata = dict(entry.metadata)
    return AnnotatedSlide(entry.id, entry.name, ref, labels, facts, metadata, identity=identity)
