"""ASAP and ImageScope XML: what a reader finds, and that writing loses nothing that they hold."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box

from hookpath.annotations import PathClass, PathObject
from hookpath.conversion import (
    read_asap,
    read_imagescope,
    source_format,
    write_asap,
    write_imagescope,
)
from hookpath.errors import AnnotationError
from hookpath.markup import with_ids
from support.annotation_files import ASAP, BOMB, IMAGESCOPE, write_text
from support.shared import copy_of_shared

RING = box(10, 20, 110, 120).difference(box(30, 40, 50, 60))


def test_asap_has_groups_colours_order_and_holes(tmp_path: Path) -> None:
    found = read_asap(write_text(tmp_path / "a.xml", ASAP))
    square, island, dot, free = found.objects
    assert square.geometry.equals(RING)
    assert square.name == "big & square"
    assert square.path_class == PathClass("Tumor", (255, 128, 0))
    assert island.geometry.equals(Polygon([(35, 45), (45, 45), (45, 55)]))
    assert (dot.geometry.x, dot.geometry.y, dot.path_class) == (  # type: ignore[attr-defined]
        7.5, 8.25, PathClass("Stroma", (0, 255, 0)),
    )  # fmt: skip
    assert free.geometry.equals(box(200, 0, 210, 30))
    assert free.path_class is None
    assert found.holes == 1
    assert found.notes == [
        "annotation 'slip' (line 38) has 1 corners, an area needs three: left out"
    ]


def test_the_hole_group_of_asap_is_a_matter_of_choice(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.xml", ASAP)
    assert [o.path_class.name for o in read_asap(path, holes=()).objects if o.path_class] == [
        "Tumor", "Exclusion", "Stroma", "Stroma",
    ]  # fmt: skip
    old = write_text(tmp_path / "b.xml", ASAP.replace("Exclusion", "_2").replace("Tumor", "_0"))
    assert any("--hole _2" in note for note in read_asap(old).notes)
    assert read_asap(old, holes=("_2",)).objects[0].geometry.equals(RING)


def test_an_outline_that_crosses_itself_keeps_all_its_loops(tmp_path: Path) -> None:
    # The square's corners in another order: a bow-tie of two triangles.
    bow = ASAP.replace('Order="2" X="110" Y="120"', 'Order="2" X="10" Y="120"').replace(
        'Order="3" X="10" Y="120.0"', 'Order="3" X="110" Y="120"'
    )
    found = read_asap(write_text(tmp_path / "a.xml", bow), holes=())
    assert found.objects[0].geometry.area == 2 * 100 * 50 / 2
    assert "1 outlines cross themselves; each became several parts" in found.notes


def test_imagescope_has_layers_colours_negative_regions_and_attributes(tmp_path: Path) -> None:
    found = read_imagescope(write_text(tmp_path / "a.xml", IMAGESCOPE))
    first, oval, rectangle, ruler = found.objects
    assert first.geometry.equals(RING)
    # 33023 = 255 + 256 · 128 + 65536 · 0
    assert first.path_class == PathClass("Tumor", (255, 128, 0))
    assert (first.name, first.metadata) == ("first", {"Grade": "high"})
    assert oval.path_class == PathClass("Stroma", (0, 255, 0))
    assert oval.geometry.area == pytest.approx(math.pi * 100 * 40, rel=1e-9)
    assert shapely.hausdorff_distance(oval.geometry, box(100, 0, 300, 80).centroid) < 100.1
    assert rectangle.geometry.equals(box(0, 0, 8, 5))
    assert ruler.geometry.length == 5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_imagescope_may_be_written_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    text = IMAGESCOPE.replace("UTF-8", encoding.removesuffix("-sig")).replace("first", "µ-zone")
    (tmp_path / "a.xml").write_bytes(text.encode(encoding))
    assert source_format(tmp_path / "a.xml") == "imagescope"
    assert read_imagescope(tmp_path / "a.xml").objects[0].name == "µ-zone"


@pytest.mark.parametrize(
    ("source", "classes"),
    [("layer", ["Tumor", "Stroma"]), ("text", ["first", None]), ("Grade", ["high", None])],
)
def test_imagescope_classes_come_from_where_one_says(
    tmp_path: Path, source: str, classes: list[str | None]
) -> None:
    found = read_imagescope(write_text(tmp_path / "a.xml", IMAGESCOPE), source)
    assert [o.path_class.name if o.path_class else None for o in found.objects[:2]] == classes


def _drawn() -> list[PathObject]:
    """Touching, nested and multi-part areas with holes, and odd names."""
    inner = box(200, 200, 260.5, 260).difference(box(210, 210, 220, 220))
    ring = box(150, 150, 300, 300).difference(box(200, 200, 260.5, 260))
    parts = MultiPolygon([box(0, 400, 50, 450), box(60, 400, 90.125, 430)])
    return [
        PathObject(ring, path_class=PathClass('Tu"mor <1>', (1, 2, 3)), name="outer & ring"),
        PathObject(inner, path_class=PathClass("Stroma", (0, 128, 255))),
        PathObject(parts, path_class=PathClass('Tu"mor <1>', (1, 2, 3))),
        PathObject(box(500, 0, 510, 10), name="nothing"),
    ]


def _by_class(objects: list[PathObject]) -> dict[PathClass | None, list[Polygon]]:
    found: dict[PathClass | None, list[Polygon]] = {}
    for obj in objects:
        found.setdefault(obj.path_class, []).extend(shapely.get_parts(obj.geometry))
    return found


def _assert_same(left: list[PathObject], right: list[PathObject]) -> None:
    expected, found = _by_class(left), _by_class(right)
    assert list(expected) == list(found)
    for name, polygons in expected.items():
        assert len(polygons) == len(found[name])
        for a, b in zip(polygons, found[name], strict=True):
            assert a.equals(b)
            assert len(a.interiors) == len(b.interiors)


def test_asap_written_and_read_again_is_the_same(tmp_path: Path) -> None:
    write_asap(tmp_path / "a.xml", _drawn())
    found = read_asap(tmp_path / "a.xml")
    assert found.notes == []
    assert found.objects[0].name == "outer & ring"
    _assert_same(_drawn(), found.objects)


def test_imagescope_written_and_read_again_is_the_same(tmp_path: Path) -> None:
    annotated = _drawn()[:3]
    write_imagescope(tmp_path / "a.xml", annotated, 0.25)
    found = read_imagescope(tmp_path / "a.xml")
    assert found.notes == []
    assert 'MicronsPerPixel="0.25"' in (tmp_path / "a.xml").read_text()
    # Layers keep their objects together.
    _assert_same([annotated[0], annotated[2], annotated[1]], found.objects)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "entity 'a', which is not allowed"),
        (ASAP[:600], "line 16 is no XML (unclosed token)"),
        ("<svg/>", "<svg> is no ASAP"),
    ],
)
def test_what_is_wrong_with_asap_is_said_with_file_and_line(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write_text(tmp_path / "wrong.xml", text)
    with pytest.raises(AnnotationError) as caught:
        read_asap(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_what_is_wrong_with_imagescope_is_said_with_layer_and_region(tmp_path: Path) -> None:
    odd = write_text(tmp_path / "b.xml", IMAGESCOPE.replace('Type="2"', 'Type="77"'))
    assert "layer 'Stroma', region 1 (line 30) is of type '77'" in read_imagescope(odd).notes[0]


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "polygons"), [("tumor_009", 6), ("tumor_076", 39)])
def test_camelyon16_has_all_its_polygons(tmp_path: Path, name: str, polygons: int) -> None:
    path = copy_of_shared(f"other-annotations/camelyon16_asap/{name}.xml", tmp_path)
    found = read_asap(path)
    assert [o.path_class.name for o in found.objects if o.path_class] == ["metastasis"] * polygons
    write_asap(tmp_path / "again.xml", found.objects)
    again = read_asap(tmp_path / "again.xml")
    # Outlines that cross themselves came in several parts, each of which is written on its own.
    annotated, written = (
        shapely.union_all([o.geometry for o in r.objects]) for r in (found, again)
    )
    assert written.equals(annotated)
    assert sum(o.geometry.area for o in again.objects) == pytest.approx(
        sum(o.geometry.area for o in found.objects), rel=1e-12
    )


def test_a_decimal_comma_is_read_and_what_may_be_thousands_is_not(tmp_path: Path) -> None:
    """As programs write where the system's language has one."""
    comma = ASAP.replace('X="7.5" Y="8.25"', 'X="7,5" Y="8,25"')
    dot = read_asap(write_text(tmp_path / "a.xml", comma)).objects[2]
    assert dot.geometry.equals(shapely.Point(7.5, 8.25))
    doubtful = ASAP.replace('X="7.5"', 'X="7,500"')
    found = read_asap(write_text(tmp_path / "b.xml", doubtful))
    assert len(found.objects) == 3
    assert "has X='7,500' in its <Coordinate> on line 28, no number: left out" in found.notes[0]


