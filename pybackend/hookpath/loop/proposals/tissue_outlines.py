"""Tissue outlines by threshold, as annotations to be corrected (AN1).

Pedersen et al. 2022 (H2G-Net), section 2.1: QuPath's simple tissue detection with threshold 200,
pixel size 20 µm and minimum area 100 000 µm²; then the brush.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable, PathClass, PathObject, vectorize
from hookpath.events import SILENT, Reporter
from hookpath.geometry import Region
from hookpath.loop.proposals.smoothing import without_specks
from hookpath.loop.state.step_progress import report_failure
from hookpath.projects import ImageEntry, Problem, Project
from hookpath.projects.object_ownership import TISSUE_RUN
from hookpath.slides import Slide, TissueRule, tissue_mask

#: Black like this is what scanners fill gaps with.
_BLACK = 12
_STRIP_ROWS = 512
#: Outlines follow px so many times finer than those that were looked at; of at most so many px.
_FINER, _MOST_PX = 4, 48 * 2**20


@dataclass(frozen=True)
class TissueSettings:
    """How tissue is outlined.

    Attributes:
        threshold: grey value (mean of the channels) below which a px is tissue; None, and of images
            that are no RGB: as `rule` says.
        rule: of `hookpath.slides.tissue_detection`: ``generous`` finds the threshold on the slide
            itself, also on dark ground.
        spacing_um: µm per px at which is looked.
        min_area_um2: smaller pieces are dropped.
        max_hole_um2: smaller holes are filled.
        smooth_um: bumps and dents of about this size vanish.
        simplify_um: outlines may move by this much.
        class_name: of the annotations.
    """

    threshold: float | None = 200.0
    rule: TissueRule = "generous"
    spacing_um: float = 20.0
    min_area_um2: float = 100_000.0
    max_hole_um2: float = 100_000.0
    smooth_um: float = 40.0
    simplify_um: float = 10.0
    class_name: str = "Tissue"


@dataclass(frozen=True)
class TissueFound:
    """What one image got."""

    id: str
    name: str
    objects: int
    area_mm2: float


def outline_tissue(slide: Slide, settings: TissueSettings) -> list[PathObject]:
    """Unlocked annotations around the tissue of one slide.

    Raises:
        MissingSpacingError: µm/px is unknown.
        SlideError: the slide is damaged.
    """
    mask, downsample = _mask(slide, settings)
    px_um2 = slide.calibration.area_um2(downsample[0] * downsample[1])
    smooth = _smoothed(mask, settings.smooth_um / px_um2**0.5)
    finer = len(smooth) // len(mask)
    downsample = downsample[0] / finer, downsample[1] / finer
    px_um2 /= finer**2
    labels = without_specks(
        smooth.astype(np.uint8), settings.min_area_um2 / px_um2, settings.max_hole_um2 / px_um2
    )
    return vectorize(
        labels,
        ClassTable.of([PathClass(settings.class_name)]),
        downsample,
        simplify_l0=settings.simplify_um / slide.calibration.mpp,
        calibration=slide.calibration,
        size_l0=(slide.width_l0, slide.height_l0),
    )


def _mask(
    slide: Slide, settings: TissueSettings
) -> tuple[npt.NDArray[np.bool_], tuple[float, float]]:
    """Tissue px by px, and level-0 px per px."""
    if settings.threshold is None or not slide.is_rgb:
        found = tissue_mask(slide, settings.spacing_um, settings.rule)
        return found.mask, found.downsample
    dx, dy = (max(1.0, d) for d in slide.calibration.downsample(settings.spacing_um))
    columns = max(1, round(slide.width_l0 / dx))
    rows = max(1, round(slide.height_l0 / dy))
    dx, dy = slide.width_l0 / columns, slide.height_l0 / rows
    mask = np.zeros((rows, columns), bool)
    for top in range(0, rows, _STRIP_ROWS):
        height = min(_STRIP_ROWS, rows - top)
        rgb = slide.read(Region(0, top * dy, columns, height, dx, dy))
        grey = rgb.mean(axis=2)
        mask[top : top + height] = (grey < settings.threshold) & (grey > _BLACK)
    return mask, (dx, dy)


def _smoothed(mask: npt.NDArray[np.bool_], sigma_px: float) -> npt.NDArray[np.bool_]:
    """Without bumps, and on finer px where there is room: outlines have no steps then."""
    from scipy import ndimage

    if sigma_px <= 0:
        return mask
    blurred = ndimage.gaussian_filter(mask.astype(np.float32), sigma_px / 2, mode="nearest")
    finer = max(1, min(_FINER, int((_MOST_PX / mask.size) ** 0.5)))
    if finer > 1:
        blurred = ndimage.zoom(blurred, finer, order=1, mode="nearest", grid_mode=True)
    return np.asarray(blurred >= 0.5)


def tissue_in_project(
    project: Project,
    settings: TissueSettings,
    images: Sequence[ImageEntry] = (),
    reporter: Reporter = SILENT,
) -> tuple[list[TissueFound], list[Problem]]:
    """Outline the tissue of these images (none named: all) and write it into the project.

    Earlier outlines that nobody changed give way; results of predictions and a person's work stay.
    """
    entries = list(images) or list(project.images)
    done: list[TissueFound] = []
    problems: list[Problem] = []
    reporter.start("tissue", len(entries), "slide")
    with project.changes():
        for entry in entries:
            try:
                done.append(_outlined(entry, settings))
                reporter.result("tissue", vars(done[-1]))
            except Exception as error:  # one bad image must not stop the others
                problems.append(report_failure(entry, error, reporter))
            reporter.advance("tissue")
    reporter.finish("tissue")
    return done, problems


def _outlined(entry: ImageEntry, settings: TissueSettings) -> TissueFound:
    with entry.slide.open() as slide:
        found = outline_tissue(slide, settings)
        mm2 = slide.calibration.area_um2(sum(o.geometry.area for o in found)) * 1e-6
    entry.objects()
    entry.write(found, TISSUE_RUN, beside=True)
    return TissueFound(entry.id, entry.name, len(found), mm2)
