"""The table of all regions of a project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hookpath.atomic_files import replace_text
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.measurements.project_measurement import ImageMeasured


def table_of(images: Sequence[ImageMeasured]) -> Table:
    """One line for every image and every region in it; two columns for every class.

    Where a class is measured on other images only, its area is 0.
    """
    names = list(dict.fromkeys(name for image in images for name in image.classes))
    columns = (f"{name} {unit}" for name in names for unit in ("mm2", "percent"))
    header = ["image", "region", "kind", "class", "id", "region_mm2", "covered_mm2",
              "covered_percent", *columns]  # fmt: skip
    rows = []
    for image in images:
        for m in image.measured:
            areas = {name: m.areas_mm2.get(name, 0.0) for name in names}
            shares = [100 * a / m.covered_mm2 if m.covered_mm2 else None for a in areas.values()]
            p = m.parent
            rows.append([
                image.name, p.name, p.kind, p.class_name, p.id, m.parent_mm2, m.covered_mm2,
                m.covered_percent,
                *(cell for pair in zip(areas.values(), shares, strict=True) for cell in pair),
            ])  # fmt: skip
    return Table(header, rows)


def write_table(images: Sequence[ImageMeasured], path: Path) -> None:
    """Write it as CSV, in the place of what is there.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, table_of(images).csv())
