"""µm ↔ pixel ↔ level arithmetic; pure functions and frozen dataclasses.

Frames, and the suffix a variable carries:

* ``_l0``  level-0 pixels of the slide *as its project sees it* (QuPath coordinates: after the
  crop to ``openslide.bounds-x/-y``). Continuous: pixel ``i`` covers ``[i, i + 1)``.
* ``_lv``  pixels of a pyramid level.
* ``_out`` pixels of an output grid at some µm/px ("spacing").
* ``_um``  micrometres.

Uses: no other room.
"""

from hookpath.geometry.branch import BranchSpec
from hookpath.geometry.overview import Overview
from hookpath.geometry.pixel_spacing import UM_AT_ONE, Calibration
from hookpath.geometry.region import Region

__all__ = ["UM_AT_ONE", "BranchSpec", "Calibration", "Overview", "Region"]
