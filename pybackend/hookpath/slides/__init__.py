"""WSI reading at any µm/px."""

from hookpath.slides.base import Level, Slide, SlideRef
from hookpath.slides.description import SlideDescription
from hookpath.slides.identity import SlideIdentity
from hookpath.slides.maps import MapReader, open_map
from hookpath.slides.opening import open_slide
from hookpath.slides.tissue import TISSUE_GROWTH_UM, TissueMask, TissueRule, tissue_mask
from hookpath.slides.writer import PyramidWriter

__all__ = [
    "TISSUE_GROWTH_UM",
    "Level",
    "MapReader",
    "PyramidWriter",
    "Slide",
    "SlideDescription",
    "SlideIdentity",
    "SlideRef",
    "TissueMask",
    "TissueRule",
    "open_map",
    "open_slide",
    "tissue_mask",
]
