"""Slides recoloured as the training slides were, for models that were trained on such."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pydantic import TypeAdapter, ValidationError
from shapely.geometry.base import BaseGeometry

from hookpath.errors import ModelFolderError
from hookpath.inference.predictor_protocol import Predictor, Wrapped, WrappedJob
from hookpath.inference.roi.tissue_tiles import Tissue
from hookpath.models import ModelCard
from hookpath.models.storage.model_folder import STAIN_KEY
from hookpath.sampling.stain_profiles import StainProfile, recolouring_of
from hookpath.slides import Slide
from hookpath.slides.recolored_slide import RecolouredSlide


def stain_target(card: ModelCard) -> StainProfile | None:
    """What the model's training slides were recoloured to; None: they were not.

    Raises:
        ModelFolderError: the card says it in a way that cannot be understood.
    """
    found = card.normalisation.get(STAIN_KEY)
    if found is None:
        return None
    try:
        target: StainProfile = TypeAdapter(StainProfile).validate_python(found)
        return target
    except ValidationError as error:
        raise ModelFolderError(
            f"model.json: normalisation.{STAIN_KEY} is not valid ({error.errors()[0]['msg']}); "
            "copy the model folder again, or update hookpath"
        ) from error


def seen(slide: Slide, target: StainProfile | None) -> Slide:
    """A slide as a network sees it that was trained on slides recoloured to `target`."""
    found = None if target is None else recolouring_of(slide, target)
    return slide if found is None else RecolouredSlide(slide, found)


class StainedSlides(Wrapped):
    """A `Predictor` that shows another one every slide in the stains of its training slides.

    Each slide is measured once, before its first pixel; then every pixel goes through the same
    function, so what is exact of the other predictor stays exact.
    """

    def __init__(self, of: Predictor, target: StainProfile) -> None:
        super().__init__(of)
        self.target = target

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> WrappedJob:
        """Plan one slide; tissue is looked for in its own colours."""
        found = cache(lambda: recolouring_of(slide, self.target))

        def recoloured(slides: Sequence[Slide]) -> Sequence[Slide]:
            recolouring = found()
            return (
                slides if recolouring is None else [RecolouredSlide(s, recolouring) for s in slides]
            )

        return WrappedJob(self.of.job(slide, inside, tissue), recoloured)
