"""Which of the files in a folder are slides, where a slide is several files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hookpath.slides.dicom_series import whole_series
from hookpath.slides.multi_file_slide_parts import parts_among
from hookpath.slides.ngff_metadata import is_ome_zarr as is_ome_zarr
from hookpath.slides.readers.fastslide_reader import looks_readable as looks_readable
from hookpath.slides.readers.fastslide_reader import missing_reader as missing_reader


def slides_among(paths: Iterable[Path]) -> dict[Path, tuple[Path, ...]]:
    """The file to open for each slide, with the others of its files that could be opened instead.

    A DICOM series is one slide (its largest level stands for it); image files that a Hamamatsu
    index (``.vms``, ``.vmu``) lists are none.

    Args:
        paths: files of one folder whose names look like slides'.
    """
    paths = sorted(paths)
    parts = parts_among(paths)
    dicom = [p for p in paths if p.suffix.lower() == ".dcm"]
    found: dict[Path, tuple[Path, ...]] = {p: () for p in paths if p not in parts}
    if len(dicom) > 1:
        whole = whole_series(dicom)
        found = {p: whole.get(p, ()) for p in found if p not in dicom or p in whole}
    return found
