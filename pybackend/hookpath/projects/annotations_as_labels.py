"""What is annotated on an image, as it is learned from."""

from __future__ import annotations

from collections.abc import Sequence

from hookpath.annotations import LabelRules, PathObject
from hookpath.projects.project_protocol import ImageEntry


def as_labels(
    entry: ImageEntry, objects: Sequence[PathObject], rules: LabelRules
) -> list[PathObject]:
    """The objects of an image by the rules; where µm/px is unknown, lines stay lines.

    Raises:
        SlideError: a line is to be widened, and the slide cannot be read.
    """
    return rules.applied(objects, lambda: entry.description.calibration)
