"""The areas of an image that a prediction is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from hookpath.annotations import PathObject, is_hand_drawn
from hookpath.annotations.object_planes import plane_of
from hookpath.errors import PredictionError
from hookpath.inference.prediction_config import ALL_ANNOTATIONS
from hookpath.projects import ExchangeEntry, ImageEntry, PlaneEntry, own_entry


def planes_with_regions(planes: Sequence[ImageEntry], inside: str | None) -> list[ImageEntry]:
    """Of an image's planes those with areas to predict in; the first where there are none.

    That one then says so.
    """
    if inside is None or len(planes) == 1:
        return list(planes)
    return [plane for plane in planes if _regions(plane, inside)] or list(planes[:1])


def wanted_regions(entry: ImageEntry, inside: str | None) -> list[PathObject] | None:
    """The areas to predict in; None: everywhere.

    What a person drew of that class; predictions of earlier runs of ours do not count. Where a
    viewer handed over what is chosen there, all of it does, TMA cores too.
    """
    if inside is None:
        return None
    found = _regions(entry, inside)
    if not found:
        what = "area annotation" if inside == ALL_ANNOTATIONS else f"annotation of class {inside!r}"
        raise PredictionError(
            f"no {what} to predict in; draw one, or predict whole slides", code="nothing_annotated"
        )
    return found


def _regions(entry: ImageEntry, inside: str) -> list[PathObject]:
    own = own_entry(entry)
    if inside == ALL_ANNOTATIONS and isinstance(own, ExchangeEntry):
        handed = own.handed_over()
        if isinstance(entry, PlaneEntry):
            handed = [o for o in handed if plane_of(o) == entry.plane]
        wanted = [o for o in handed if o.object_type in ("annotation", "tmaCore")]
    else:
        annotated = (o for o in entry.objects() if is_hand_drawn(o))
        wanted = [o for o in annotated if inside in (ALL_ANNOTATIONS, _class_name(o))]
    return [o for o in wanted if o.geometry.area > 0]


def _class_name(o: PathObject) -> str | None:
    return o.path_class.name if o.path_class else None
