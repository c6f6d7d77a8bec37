"""Every kind of file: read rightly, or one clear line that names it and says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from hookpath.errors import MissingSpacingError, SlideError
from hookpath.geometry import Calibration, Region
from hookpath.slides import SlideRef, open_slide
from support.scanners import write_mirax
from support.slides import RGB, cut, damage, position_image, write_pyramid

PICTURE = position_image(300, 200)


def read_whole(path: Path) -> RGB:
    with open_slide(path) as slide:
        return slide.read(Region(0, 0, slide.width_l0, slide.height_l0, 1, 1))


def noise(width: int, height: int) -> RGB:
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.webp", "wrongly_named.svs"])
def test_plain_images_are_slides_once_the_spacing_is_given(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    kind = {".svs": "PNG", ".webp": "WEBP"}.get(path.suffix)
    Image.fromarray(PICTURE).save(path, format=kind, lossless=True)
    assert np.array_equal(read_whole(path), PICTURE)
    with pytest.raises(MissingSpacingError, match=r"--mpp") as caught, open_slide(path) as slide:
        _ = slide.calibration
    assert str(path) in str(caught.value)
    with SlideRef(path, Calibration.square(0.4)).open() as slide:
        assert slide.calibration.mpp == 0.4


def test_jpeg_images_are_slides(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    smooth = np.full((200, 300, 3), (180, 90, 150), np.uint8)
    Image.fromarray(smooth).save(path, quality=95)
    assert np.abs(read_whole(path).astype(int) - smooth).max() <= 2


@pytest.mark.parametrize(("dots", "expected"), [(50800, 0.5), (300, None), (72, None)])
def test_print_resolutions_are_not_micrometres(
    tmp_path: Path, dots: int, expected: float | None
) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(PICTURE).save(path, dpi=(dots, dots))
    with open_slide(path) as slide:
        assert slide.has_calibration == (expected is not None)
        if expected:
            assert slide.calibration.mpp == pytest.approx(expected, rel=1e-4)


def test_transparency_is_white(tmp_path: Path) -> None:
    rgba = np.zeros((20, 30, 4), np.uint8)
    rgba[:, :15] = (10, 20, 30, 255)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    found = read_whole(tmp_path / "a.png")
    assert (found[:, :15] == (10, 20, 30)).all()
    assert (found[:, 15:] == 255).all()


TIFFS: dict[str, dict[str, Any]] = {
    "strips": {},
    "strips-predictor": {"compression": "zlib", "predictor": True},
    "planes": {"planarconfig": "separate", "tile": (64, 64), "compression": "zlib"},
    "zstd": {"compression": "zstd", "tile": (64, 64)},
    "big": {"bigtiff": True, "tile": (64, 64)},
    "jpeg2000": {"compression": "jpeg2000", "tile": (64, 64)},
}


@pytest.mark.parametrize("kind", TIFFS)
@pytest.mark.parametrize("suffix", [".tif", ".ome.tif"])
def test_rgb_tiffs_of_many_kinds_are_exact(tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    options = TIFFS[kind]
    data = np.moveaxis(PICTURE, -1, 0) if kind == "planes" else PICTURE
    tifffile.imwrite(path, data, photometric="rgb", **options)
    assert np.array_equal(read_whole(path), PICTURE)


def test_ome_tiff_with_subifds_has_its_levels_and_spacing(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "a.ome.tif", PICTURE, 0.2529, tile=64, ome=True)
    with open_slide(path) as slide:
        assert [level.downsample_x for level in slide.levels] == [1, 2, 4]
        assert slide.calibration.mpp == pytest.approx(0.2529)


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif"])
def test_tiles_without_data_are_white(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    ome = {"ome": True} if ".ome" in suffix else {}
    write_pyramid(path, PICTURE, 0.5, levels=2, tile=64, **ome)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        counts = tiff.pages.first.tags["TileByteCounts"]
        counts.overwrite([0, *counts.value[1:]])
    found = read_whole(path)
    assert (found[:64, :64] == 255).all()
    assert np.array_equal(found[64:], PICTURE[64:])
    assert np.array_equal(found[:64, 64:], PICTURE[:64, 64:])


CHANNELS: dict[str, tuple[np.ndarray, dict[str, Any], str]] = {
    "pages.tif": (np.zeros((5, 200, 200), np.uint8), {}, "planes"),
    "signed.tif": (np.zeros((200, 200), np.int8), {}, "int8"),
    "complex.tif": (np.zeros((200, 200), np.complex64), {}, "complex64"),
    "whole.tif": (np.zeros((200, 200), np.int64), {}, "int64"),
}


@pytest.mark.parametrize("name", CHANNELS)
def test_what_is_neither_rgb_nor_channels_says_what_it_is(tmp_path: Path, name: str) -> None:
    data, options, word = CHANNELS[name]
    path = tmp_path / name
    tifffile.imwrite(path, data, tile=(64, 64), photometric="minisblack", **options)
    one_line(path, rf"has .*{word}.*; export")


def one_line(path: Path, pattern: str) -> None:
    """Opening fails with one line that begins with the file's name."""
    with pytest.raises(SlideError, match=pattern) as caught:
        read_whole(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message


@pytest.mark.parametrize("suffix", [".svs", ".ndpi", ".mrxs", ".tif", ".png", ""])
@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (b"", "is empty.*; copy"),
        (b"0123456789", "only 10 bytes.*; copy"),
        (b"error 404: not found\n" * 20, "(no slide or image.*; check)|MIRAX.*; copy"),
        (b"II*\0\x08\0\0\0" + b"\xff" * 60, "not a readable TIFF.*; copy"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "; "),
    ],
    ids=["empty", "10-bytes", "text", "tiff-head", "png-head"],
)
def test_no_slide_at_all(tmp_path: Path, suffix: str, content: bytes, pattern: str) -> None:
    path = tmp_path / f"slide{suffix}"
    path.write_bytes(content)
    one_line(path, pattern)


