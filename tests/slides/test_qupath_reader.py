"""Slides through QuPath's servers: the arithmetic against a fake of the JVM's side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hookpath.errors import SlideError
from hookpath.geometry import Calibration, Region
from hookpath.jvm import NoQuPathError
from hookpath.slides import SlideRef
from hookpath.slides.readers import qupath_reader
from support.multiplex import NAMES, coded
from support.servers import PLANES, FakeServer, fake_java, openslide_server, turned
from support.slides import halve, position_image

pytest.importorskip("jpype")
HOW = json.dumps(openslide_server(Path("/slides/a.svs")))


@pytest.fixture(autouse=True)
def no_jvm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qupath_reader, "java", fake_java)


def opened(server: FakeServer, um: float | None = None) -> qupath_reader.QuPathSlide:
    given = Calibration.square(um) if um else None
    return qupath_reader.QuPathSlide(Path("/slides/a.svs"), server, HOW, given)


def test_any_window_of_any_level_is_put_together_from_tiles() -> None:
    full = position_image(300, 200)
    server = FakeServer([full, halve(full)], tile=128, um=0.5)
    slide = opened(server)
    assert (slide.width_l0, slide.height_l0) == (300, 200)
    assert (slide.read_level(0, 100, 90, 150, 100) == full[90:190, 100:250]).all()
    assert (slide.read_level(1, 3, 4, 147, 96) == halve(full)[4:100, 3:150]).all()
    edge = slide.read_level(0, 250, 150, 100, 100)
    assert (edge[:50, :50] == full[150:, 250:]).all()
    assert (edge[50:] == 255).all()
    assert (edge[:, 50:] == 255).all()


def test_a_tile_is_asked_for_once_on_the_levels_own_grid() -> None:
    server = FakeServer([position_image(300, 200)], tile=128, um=0.5)
    slide = opened(server)
    for _ in range(2):
        slide.read(Region(120, 120, 20, 20, 1.0, 1.0))
    assert server.asked == [
        (0, 0, 0, 128, 128), (0, 128, 0, 128, 128), (0, 0, 128, 128, 72), (0, 128, 128, 128, 72),
    ]  # fmt: skip


def test_small_tiles_are_read_together_and_huge_ones_cut() -> None:
    server = FakeServer([position_image(2100, 300)], tile=60, um=0.5)
    opened(server).read_level(0, 0, 0, 10, 10)
    assert server.asked == [(0, 0, 0, 180, 180)]
    server = FakeServer([position_image(2100, 300)], tile=2100, um=0.5)
    opened(server).read_level(0, 0, 0, 10, 10)
    assert server.asked == [(0, 0, 0, 1024, 300)]


def test_what_is_transparent_is_white() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = (10, 20, 30, 255)
    pixels[:, 4:] = (10, 20, 30, 0)
    found = opened(FakeServer([pixels], tile=8, um=0.5)).read_level(0, 0, 0, 8, 8)
    assert (found[:, :4] == (10, 20, 30)).all()
    assert (found[:, 4:] == 255).all()


def test_one_channel_of_8_bits_is_grey() -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    server = FakeServer([grey], tile=8, um=0.5, isRGB=False, SizeC=1)
    found = opened(server).read_level(0, 0, 0, 8, 8)
    assert (found == grey[..., None]).all()


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_channels_come_out_as_they_are_stored_under_qupaths_names(kind: str) -> None:
    pixels = np.moveaxis(coded(4, dtype=kind), 0, -1)
    java = {"uint8": "UINT8", "uint16": "UINT16", "float32": "FLOAT32"}[kind]
    facts = {"isRGB": False, "SizeC": 4, "PixelType": java, "names": NAMES}
    slide = opened(FakeServer([pixels], tile=64, um=0.5, **facts))
    assert tuple(c.name for c in slide.channels) == NAMES
    assert slide.dtype == kind
    assert (slide.read_level(0, 10, 20, 100, 60) == pixels[20:80, 10:110]).all()
    assert (slide.read_level(0, 150, 0, 20, 10)[:, 10:] == 0).all()


def test_the_plane_that_is_asked_for_is_read() -> None:
    PLANES.clear()
    for plane, wanted in ((None, (2, 0)), ((4, 1), (4, 1))):
        server = FakeServer([position_image(20, 20)], tile=8, um=0.5, SizeZ=5, SizeT=2)
        slide = qupath_reader.QuPathSlide(Path("/slides/a.svs"), server, HOW, None, plane)
        slide.read_level(0, 0, 0, 20, 20)
        assert PLANES.pop() == slide.plane == wanted


def test_what_no_number_of_ours_holds_is_refused() -> None:
    facts = {"isRGB": False, "SizeC": 2, "PixelType": "COMPLEX"}
    with pytest.raises(SlideError, match=r"a\.svs: has COMPLEX samples"):
        opened(FakeServer([position_image(20, 20)], tile=8, um=0.5, **facts))


def test_the_spacing_is_the_given_one_else_the_servers() -> None:
    pixels = position_image(20, 20)
    assert opened(FakeServer([pixels], 8, um=0.5)).calibration.mpp == 0.5
    assert opened(FakeServer([pixels], 8, um=0.5), um=0.25).calibration.mpp == 0.25
    assert not opened(FakeServer([pixels], 8, um=None)).has_calibration
    assert not opened(FakeServer([pixels], 8, um=353.0)).has_calibration  # 72 dpi


def test_a_level_that_comes_with_a_row_too_few_or_many_is_fitted() -> None:
    pixels = position_image(10, 7)
    assert qupath_reader.fitted(pixels, 10, 7).tobytes() == pixels.tobytes()
    assert (qupath_reader.fitted(pixels, 9, 6) == pixels[:6, :9]).all()
    grown = qupath_reader.fitted(pixels, 11, 8)
    assert grown.shape == (8, 11, 3)
    assert (grown[7, :10] == pixels[6]).all()
    assert (grown[:7, 10] == pixels[:, 9]).all()


def test_a_turned_image_is_another_slide_than_the_file_and_the_same_anywhere(
    tmp_path: Path,
) -> None:
    def identity(folder: str, *by: str) -> Any:
        path = tmp_path / folder / "a.svs"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"pixels")
        how: dict[str, Any] = openslide_server(path)
        for turn in by:
            how = turned(how, turn)
        server = FakeServer([position_image(20, 20)], 8, um=0.5)
        return qupath_reader.QuPathSlide(path, server, json.dumps(how), None).identity

    assert identity("one", "ROTATE_90") == identity("two", "ROTATE_90")
    for other in (("ROTATE_180",), ("ROTATE_90", "ROTATE_90"), ()):
        then, now = identity("one", "ROTATE_90"), identity("one", *other)
        assert then.key != now.key
        assert "otherwise in QuPath" in then.difference(now)


def test_without_a_qupath_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Any:
        raise NoQuPathError("no QuPath found; set PAQUO_QUPATH_DIR to its folder")

    monkeypatch.setattr(qupath_reader, "java", none)
    with pytest.raises(SlideError, match=r"a\.svs: only QuPath can read it.*set PAQUO_QUPATH_DIR"):
        SlideRef(Path("/slides/a.svs"), server=HOW).open()


def test_an_extension_that_did_not_get_the_image_is_not_said_to_be_missing() -> None:
    far = json.dumps(
        {**json.loads(HOW), "uri": "https://omero.example.org/webclient/?show=image-1"}
    )
    failed = "Unable to build ImageServer with requested provider x.OmeroImageServerBuilder"
    lacking = "Unable to build ImageServer - I couldn't find x.OmeroImageServerBuilder"
    assert "lets you in" in qupath_reader._advice(far, failed)
    for how, said in ((far, lacking), (HOW, failed)):
        assert "see whether an extension is missing" in qupath_reader._advice(how, said)