def test_a_name_in_no_encoding_gives_ids_too(tmp_path: Path) -> None:
    found = read_asap(write_text(tmp_path / "a.xml", ASAP)).objects
    first, again = (with_ids(found, Path("Tum\udcf6r.xml")) for _ in range(2))
    assert [o.id for o in first] == [o.id for o in again]


@pytest.mark.parametrize("encoding", ["gb2312", "Shift_JIS", "windows-1252", "euc-kr", "Big5"])
def test_xml_is_read_in_the_encoding_that_it_names(tmp_path: Path, encoding: str) -> None:
    """Expat itself knows no Chinese, Japanese or Korean one."""
    word = {"windows-1252": "Str\xf6ma", "euc-kr": "\uc554"}.get(encoding, "\u816b")
    word = "\u5f71" if encoding == "gb2312" else word
    text = ASAP.replace("?>", f' encoding="{encoding}"?>', 1).replace("Stroma", word)
    path = tmp_path / "a.xml"
    path.write_bytes(text.encode(encoding))
    assert word in {o.path_class.name for o in read_asap(path).objects if o.path_class}
    for wrong in ("klingon", "hex", "punycode"):
        write_text(path, ASAP.replace("?>", f' encoding="{wrong}"?>', 1))
        with pytest.raises(AnnotationError, match=rf"a\.xml: unknown encoding: {wrong}; export"):
            read_asap(path)