def test_wrong_paths(tmp_path: Path) -> None:
    one_line(tmp_path / "nothing.svs", "no such file; check")
    one_line(tmp_path, "is a folder.*; name")


@pytest.mark.parametrize("kept", [100, 1000, 0.2, 0.5, 0.7])
@pytest.mark.parametrize("ome", [False, True])
@pytest.mark.parametrize("jpeg", [False, True])
def test_a_truncated_slide_fails_on_opening_or_reading(
    tmp_path: Path, kept: float, ome: bool, jpeg: bool
) -> None:
    path = tmp_path / "a.tif"
    write_pyramid(path, noise(700, 700), 0.5, tile=64, ome=ome, jpeg=jpeg)
    damage(path, int(kept if kept > 1 else kept * path.stat().st_size))
    one_line(path, "; copy")


@pytest.mark.parametrize("name", ["cut.png", "cut.jpg", "cut.bmp", "cut.tif"])
def test_a_truncated_image_fails(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.fromarray(noise(200, 200)).save(path)
    damage(path, path.stat().st_size // 2)
    one_line(path, "copy")


@pytest.mark.parametrize("ome", [False, True])
@pytest.mark.parametrize("jpeg", [False, True])
def test_a_slide_that_is_cut_while_open_is_an_error_not_a_crash(
    tmp_path: Path, ome: bool, jpeg: bool
) -> None:
    path = write_pyramid(tmp_path / "a.tif", noise(700, 700), 0.5, tile=64, ome=ome, jpeg=jpeg)
    with open_slide(path) as slide:
        slide.read(Region(0, 0, 100, 100, 1, 1))
        cut(path, 1000)
        with pytest.raises(SlideError, match=r"damaged.*; copy"):
            slide.read(Region(300, 300, 200, 200, 1, 1))
        with pytest.raises(SlideError, match=r"damaged.*; copy"):
            slide.read(Region(300, 300, 100, 100, 2, 2))


def test_a_given_spacing_wins_over_the_files(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "a.tif", PICTURE, 0.25)
    with open_slide(path, calibration=Calibration(0.5, 0.6)) as slide:
        assert (slide.calibration.mpp_x, slide.calibration.mpp_y) == (0.5, 0.6)
        assert slide.file_calibration == Calibration(0.25, 0.25)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "run git lfs pull"),
        (b"\n<!DOCTYPE html><html></html>", "is a web page"),
        (b"PK\x03\x04" + bytes(60), "a ZIP archive; unpack it"),
        (b"\x1f\x8b\x08" + bytes(60), "packed with gzip"),
    ],
)
def test_what_commonly_takes_a_slide_s_place_is_reported(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "a.svs"
    path.write_bytes(content)
    with pytest.raises(SlideError, match=rf"a\.svs: .*{says}"):
        open_slide(path)


def test_a_tiff_that_is_only_called_ndpi_is_a_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.ndpi", PICTURE, photometric="rgb", tile=(64, 64))
    assert np.array_equal(read_whole(tmp_path / "a.ndpi"), PICTURE)


def test_a_link_to_a_mirax_slide_is_the_slide(tmp_path: Path) -> None:
    """Its folder lies beside the file that the link points to; also for what tells slides apart."""
    (tmp_path / "far").mkdir()
    far = write_mirax(tmp_path / "far" / "a.mrxs", position_image(512, 512), (0, 0))
    link = tmp_path / "b.mrxs"
    link.symlink_to(far)
    with open_slide(link) as slide, open_slide(far) as itself:
        assert (slide.width_l0, slide.height_l0) == (512, 512)
        assert slide.identity == itself.identity
        assert slide.identity.bytes > far.stat().st_size
    (tmp_path / "b").mkdir()  # what lies beside the link comes first
    with pytest.raises(SlideError, match="MIRAX"):
        open_slide(link)
