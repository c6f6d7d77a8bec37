"""Which µm/px holds for an image: the project's, the file's, or one that a person gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hookpath.errors import HookpathError
from hookpath.geometry import Calibration
from hookpath.projects.project_protocol import ImageEntry, Project
from hookpath.slides.slide_base import SlideRef
from hookpath.slides.slide_identity import same_spacing, spacing_text


@dataclass(frozen=True)
class GivenSpacing:
    """µm/px that a person gave for all images of a project.

    Attributes:
        assumed: for images of which neither the project nor the file says it (``--mpp``).
        overruling: for all images, whatever project and file say (``--override-mpp``).
    """

    assumed: float | None = None
    overruling: float | None = None

    def reference(self, path: Path, own: Calibration | None, crop_to_bounds: bool) -> SlideRef:
        """How to open a slide of which the project says `own`."""
        assumed, overruling = (
            None if value is None else Calibration.square(value)
            for value in (self.assumed, self.overruling)
        )
        return SlideRef(path, own, crop_to_bounds, assumed, overruling)


def spacing_remarks(project: Project) -> Iterator[str]:
    """One line for each image whose µm/px is another than the one that a person gave.

    Images that cannot be opened are left to the code that needs them.
    """
    for entry in project.images:
        try:
            remark = _remark(entry)
        except HookpathError:
            continue
        if remark:
            yield f"{entry.name}: {remark}"


def _remark(entry: ImageEntry) -> str:
    reference = entry.slide
    whose, stated = "the file's", entry.description.file_calibration
    if reference.calibration:
        whose, stated = "the project's", reference.calibration
    if stated is None:
        return ""
    if reference.overruling and not _same(stated, reference.overruling):
        return (
            f"µm/px is {reference.overruling.mpp:.4g} by --override-mpp, not {whose} {_of(stated)}"
        )
    if reference.assumed and not reference.overruling and not _same(stated, reference.assumed):
        return (
            f"µm/px is {whose} {_of(stated)}; --mpp {reference.assumed.mpp:.4g} only fills in what "
            "is missing (--override-mpp overrules)"
        )
    return ""


def _of(calibration: Calibration) -> str:
    return spacing_text((calibration.mpp_x, calibration.mpp_y))


def _same(a: Calibration, b: Calibration) -> bool:
    return same_spacing((a.mpp_x, a.mpp_y), (b.mpp_x, b.mpp_y))
