"""One slide as a picture, with what was drawn or predicted on it: for a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hookpath.annotations import ClassTable, LabelSource, class_names_in
from hookpath.evaluation.plotting.overlay_drawing import add_scale_bar
from hookpath.evaluation.plotting.overlay_drawing import overlay as blended
from hookpath.evaluation.predictions.class_map_source import Labels, PredictedMap
from hookpath.evaluation.predictions.prediction_folder import PredictionsFolder
from hookpath.evaluation.report.slide_views import LONGEST, labels_in, read_view
from hookpath.geometry import Region
from hookpath.projects import ImageEntry, teaching_objects
from hookpath.slides.rgb_rendering import as_rgb

if TYPE_CHECKING:
    from PIL import Image


def overlay(
    image: ImageEntry,
    prediction: Path | str | PredictedMap | None = None,
    longest: int = LONGEST,
    alpha: float = 0.4,
) -> Image.Image:
    """A whole slide in the colours of its classes.

    Args:
        image: of a project.
        prediction: what to lay over it: a folder of `hookpath.inference.predict_project`, or a
            class map; None: what people drew.
        longest: px along the longer side.
        alpha: share of the class colour, 0…1.

    Returns:
        A PIL picture, which notebooks show.

    Raises:
        SlideError, ProjectError: the slide cannot be read.
        EvaluationError: the image was not predicted.
    """
    from PIL import Image

    with as_rgb(image.slide.open()) as slide:
        downsample = max(1.0, max(slide.width_l0, slide.height_l0) / longest)
        width, height = (max(1, round(n / downsample)) for n in (slide.width_l0, slide.height_l0))
        view = Region(0, 0, width, height, slide.width_l0 / width, slide.height_l0 / height)
        picture = read_view(slide, view)
        spacing_um = view.downsample_x * slide.calibration.mpp_x
    if prediction is None:
        annotated = teaching_objects(image)
        classes = ClassTable.of(class_names_in(annotated))
        labels = LabelSource(annotated, classes).rasterize(view)
    else:
        labels, classes = _predicted(image, prediction, view)
    tinted = blended(picture, labels, classes.colors, alpha, 1 + width // 700)
    return Image.fromarray(add_scale_bar(tinted, spacing_um))


def _predicted(
    image: ImageEntry, prediction: Path | str | PredictedMap, view: Region
) -> tuple[Labels, ClassTable]:
    if not isinstance(prediction, str | Path):
        return labels_in(prediction, view), prediction.classes
    found = PredictionsFolder(Path(prediction))(image)
    try:
        return labels_in(found, view), found.classes
    finally:
        found.close()
