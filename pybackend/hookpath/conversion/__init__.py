"""Other programs' annotations: ASAP and ImageScope XML and label masks ↔ QuPath's GeoJSON."""

from hookpath.conversion.class_values import ClassValues, read_class_values, write_class_values
from hookpath.conversion.convert import ConvertConfig, Converted, ConvertReport, convert_files
from hookpath.conversion.formats import Target, source_format
from hookpath.conversion.mask import MaskWriter, mask_downsample, read_mask
from hookpath.markup.asap import read_asap, write_asap
from hookpath.markup.imagescope import read_imagescope, write_imagescope
from hookpath.markup.reading import Found

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
