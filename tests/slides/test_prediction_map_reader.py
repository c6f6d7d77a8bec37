"""Maps come back by window, exactly, and damage is an error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile

from hookpath.errors import SlideError
from hookpath.slides import PyramidWriter, open_map
from support.slides import cut, position_image, write_pyramid

Array = npt.NDArray[Any]


def write(path: Path, array: Array) -> Path:
    height, width, channels = array.shape
    with PyramidWriter(path, width, height, channels, 0.5, tile=64) as writer:
        writer.write_rows(0, array)
    return path


def noise(width: int, height: int, channels: int) -> Array:
    return np.random.default_rng(0).integers(1, 256, (height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "window",
    [(0, 0, 200, 150), (63, 64, 2, 1), (10, 20, 100, 100), (-30, -7, 50, 50), (150, 100, 90, 90),
     (-5, -5, 300, 300), (500, 0, 10, 10), (0, -50, 10, 10), (199, 149, 1, 1)],
)  # fmt: skip
def test_a_window_is_what_was_written_and_zero_off_the_map(
    tmp_path: Path, channels: int, window: tuple[int, int, int, int]
) -> None:
    array = noise(200, 150, channels)
    x, y, width, height = window
    around = np.pad(array, ((500, 600), (500, 600), (0, 0)))
    expected = around[y + 500 : y + 500 + height, x + 500 : x + 500 + width]
    with open_map(write(tmp_path / "m.tif", array)) as opened:
        found = opened.read(*window)
    assert np.array_equal(found, expected[..., 0] if channels == 1 else expected)


def test_more_tiles_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookpath.slides.prediction_map_reader.CACHED_TILES", 2)
    array = noise(400, 300, 2)
    with open_map(write(tmp_path / "m.tif", array)) as opened:
        for _ in range(2):
            assert np.array_equal(opened.read(0, 0, 400, 300), array)


def test_threads_may_share_a_map(tmp_path: Path) -> None:
    array = noise(400, 300, 1)
    with open_map(write(tmp_path / "m.tif", array)) as opened, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: opened.read(i, i // 2, 90, 80), range(200)))
    for i, window in enumerate(found):
        assert np.array_equal(window, array[i // 2 : i // 2 + 80, i : i + 90, 0])


def test_what_it_knows_about_itself(tmp_path: Path) -> None:
    with open_map(write(tmp_path / "m.tif", noise(200, 150, 3))) as opened:
        assert (opened.width, opened.height, opened.channels) == (200, 150, 3)
        assert opened.dtype == np.uint8
        assert opened.spacing_um == 0.5
        assert opened.colormap is None


def test_damage_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tif", noise(200, 150, 1))
    with open_map(path) as opened:
        cut(path, 5000)
        with pytest.raises(SlideError, match=r"m\.tif: damaged.*; predict"):
            opened.read(0, 0, 200, 150)
    with pytest.raises(SlideError, match=r"m\.tif: is not a readable map.*; predict"):
        open_map(path)


@pytest.mark.parametrize("content", [b"", b"text that is no TIFF at all", b"II*\0" + b"\0" * 9])
def test_what_is_no_map_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.tif"
    path.write_bytes(content)
    with pytest.raises(SlideError, match=r"m\.tif: is not a readable map.*; predict"):
        open_map(path)


def test_a_slide_is_no_map(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "s.tif", position_image(100, 100), 0.5)
    with pytest.raises(SlideError, match=r"s\.tif: is no map"):
        open_map(path)
    tifffile.imwrite(tmp_path / "flat.tif", np.zeros((9, 9), np.uint8))
    with pytest.raises(SlideError, match=r"flat\.tif: is no map"):
        open_map(tmp_path / "flat.tif")


def test_a_missing_map_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SlideError, match=r"m\.tif: no such file; predict"):
        open_map(tmp_path / "m.tif")
