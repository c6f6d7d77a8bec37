"""WSI reading at any µm/px."""

from hookpath.slides.base import Level, Slide, SlideRef
from hookpath.slides.opening import open_slide
from hookpath.slides.tissue import TissueMask, tissue_mask

__all__ = ["Level", "Slide", "SlideRef", "TissueMask", "open_slide", "tissue_mask"]
