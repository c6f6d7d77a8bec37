"""Plain pictures: what Pillow would change without a word is refused by name."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from hookpath.errors import SlideError
from hookpath.geometry import Region
from hookpath.slides import open_slide
from support.slides import RGB, position_image

PICTURE = position_image(96, 64)


def saved(path: Path, array: Any, **options: Any) -> Path:
    Image.fromarray(array).save(path, **options)
    return path


def whole(path: Path) -> RGB:
    with open_slide(path) as slide:
        return slide.read(Region(0, 0, slide.width_l0, slide.height_l0, 1, 1))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("turned", [2, 3, 6, 8])
def test_a_turned_picture_is_refused(tmp_path: Path, suffix: str, turned: int) -> None:
    exif = Image.Exif()
    exif[274] = turned
    path = saved(tmp_path / f"a{suffix}", PICTURE, exif=exif)
    with pytest.raises(SlideError, match=rf"turned or mirrored \(Orientation tag {turned}\).*save"):
        open_slide(path)


def test_an_upright_picture_with_the_tag_is_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 1
    assert np.array_equal(whole(saved(tmp_path / "a.png", PICTURE, exif=exif)), PICTURE)


@pytest.mark.parametrize("samples", [1, 3, 4])
def test_16_bits_are_refused(tmp_path: Path, samples: int) -> None:
    deep = np.zeros((64, 96, samples), np.uint16).squeeze()
    path = tmp_path / "a.png"
    path.write_bytes(imagecodecs.png_encode(deep))
    with pytest.raises(SlideError, match=r"16 bits, not 8-bit colour; export"):
        open_slide(path)


def test_16_bits_of_jpeg_2000_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jp2"
    path.write_bytes(imagecodecs.jpeg2k_encode(PICTURE.astype(np.uint16), codecformat="jp2"))
    with pytest.raises(SlideError, match=r"16 bits, not 8-bit colour; export"):
        open_slide(path)
    path.write_bytes(imagecodecs.jpeg2k_encode(PICTURE, codecformat="jp2"))
    assert np.array_equal(whole(path), PICTURE)


def test_an_alpha_that_is_0_everywhere_was_not_meant(tmp_path: Path) -> None:
    rgba = np.dstack([PICTURE, np.zeros(PICTURE.shape[:2], np.uint8)])
    assert np.array_equal(whole(saved(tmp_path / "a.png", rgba)), PICTURE)
    rgba[0, 0, 3] = 255
    found = whole(saved(tmp_path / "b.png", rgba))
    assert np.array_equal(found[0, 0], PICTURE[0, 0])
    assert (found[1:] == 255).all()


def test_a_film_is_refused(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((64, 64), value, np.uint8)) for value in (0, 90)]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(SlideError, match=r"has 2 frames.*; export"):
        open_slide(path)


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "LA"])
def test_other_colours_are_converted(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(np.where(np.indices((64, 64)).sum(0) % 64 < 32, 255, 0).astype(np.uint8))
    image = grey.convert("RGB").convert(mode) if mode == "CMYK" else grey.convert(mode)
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    buffer = io.BytesIO()
    image.save(buffer, path.suffix[1:].replace("jpg", "jpeg"), quality=98)
    path.write_bytes(buffer.getvalue())
    expected = np.repeat(np.asarray(grey)[..., None], 3, axis=2).astype(int)
    assert np.abs(whole(path) - expected).mean() < 2
