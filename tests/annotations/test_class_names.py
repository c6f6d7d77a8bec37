"""Class names as files have them, and which class is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from hookpath.annotations import (
    ClassTable,
    LabelSource,
    PathClass,
    PathObject,
    object_to_feature,
    objects_from_geojson,
    plain_class_name,
    read_geojson,
    twin_classes,
    write_geojson,
)

COMPOSED, DECOMPOSED = "L\u00e4sion", "La\u0308sion"
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]}


def read(classification: Any, **more: Any) -> PathObject:
    properties = {"classification": classification, **more}
    (found,) = objects_from_geojson(
        {"type": "Feature", "geometry": SQUARE, "properties": properties}
    )
    return found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Tumor", "Tumor"),
        (" Tumor\t", "Tumor"),
        ("Tumor\u00a0A", "Tumor A"),
        ("Tu\u200bmor\ufeff", "Tumor"),
        ("Tumo\u200dr", "Tumor"),
        ("\u200fTumor\u00ad", "Tumor"),
        (DECOMPOSED, COMPOSED),
        ("Tumor:Positive ", "Tumor: Positive"),
        ("Tumor: Positive: 2+", "Tumor: Positive: 2+"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("a\u200b\u0308\u200d\u0645", "\u00e4\u0645"),
        ("\u200b", ""),
        (":", ":"),
        ("", ""),
    ],
)
def test_what_nobody_sees_is_no_part_of_a_name(written: str, meant: str) -> None:
    assert plain_class_name(written) == meant


@given(st.text())
def test_a_name_that_was_made_plain_stays_as_it_is(written: str) -> None:
    plain = plain_class_name(written)
    assert plain_class_name(plain) == plain


@pytest.mark.parametrize("written", [" Tumor", "Tu\u200bmor", "Tumor\u00a0"])
def test_twins_are_one_class_and_reported_and_written_back_as_they_were(written: str) -> None:
    objects = [read("Tumor"), read({"name": written, "color": [1, 2, 3]})]
    labels = LabelSource(objects, ClassTable.of([PathClass("Tumor")]))
    assert labels.report.objects == {"Tumor": 2}
    assert labels.report.notes == (f"class {written!r} is read as 'Tumor'",)
    properties = object_to_feature(objects[1])["properties"]
    assert properties["classification"] == {"name": written, "color": [1, 2, 3]}


def test_a_difference_that_cannot_be_seen_is_shown() -> None:
    labels = LabelSource([read(DECOMPOSED)], ClassTable.of([PathClass(COMPOSED)]))
    assert labels.report.notes == (f"class 'La\\u0308sion' is read as {COMPOSED!r}",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('{"name": "Tumor", "color": [200, 0, 0]}', PathClass("Tumor", (200, 0, 0))),
        ("{'name': 'Tumor', 'color': [200, 0, 0]}", PathClass("Tumor", (200, 0, 0))),
        ('{"names": ["Tumor", "Positive"]}', PathClass("Tumor: Positive")),
        ('["Tumor", "Positive"]', PathClass("Tumor: Positive")),
        ('"Tumor"', PathClass("Tumor")),
        ({"name": "Tumor", "color": "[200, 0, 0]"}, PathClass("Tumor", (200, 0, 0))),
        ('{"Tumor"}', PathClass('{"Tumor"}')),
        ("{Tumor", PathClass("{Tumor")),
        ("[bold]Tumor", PathClass("[bold]Tumor")),
        ("[1]", PathClass("[1]")),
    ],
)
def test_a_class_that_is_the_text_of_an_object_is_that_object(
    written: Any, meant: PathClass
) -> None:
    assert read(written).path_class == meant


def test_that_is_reported_and_a_conversion_writes_the_object(tmp_path: Path) -> None:
    text = '{"name": "Tumor", "color": [200, 0, 0]}'
    labels = LabelSource([read(text)], ClassTable.of([PathClass("Tumor")]))
    assert labels.report.notes == (f"class {text!r} is read as 'Tumor'",)
    write_geojson(tmp_path / "a.geojson", [read(text)])
    (again,) = read_geojson(tmp_path / "a.geojson")
    assert (again.path_class, again.written_class) == (PathClass("Tumor", (200, 0, 0)), None)


def test_our_tag_is_seen_in_metadata_that_became_text() -> None:
    found = read("Tumor", metadata='{"hookpath.run": "r1"}', measurements='{"a": 1.5}')
    assert (found.run, found.measurements) == ("r1", {"a": 1.5})


def test_classes_that_differ_in_letter_case_are_two_and_reported() -> None:
    (line,) = twin_classes(["Tumor", "Stroma", "tumor"])
    assert line.startswith("classes 'Tumor' and 'tumor' differ in letter case only and are two")


def test_a_new_class_is_written_by_its_own_name() -> None:
    found = read(" Tumor")
    renamed = PathObject(box(0, 0, 1, 1), path_class=PathClass("Other"), extra=found.extra)
    assert object_to_feature(renamed)["properties"]["classification"] == "Other"
