"""Other programs' annotations: ASAP and ImageScope XML and label masks ↔ QuPath's GeoJSON.

In: annotation files of any known format. Out: one file per slide in another format, whole or not at
all.

Uses: annotations, geometry, locking, markup, projects, slides.
"""

from hookpath.conversion.file_conversion import (
    ConvertConfig,
    Converted,
    ConvertReport,
    convert_files,
)
from hookpath.conversion.input_formats import Target, source_format
from hookpath.conversion.label_mask_conversion import MaskWriter, mask_downsample, read_mask
from hookpath.conversion.mask_value_table import ClassValues, read_class_values, write_class_values
from hookpath.markup.asap import read_asap, write_asap
from hookpath.markup.imagescope import read_imagescope, write_imagescope
from hookpath.markup.reading_notes import Found

__all__ = [
    "ClassValues",
    "ConvertConfig",
    "ConvertReport",
    "Converted",
    "Found",
    "MaskWriter",
    "Target",
    "convert_files",
    "mask_downsample",
    "read_asap",
    "read_class_values",
    "read_imagescope",
    "read_mask",
    "source_format",
    "write_asap",
    "write_class_values",
    "write_imagescope",
]
