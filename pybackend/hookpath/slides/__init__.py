"""WSI reading at any µm/px."""

from hookpath.slides.base import Level, Slide, SlideRef
from hookpath.slides.opening import open_slide

__all__ = ["Level", "Slide", "SlideRef", "open_slide"]
