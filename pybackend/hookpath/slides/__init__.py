"""WSI reading at any µm/px.

In: any file that we, OpenSlide, fastslide or QuPath open. Out: pixels of any region at any µm/px
and of any channels; tissue masks; pyramidal TIFF.

Uses: geometry, jvm.
"""

from hookpath.slides.prediction_map_reader import MapReader, open_map
from hookpath.slides.reader_selection import open_slide
from hookpath.slides.slide_base import Level, Slide, SlideRef
from hookpath.slides.slide_description import SlideDescription
from hookpath.slides.slide_identity import SlideIdentity
from hookpath.slides.tissue_detection import TISSUE_GROWTH_UM, TissueMask, TissueRule, tissue_mask
from hookpath.slides.writing.pyramid_writer import PyramidWriter

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
