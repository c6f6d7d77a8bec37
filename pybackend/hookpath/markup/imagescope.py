"""Aperio ImageScope's XML and HALO's ``.annotations``.

Layers of a name and a colour, regions with vertices.

``<Annotation Name LineColor>`` is a layer, ``<Region Type Text NegativeROA>`` a shape in it with
``<Vertex X Y>`` in level-0 px. `LineColor` is red + 256 · green + 65536 · blue. HALO's vertices are
``<V X Y>``, its types words, and rectangles and ellipses have two vertices, corners of their box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import RGB, PathObject
from hookpath.errors import AnnotationError
from hookpath.markup.reading_notes import Found, class_or_none, crossing_note, left_out
from hookpath.markup.rings_and_boxes import (
    Positions,
    cut_out,
    dots,
    ellipse,
    line,
    polygon,
    positions,
    rectangle,
    rings,
    shape_of,
)
from hookpath.markup.safe_xml import Node, NoShapeError, parse_xml
from hookpath.safe_names import quoted

ROOT = "Annotations"

#: `Region` types: ImageScope's freehand, rectangle, ellipse, arrow, ruler, then HALO's.
_SHAPES: dict[str, Callable[[Positions], BaseGeometry]] = {
    "0": polygon, "1": rectangle, "2": ellipse, "3": line, "4": line,
    "polygon": polygon, "freehand": polygon, "rectangle": rectangle, "ellipse": ellipse,
    "ruler": line, "line": line, "arrow": line, "pin": dots, "point": dots,
}  # fmt: skip
#: What a vertex is called by either.
_VERTICES = ("Vertex", "V")

#: Said instead of the name of an attribute: the layer's name or the region's text is the class.
LAYER, TEXT = "layer", "text"


def read_imagescope(path: Path, class_from: str = LAYER) -> Found:
    """Regions of a file.

    Regions with ``NegativeROA`` are cut out of the larger regions of their layer. The text of a
    region is its name, its attributes (and the layer's) are its metadata.

    Args:
        path: of the XML.
        class_from: what the class is: ``layer`` (its name, else its Description, else
            ``Layer <Id>``), ``text`` (of the region), or the name of a region's or layer's
            attribute.

    Raises:
        AnnotationError: not readable, or not ImageScope's or HALO's.
    """
    root = parse_xml(path)
    if root.tag != ROOT:
        raise AnnotationError(
            f"{path}: <{root.tag}> is no annotation file of ImageScope or HALO (<{ROOT}>)"
        )
    found = [_layer(node, class_from) for node in root.all("Annotation")]
    return Found(
        [o for layer in found for o in layer.objects],
        [note for layer in found for note in layer.notes],
        sum(layer.holes for layer in found),
    )


def _layer(layer: Node, class_from: str) -> Found:
    objects: list[PathObject] = []
    cuts: list[BaseGeometry] = []
    notes: list[str] = []
    headers = _headers(layer)
    for number, region in enumerate(layer.inside("Regions", "Region"), 1):
        which = region.get("Id") or str(number)
        name = f"layer {_layer_name(layer)!r}, region {which} (line {region.line})"
        is_hole = region.get("NegativeROA").lower() in ("1", "true")
        try:
            vertices = (v for tag in _VERTICES for v in region.inside("Vertices", tag))
            points = [(v.number("X"), v.number("Y")) for v in vertices]
            shape = shape_of((region.get("Type") or "0").lower(), points, _SHAPES)
        except NoShapeError as reason:
            notes.append(left_out(name, reason, is_hole))
            continue
        if is_hole and shape.area > 0:
            cuts.append(shape)
        else:
            objects.append(_object(layer, region, shape, headers, class_from))
    notes += (f"layer {_layer_name(layer)!r}: {note}" for note in crossing_note(objects))
    cut = cut_out(objects, cuts)
    if cut.unused:
        notes.append(
            f"layer {_layer_name(layer)!r}: {cut.unused} negative regions lie in no larger region"
        )
    return Found(cut.objects, notes, cut.used)


def _object(
    layer: Node, region: Node, shape: BaseGeometry, headers: dict[str, str], class_from: str
) -> PathObject:
    attributes = _attributes(layer, {}) | _attributes(region, headers)
    text = region.get("Text") or _comments(region)
    if class_from == LAYER:
        name = _layer_name(layer)
    else:
        name = text if class_from == TEXT else attributes.get(class_from, "")
    return PathObject(
        shape, path_class=class_or_none(name, _color(layer)), name=text or None, metadata=attributes
    )


def _comments(region: Node) -> str:
    """HALO's."""
    bodies = (comment.get("Body") for comment in region.inside("Comments", "Comment"))
    return "; ".join(body for body in bodies if body)


def _layer_name(layer: Node) -> str:
    described = _attributes(layer, {}).get("Description", "")
    return layer.get("Name") or described or f"Layer {layer.get('Id')}"


def _headers(layer: Node) -> dict[str, str]:
    """Ids of a layer's own columns, by which its regions name their attributes."""
    headers = layer.inside("Regions", "RegionAttributeHeaders", "AttributeHeader")
    return {h.get("Id"): h.get("Name") for h in headers}


def _attributes(node: Node, headers: dict[str, str]) -> dict[str, str]:
    """Those that say something."""
    named = ((a.get("Name"), a.get("Value")) for a in node.inside("Attributes", "Attribute"))
    return {headers.get(name, name): value for name, value in named if name and value}


def _color(layer: Node) -> RGB | None:
    try:
        value = int(layer.get("LineColor"))
    except ValueError:
        return None
    return (value & 255, value >> 8 & 255, value >> 16 & 255)


def write_imagescope(
    path: Path, objects: Iterable[PathObject], spacing_um: float | None = None
) -> None:
    """Write one layer per class, areas as freehand regions, their holes as negative ones.

    Lines become rulers. Points, which the format lacks, are left out.

    Args:
        path: of the XML.
        objects: in level-0 px.
        spacing_um: µm/px of level 0, kept in the file.

    Raises:
        OSError: the file cannot be written.
    """
    layers: dict[str, list[PathObject]] = {}
    for obj in objects:
        layers.setdefault(obj.path_class.name if obj.path_class else "", []).append(obj)
    scale = f' MicronsPerPixel="{spacing_um!r}"' if spacing_um else ""
    with path.open("w", encoding="utf-8") as out:
        out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<{ROOT}{scale}>\n')
        for number, (name, of_layer) in enumerate(layers.items(), 1):
            out.writelines(_layer_lines(number, name, of_layer))
        out.write(f"</{ROOT}>\n")


def _layer_lines(number: int, name: str, objects: list[PathObject]) -> Iterator[str]:
    colors = (o.path_class.color for o in objects if o.path_class)
    red, green, blue = next((c for c in colors if c), (0, 255, 0))
    color = red + 256 * green + 65536 * blue
    yield (
        f' <Annotation Id="{number}" Name={quoted(name)} ReadOnly="0" NameReadOnly="0" '
        f'LineColorReadOnly="0" Incremental="0" Type="4" LineColor="{color}" Visible="1" '
        'Selected="0" MarkupImagePath="" MacroName="">\n  <Attributes />\n  <Regions>\n'
        "   <RegionAttributeHeaders />\n"
    )
    regions = ((o.name or "", *piece) for o in objects for piece in _pieces(o.geometry))
    for region, (text, kind, points, is_hole) in enumerate(regions, 1):
        yield (
            f'   <Region Id="{region}" Type="{kind}" Zoom="1" Selected="0" ImageLocation="" '
            f'ImageFocus="0" Text={quoted(text)} NegativeROA="{is_hole:d}" InputRegionId="0" '
            f'Analyze="1" DisplayId="{region}">\n    <Attributes />\n    <Vertices>\n'
        )
        yield from (f'     <Vertex X="{x!r}" Y="{y!r}" Z="0" />\n' for x, y in points)
        yield "    </Vertices>\n   </Region>\n"
    yield "  </Regions>\n  <Plots />\n </Annotation>\n"


def _pieces(geometry: BaseGeometry) -> Iterator[tuple[int, Positions, bool]]:
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            for corners, is_hole in rings(part):
                yield 0, corners, is_hole
        elif part.geom_type in ("LineString", "LinearRing") and not part.is_empty:
            yield 4, positions(part), False
