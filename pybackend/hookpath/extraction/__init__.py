"""Patches cut out of slides into image files, with a table of what they are."""

from hookpath.extraction.config import ExtractConfig, Magnification
from hookpath.extraction.extract import ExtractReport, extract_projects
from hookpath.extraction.patches import Patch, plan_patches
from hookpath.extraction.record import SlideRecord

__all__ = [
    "ExtractConfig",
    "ExtractReport",
    "Magnification",
    "Patch",
    "SlideRecord",
    "extract_projects",
    "plan_patches",
]
