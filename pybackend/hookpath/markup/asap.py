"""ASAP's XML, as the CAMELYON challenges and HookNet's own sets have it.

``<Annotation Name Type PartOfGroup Color>`` with ``<Coordinate Order X Y>`` in level-0 px of the
whole file; ``<Group Name PartOfGroup Color>`` after them. The group is the class. The format knows
no holes: by convention, areas of a group of their own are taken out of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import RGB, PathObject
from hookpath.errors import AnnotationError
from hookpath.markup.reading_notes import Found, class_or_none, crossing_note, hex_color, left_out
from hookpath.markup.rings_and_boxes import (
    Positions,
    cut_out,
    dots,
    line,
    polygon,
    positions,
    rectangle,
    rings,
    shape_of,
)
from hookpath.markup.safe_xml import Node, NoShapeError, parse_xml
from hookpath.safe_names import quoted

ROOT = "ASAP_Annotations"

#: Group whose areas are holes, where no other is named.
HOLE_GROUP = "Exclusion"

#: CAMELYON16's groups before they were renamed: ``_2`` was cut out of ``_0`` and ``_1``.
_CAMELYON16_HOLES = "_2"

#: Splines go through their points, which ASAP itself joins by straight lines when it makes masks.
_SHAPES: dict[str, Callable[[Positions], BaseGeometry]] = {
    "polygon": polygon,
    "spline": polygon,
    "rectangle": rectangle,
    "dot": dots,
    "pointset": dots,
    "measurement": line,
}


def read_asap(path: Path, holes: Sequence[str] = (HOLE_GROUP,)) -> Found:
    """Annotations of a file; the class is the group (none for ``None``), the colour the group's.

    Args:
        path: of the XML.
        holes: groups whose areas are cut out of all larger ones that they overlap.

    Raises:
        AnnotationError: not readable, or not ASAP's.
    """
    root = parse_xml(path)
    if root.tag != ROOT:
        raise AnnotationError(f"{path}: <{root.tag}> is no ASAP annotation file (<{ROOT}>)")
    groups = {g.get("Name"): hex_color(g.get("Color")) for g in root.inside(*_GROUPS)}
    objects: list[PathObject] = []
    cuts: list[BaseGeometry] = []
    notes: list[str] = []
    for node in root.inside("Annotations", "Annotation"):
        group = node.get("PartOfGroup")
        try:
            points = _coordinates(node)
            shape = shape_of(node.get("Type").lower(), points, _SHAPES)
        except NoShapeError as reason:
            notes.append(left_out(_name(node), reason, group in holes))
            continue
        if group in holes and shape.area > 0:
            cuts.append(shape)
        else:
            objects.append(_object(node, shape, group, groups))
    notes += crossing_note(objects)
    cut = cut_out(objects, cuts)
    if cut.unused:
        notes.append(f"{cut.unused} areas of {', '.join(holes)} lie in no larger area")
    return Found(cut.objects, [*notes, *_hint(groups, holes)], cut.used)


_GROUPS = ("AnnotationGroups", "Group")


def _name(node: Node) -> str:
    return f"annotation {node.get('Name')!r} (line {node.line})"


def _coordinates(node: Node) -> Positions:
    """In the order that they say."""
    found = list(node.inside("Coordinates", "Coordinate"))
    if all(c.get("Order") for c in found):
        found.sort(key=lambda c: c.number("Order"))
    return [(c.number("X"), c.number("Y")) for c in found]


def _object(
    node: Node, shape: BaseGeometry, group: str, groups: dict[str, RGB | None]
) -> PathObject:
    group = "" if group == "None" else group
    color = groups.get(group) or hex_color(node.get("Color"))
    return PathObject(shape, path_class=class_or_none(group, color), name=node.get("Name") or None)


def _hint(groups: Iterable[str], holes: Sequence[str]) -> Iterator[str]:
    known = set(groups)
    if _CAMELYON16_HOLES in known - set(holes) and known & {"_0", "_1"}:
        yield "in CAMELYON16 the group '_2' is what was cut out: --hole _2 does that"


def write_asap(path: Path, objects: Iterable[PathObject], hole_group: str = HOLE_GROUP) -> None:
    """Write annotations; each class a group, each hole a polygon of `hole_group`.

    Measurements, ids and locks have no place in the format.

    Raises:
        OSError: the file cannot be written.
    """
    colors: dict[str, RGB | None] = {}
    with path.open("w", encoding="utf-8") as out:
        out.write(f'<?xml version="1.0"?>\n<{ROOT}>\n\t<Annotations>\n')
        for number, obj in enumerate(objects):
            group = obj.path_class.name if obj.path_class else "None"
            colors[group] = colors.get(group) or (obj.path_class.color if obj.path_class else None)
            for kind, points, is_hole in _pieces(obj.geometry):
                of_group = hole_group if is_hole else group
                if is_hole:
                    colors.setdefault(hole_group, None)
                named = obj.name or f"Annotation {number}"
                out.write(_annotation(named, kind, of_group, colors[of_group], points))
        out.write("\t</Annotations>\n\t<AnnotationGroups>\n")
        out.writelines(_group(g, color) for g, color in colors.items() if g != "None")
        out.write(f"\t</AnnotationGroups>\n</{ROOT}>\n")


def _pieces(geometry: BaseGeometry) -> Iterator[tuple[str, Positions, bool]]:
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            for corners, is_hole in rings(part):
                yield "Polygon", corners, is_hole
        elif part.geom_type == "Point" and not part.is_empty:
            yield "Dot", positions(part), False
        elif not part.is_empty:
            yield "Measurement", positions(part), False


def _annotation(name: str, kind: str, group: str, color: RGB | None, points: Positions) -> str:
    head = (
        f"\t\t<Annotation Name={quoted(name)} Type={quoted(kind)} "
        f"PartOfGroup={quoted(group)} Color={quoted(_hex(color))}>\n\t\t\t<Coordinates>\n"
    )
    lines = (
        f'\t\t\t\t<Coordinate Order="{i}" X="{x!r}" Y="{y!r}" />\n'
        for i, (x, y) in enumerate(points)
    )
    return head + "".join(lines) + "\t\t\t</Coordinates>\n\t\t</Annotation>\n"


def _group(name: str, color: RGB | None) -> str:
    return (
        f'\t\t<Group Name={quoted(name)} PartOfGroup="None" Color={quoted(_hex(color))}>\n'
        "\t\t\t<Attributes />\n\t\t</Group>\n"
    )


def _hex(color: RGB | None) -> str:
    return "#{:02x}{:02x}{:02x}".format(*(color or (100, 100, 100)))
