"""How much of each class lies in each region: what predictions are for.

In: annotations and predicted objects. Out: areas by class within each parent annotation, as a
table.

Uses: annotations, evaluation, projects.
"""

from hookpath.measurements.class_areas import Measured, Parent
from hookpath.measurements.measurement_table import write_table
from hookpath.measurements.project_measurement import measure_project

__all__ = ["Measured", "Parent", "measure_project", "write_table"]
