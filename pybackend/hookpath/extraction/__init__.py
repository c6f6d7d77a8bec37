"""Patches cut out of slides into image files, with a table of what they are.

In: projects and a configuration. Out: image patches, label masks, a table of magnification and
place.

Uses: annotations, conversion, geometry, locking, projects, slides.
"""

from hookpath.extraction.extraction_config import ExtractConfig, Magnification
from hookpath.extraction.extraction_record import SlideRecord
from hookpath.extraction.patch_selection import Patch, plan_patches
from hookpath.extraction.project_extraction import ExtractReport, extract_projects

__all__ = [
    "ExtractConfig",
    "ExtractReport",
    "Magnification",
    "Patch",
    "SlideRecord",
    "extract_projects",
    "plan_patches",
]
