"""How much of each class lies in each region: what predictions are for."""

from hookpath.measuring.measured import Measured, Parent
from hookpath.measuring.project import measure_project
from hookpath.measuring.table import write_table

__all__ = ["Measured", "Parent", "measure_project", "write_table"]
