"""What a run makes of annotations before it learns from them: lines as areas, classes folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, field_validator
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry

from hookpath.annotations.class_names import plain_class_name
from hookpath.annotations.classes import base_class
from hookpath.annotations.objects import PathClass, PathObject
from hookpath.annotations.polygon_repair import dimension_of
from hookpath.annotations.sparse_labels.usable_annotations import is_hand_drawn
from hookpath.geometry import Calibration


class LabelRules(BaseModel):
    """How annotations become labels; the defaults change nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line_width_um: float | None = Field(
        default=None,
        gt=0,
        le=10_000,
        description="lines and points are areas of this width (diameter) in µm; none: they are "
        "not learned from",
    )
    fold_derived: bool = Field(
        default=False,
        description="derived classes (`Tumor: Positive`) count as their base class (`Tumor`)",
    )

    rename: dict[str, str] = Field(
        default_factory=dict,
        description='classes that count as another: `{"Non-tumor" = "Other"}`; derived ones by '
        "their whole name, before they are folded",
    )

    @field_validator("rename")
    @classmethod
    def _names(cls, value: dict[str, str]) -> dict[str, str]:
        plain = {plain_class_name(a): plain_class_name(b) for a, b in value.items()}
        if not all(plain) or not all(plain.values()):
            raise ValueError("a class has a name on both sides")
        return plain

    def unused_names(self, written: Iterable[str]) -> list[str]:
        """One line for each class that is to count as another and that nobody drew.

        Args:
            written: the classes as they were drawn.
        """
        drawn = sorted(set(written))
        there = ", ".join(map(repr, drawn)) or "none"
        return [
            f"class {old!r}, which is to count as {new!r}, is annotated on none of these images; "
            f"there are: {there}"
            for old, new in self.rename.items()
            if old not in drawn
        ]

    def applied(
        self, objects: Iterable[PathObject], calibration: Callable[[], Calibration | None]
    ) -> list[PathObject]:
        """The objects as they are learned from; what is not a person's annotation stays.

        Args:
            calibration: of level 0, asked for only where a line or a point needs it.
        """
        found = [self._named(o) for o in objects]
        if self.line_width_um is None or not any(map(_is_thin, found)):
            return found
        pixel = calibration()
        if pixel is None:
            return found
        return [_widened(o, self.line_width_um, pixel) if _is_thin(o) else o for o in found]

    def _named(self, o: PathObject) -> PathObject:
        if o.path_class is None or not is_hand_drawn(o):
            return o
        name = self.rename.get(o.path_class.name, o.path_class.name)
        name = base_class(name) if self.fold_derived else name
        # The colour is the old class's: the new one has its own elsewhere.
        return o if name == o.path_class.name else replace(o, path_class=PathClass(name))


def _is_thin(o: PathObject) -> bool:
    return dimension_of(o.geometry) in (0, 1) and is_hand_drawn(o)


def _widened(o: PathObject, width_um: float, pixel: Calibration) -> PathObject:
    return replace(o, geometry=buffered(o.geometry, width_um, pixel))


def buffered(geometry: BaseGeometry, width_um: float, pixel: Calibration) -> BaseGeometry:
    """A line of this width with round ends, a point as a disc of this diameter; level-0 px."""
    aspect = pixel.mpp_y / pixel.mpp_x
    square = scale(geometry, 1.0, aspect, origin=(0, 0))
    area = square.buffer(width_um / pixel.mpp_x / 2, quad_segs=16)
    return scale(area, 1.0, 1 / aspect, origin=(0, 0))
