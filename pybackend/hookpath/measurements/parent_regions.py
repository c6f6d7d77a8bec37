"""Which regions of an image are measured in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from hookpath.annotations import PathObject, area_of, is_usable_class, plain_class_name
from hookpath.measurements.class_areas import Kind, Parent, is_measured
from hookpath.projects.confirmed_annotations import CONFIRMED_CLASS

#: Any annotation, whatever its class.
ANY = "*"


def parents_of(
    objects: Sequence[PathObject], classes: Collection[str], inside: str | None = None
) -> list[Parent]:
    """The cores of a tissue microarray, and the annotations that are regions.

    Args:
        classes: that are measured: an annotation of one of them is a label, not a region.
        inside: only annotations of this class, whoever made them (`ANY`: all but results); None:
            those of no class, of a mark of a region (``Region*``) or of a class that is not
            measured.
    """
    found = []
    for o in objects:
        if _is_core(o) or (o.object_type == "annotation" and _is_region(o, classes, inside)):
            area, _ = area_of(o.geometry)
            if area is not None:
                kind: Kind = "core" if o.object_type == "tmaCore" else "annotation"
                class_name = o.path_class.name if o.path_class else ""
                found.append(Parent(o.id, kind, o.name or "", class_name, area, area.area))
    return found


def whole_image(size_l0: tuple[int, int]) -> Parent:
    """The image itself, of that width and height."""
    return Parent("", "image", "", "", None, float(size_l0[0]) * size_l0[1])


def _is_core(o: PathObject) -> bool:
    """A core that is there: QuPath keeps a place for those that are missing."""
    properties = o.extra.get("properties", {})
    return o.object_type == "tmaCore" and properties.get("isMissing") is not True


def _is_region(o: PathObject, classes: Collection[str], inside: str | None) -> bool:
    name = o.path_class.name if o.path_class else ""
    if inside is not None and inside != ANY:
        return name == plain_class_name(inside)
    if is_measured(o) or name == CONFIRMED_CLASS:
        return False
    return inside == ANY or not is_usable_class(name) or name not in classes


def runs_of(objects: Iterable[PathObject]) -> list[str]:
    """Tags of the runs whose results are there."""
    return list(dict.fromkeys(o.run for o in objects if o.run is not None and is_measured(o)))
