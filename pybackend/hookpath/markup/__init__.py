"""Other programs' XML: ASAP, Aperio ImageScope and HALO, regions to objects and back.

In: XML, bounded and without entities. Out: geometries with class names, and notes of what was left
out.

Uses: annotations.
"""

from hookpath.markup.asap import read_asap, write_asap
from hookpath.markup.imagescope import read_imagescope, write_imagescope
from hookpath.markup.reading_notes import Found, with_ids

__all__ = ["Found", "read_asap", "read_imagescope", "with_ids", "write_asap", "write_imagescope"]
