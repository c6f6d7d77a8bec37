"""``hookpath convert`` as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.annotation_files import ASAP, IMAGESCOPE, write_text
from support.slides import position_image, write_pyramid


def test_an_origin_is_two_numbers(tmp_path: Path, hookpath: Callable[..., Any]) -> None:
    source = write_text(tmp_path / "a.xml", ASAP)
    assert hookpath("convert", source, "--origin", "12").code == 2
    assert hookpath("convert", source, "--origin", "1,2").code == 0


@pytest.mark.parametrize("pair", ["Tumor", "A=B"])
def test_a_class_that_is_wrongly_named_is_reported(
    tmp_path: Path, pair: str, hookpath: Callable[..., Any]
) -> None:
    done = hookpath("convert", write_text(tmp_path / "a.xml", ASAP), "--class", pair)
    assert (done.code == 0) == (pair == "A=B")
    said = "nothing has this class" if pair == "A=B" else "give OLD=NEW"
    assert said in done.err


def test_objects_off_the_slide_are_reported(tmp_path: Path, hookpath: Callable[..., Any]) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(320, 256), mpp=0.5)
    far = ASAP.replace('X="200"', 'X="2000"').replace('X="210"', 'X="2010"')
    done = hookpath("convert", write_text(tmp_path / "a.xml", far))
    assert "1 of 4 objects lie off a.tif (320 × 256 px)" in done.err


def test_the_command_tells_machines_what_it_did(
    tmp_path: Path, hookpath: Callable[..., Any]
) -> None:
    source = write_text(tmp_path / "a.xml", IMAGESCOPE)
    done = hookpath("convert", source, "--to", "asap", "-o", tmp_path / "out", "--json")
    assert done.code == 0, done.out
    (result,) = [e for e in done.events if e["event"] == "result"]
    (converted,) = result["data"]["files"]
    assert converted["path"] == str(tmp_path / "out" / "a.xml")
    assert converted["objects"] == {"Tumor": 1, "Stroma": 3}
    assert hookpath("convert", source, "--to", "imagescope").code == 1
    assert source.read_text() == IMAGESCOPE


@pytest.mark.parametrize(
    ("to", "said"),
    [("imagescope", "1 points were left out"), ("mask", "2 objects without class or area")],
)
def test_what_a_format_has_no_place_for_is_reported(
    tmp_path: Path, hookpath: Callable[..., Any], to: str, said: str
) -> None:
    write_pyramid(tmp_path / "a.tif", position_image(320, 256), mpp=0.5)
    source = write_text(tmp_path / "a.xml", ASAP)
    done = hookpath("convert", source, "--to", to, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert said in done.err


def test_a_slide_that_is_not_where_it_should_be_is_reported(
    tmp_path: Path, hookpath: Callable[..., Any]
) -> None:
    (tmp_path / "slides").mkdir()
    write_pyramid(tmp_path / "slides" / "b.tif", position_image(64, 64), mpp=0.5)
    source = write_text(tmp_path / "a.xml", ASAP)
    done = hookpath("convert", source, "--slides", tmp_path / "slides")
    assert "has no slide of this name" in done.err
    assert (tmp_path / "a.geojson").is_file()
