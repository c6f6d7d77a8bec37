"""Which patches a slide gives: the grids, and what enough tissue or label is.

Grids and concentric tuples as in *Multi_Scale_Tools* (Marini et al. 2021), section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hookpath.annotations import IGNORE, LabelSource
from hookpath.extraction.extraction_config import ExtractConfig, Magnification
from hookpath.geometry import Region
from hookpath.slides import Slide, TissueMask

#: Shares of labels are counted on a raster of at most this many px along a patch's side.
SHARE_RASTER = 64


@dataclass(frozen=True)
class Patch:
    """One patch to cut out.

    Attributes:
        centre: number of the tuple (or patch of the grid) on its slide.
        magnification: see `Magnification`.
        region: where it lies.
        tissue: share of tissue; None: nobody looked.
        label, label_share: commonest class and its share, "" where it is not enough.
        centre_label: label of the finest patch of the tuple.
    """

    centre: int
    magnification: Magnification
    region: Region
    tissue: float | None
    label: str
    label_share: float
    centre_label: str

    @property
    def mask_name(self) -> str:
        """``10x_labels/000012_x4096_y512.png``."""
        folder, _, name = self.file_name("png").partition("/")
        return f"{folder}_labels/{name}"

    def file_name(self, suffix: str) -> str:
        """``10x/000012_x4096_y512.png``."""
        x, y = round(self.region.x_l0), round(self.region.y_l0)
        return f"{self.magnification.name}/{self.centre:06d}_x{x}_y{y}.{suffix}"


def plan_patches(
    slide: Slide, labels: LabelSource, tissue: TissueMask | None, config: ExtractConfig
) -> list[Patch]:
    """All patches of a slide, tuple by tuple, row by row.

    Patches of a grid lie wholly on the slide (as do the finest of a tuple); coarser ones of a
    tuple may reach beyond, where they are white.

    Args:
        slide: for its size and µm/px.
        labels: what people drew.
        tissue: None: no patch is asked for tissue.
        config: what to extract.

    Raises:
        MissingSpacingError: µm/px is unknown.
    """
    rule = _Rule(labels, tissue, config)
    tuples = [config.by_fineness]
    if config.mode == "grid":
        tuples = [(magnification,) for magnification in config.by_fineness]
    found: list[Patch] = []
    number = 0
    for finest, *coarser in tuples:
        for place in grid(slide, finest, config):
            patch = rule.judged(replace(place, centre=number))
            if rule.keeps(patch):
                number += 1
                patch = replace(patch, centre_label=patch.label)
                found += [patch, *(rule.about(patch, m, slide) for m in coarser)]
    return found


def nearest(
    slide: Slide, labels: LabelSource, tissue: TissueMask | None, config: ExtractConfig
) -> str:
    """Why a slide gives no patch, in words: how many places there are, and how near one comes."""
    finest = config.by_fineness[0]
    places = list(grid(slide, finest, config))
    if not places:
        return f"the slide is smaller than one patch of {config.size} px at {finest.name}"
    if config.where == "labels":
        if not labels.polygons:
            return "nothing is annotated on it"
        free = _Rule(labels, tissue, replace(config, label_share=0.0, tissue_share=0.0))
        share = max(free.judged(place).label_share for place in places)
        what, wanted, option = "of one class", config.label_share, "--label-share"
    else:
        shares = [tissue.fraction(p.region.bounds_l0) if tissue else 0.0 for p in places]
        share, what, wanted, option = max(shares), "tissue", config.tissue_share, "--tissue-share"
    # As many digits as tell them apart.
    digits = next((n for n in range(3) if f"{share:.{n}%}" != f"{wanted:.{n}%}"), 3)
    return (
        f"of {len(places)} places none has {wanted:.{digits}%} {what}, the best has "
        f"{share:.{digits}%}; try a smaller --size or {option}"
    )


def grid(slide: Slide, magnification: Magnification, config: ExtractConfig) -> Iterator[Patch]:
    """Patches row by row, the first in the slide's corner."""
    dx, dy = slide.calibration.downsample(magnification.spacing_um)
    for row in range(_count(slide.height_l0 / dy, config)):
        for column in range(_count(slide.width_l0 / dx, config)):
            x_l0, y_l0 = column * config.step * dx, row * config.step * dy
            region = Region(x_l0, y_l0, config.size, config.size, dx, dy)
            yield Patch(0, magnification, region, None, "", 0.0, "")


def _count(length_out: float, config: ExtractConfig) -> int:
    """How many patches fit into a length in output px (a hair of a px may be missing)."""
    return max(0, int((length_out - config.size + 0.01) // config.step) + 1)


class _Rule:
    """What is tissue and what label, and whether that is enough."""

    def __init__(
        self, labels: LabelSource, tissue: TissueMask | None, config: ExtractConfig
    ) -> None:
        self._labels, self._tissue, self._config = labels, tissue, config

    def judged(self, patch: Patch) -> Patch:
        """With its shares; without labels if there is too little tissue anyway."""
        tissue = self._tissue.fraction(patch.region.bounds_l0) if self._tissue else None
        patch = replace(patch, tissue=tissue)
        if not self._has_tissue(patch):
            return patch
        label, share = self._label(patch.region)
        return replace(patch, label=label, label_share=share)

    def keeps(self, patch: Patch) -> bool:
        """Whether it is wanted."""
        if self._config.where == "labels":
            return bool(patch.label)
        return self._has_tissue(patch)

    def about(self, centre: Patch, magnification: Magnification, slide: Slide) -> Patch:
        """The patch of a coarser magnification about the same centre."""
        downsample = slide.calibration.downsample(magnification.spacing_um)
        size = self._config.size
        region = Region.centred(*centre.region.centre_l0, size, size, downsample)
        tissue = self._tissue.fraction(region.bounds_l0) if self._tissue else None
        label, share = self._label(region)
        return Patch(
            centre.centre, magnification, region, tissue, label, share, centre.centre_label
        )

    def _has_tissue(self, patch: Patch) -> bool:
        if self._config.where != "tissue" or patch.tissue is None:
            return True
        return patch.tissue > 0 and patch.tissue >= self._config.tissue_share

    def _label(self, region: Region) -> tuple[str, float]:
        names = self._labels.classes.names
        side = min(region.width, SHARE_RASTER)
        scale = region.width / side
        coarse = replace(
            region,
            width=side,
            height=side,
            downsample_x=region.downsample_x * scale,
            downsample_y=region.downsample_y * scale,
        )
        counts = np.bincount(self._labels.rasterize(coarse).ravel(), minlength=len(names) + 1)
        counts[IGNORE] = 0
        best = int(counts.argmax())
        share = float(counts[best]) / side**2
        if not counts[best] or share < self._config.label_share:
            return "", share
        return names[best - 1], share
