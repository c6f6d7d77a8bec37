"""WSI reading at any µm/px."""

from hookpath.slides.base import Level, Slide, SlideRef

__all__ = ["Level", "Slide", "SlideRef"]
