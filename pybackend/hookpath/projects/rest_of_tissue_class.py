"""Slides on which everything of interest is annotated: the rest of their tissue is a class, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field, field_validator
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import (
    ClassTable,
    PathClass,
    PathObject,
    area_of,
    class_names_in,
    is_hand_drawn,
    is_unconfirmed,
    is_usable_class,
    keep_area,
    plain_class_name,
    says_something,
    vectorize,
)
from hookpath.projects.project_protocol import ImageEntry
from hookpath.slides import Slide, TissueRule, tissue_mask

REST_KEY = "hookpath.rest"
"""Image metadata: the class of what is not annotated on this slide; `NO_REST`: that is unknown."""

NO_REST = "none"
"""Value of `REST_KEY`: what is not annotated on this slide is unknown."""


class Rest(BaseModel):
    """What undrawn tissue is.

    An image's own ``hookpath.rest`` metadata wins over `class_name`, and holds for a slide with
    nothing annotated on it, too (all of its tissue is the rest).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    class_name: str | None = Field(
        default=None,
        min_length=1,
        description="class of the undrawn tissue on slides where something is annotated; "
        "none: unknown, unless image metadata `hookpath.rest` says so",
    )
    tissue: TissueRule = Field(
        default="generous", description="what tissue is: `generous`, or by `saturation` as H2G-Net"
    )

    @field_validator("class_name")
    @classmethod
    def _none_is_unknown(cls, name: str | None) -> str | None:
        name = name if name is None else plain_class_name(name)
        if name is not None and not is_usable_class(name):
            raise ValueError(
                "Region* and the like mark regions and are no classes; name another one"
            )
        return None if name is not None and name.lower() == NO_REST else name

    def class_of(self, entry: ImageEntry, annotated: Sequence[PathObject]) -> str | None:
        """The class of undrawn tissue on an image; None: it is unknown."""
        marked = plain_class_name(entry.metadata.get(REST_KEY, ""))
        if marked:
            return None if marked.lower() == NO_REST else marked
        return self.class_name if class_names_in(annotated) else None

    def completed(self, entry: ImageEntry, annotated: Sequence[PathObject]) -> list[PathObject]:
        """What is annotated, and after it the rest, as if annotated (if it is of a class).

        Raises:
            SlideError: the slide cannot be read.
            MissingSpacingError: µm/px is unknown.
        """
        name = self.class_of(entry, annotated)
        if name is None:
            return list(annotated)
        with entry.slide.open() as slide:
            return with_rest(slide, annotated, name, self.tissue)


def with_rest(
    slide: Slide, annotated: Sequence[PathObject], name: str, rule: TissueRule = "generous"
) -> list[PathObject]:
    """The annotations, and after them the undrawn tissue (if any is left) as area of class `name`.

    Raises:
        SlideError: the slide cannot be read.
        MissingSpacingError: µm/px is unknown.
    """
    area = undrawn_tissue(slide, annotated, rule)
    found = [] if area is None else [PathObject(area, path_class=PathClass(name))]
    return [*annotated, *found]


def undrawn_tissue(
    slide: Slide, annotated: Sequence[PathObject], rule: TissueRule = "generous"
) -> BaseGeometry | None:
    """The tissue (`tissue_mask`) without what anybody drew, in level-0 px; None if none is left.

    Areas that are marked as unknown are not the rest. Areas without a class and ``Region*`` only
    frame something.
    """
    mask = tissue_mask(slide, rule=rule)
    pieces = vectorize(
        mask.mask.astype(np.uint8),
        ClassTable.of([PathClass("Tissue")]),
        mask.downsample,
        size_l0=(slide.width_l0, slide.height_l0),
    )
    areas = [area_of(obj.geometry)[0] for obj in annotated if _is_known(obj)]
    # Pieces share no more than corners: no union is needed, which would take seconds.
    parts = shapely.get_parts([piece.geometry for piece in pieces])
    tissue = MultiPolygon([part for part in parts if isinstance(part, Polygon)])
    known = shapely.union_all([area for area in areas if area is not None])
    return keep_area(tissue.difference(known))


def _is_known(obj: PathObject) -> bool:
    name = obj.path_class.name if obj.path_class else None
    return says_something(name) and (is_hand_drawn(obj) or is_unconfirmed(obj))