@pytest.mark.parametrize("wrong", ['Y="12O"', 'Y="nan"', 'Y="-inf"', 'Y=""', 'Y="1e999"', ""])
def test_one_annotation_of_broken_numbers_is_named_and_the_rest_is_read(
    tmp_path: Path, wrong: str
) -> None:
    whole = read_asap(write_text(tmp_path / "a.xml", ASAP)).objects
    found = read_asap(write_text(tmp_path / "b.xml", ASAP.replace('Y="120.0"', wrong)))
    assert [o.name for o in found.objects] == [o.name for o in whole[1:]]
    assert "annotation 'big & square' (line 4) has" in found.notes[0]
    assert "in its <Coordinate> on line 9, no number: left out" in found.notes[0]


def test_a_hole_that_is_left_out_is_reported_as_one(tmp_path: Path) -> None:
    broken = IMAGESCOPE.replace('X="50" Y="40"', 'X="50"')
    found = read_imagescope(write_text(tmp_path / "a.xml", broken))
    assert found.objects[0].geometry.equals(box(10, 20, 110, 120))
    assert "region 2 (line 17) has no Y in its <Vertex> on line 20" in found.notes[0]
    assert found.notes[0].endswith(": left out, so nothing is cut out there")
    asap = ASAP.replace('X="50" Y="60"', 'X="NaN" Y="60"')
    notes = read_asap(write_text(tmp_path / "b.xml", asap)).notes
    assert notes[0].endswith("no number: left out, so nothing is cut out there")
