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


DEEP = np.random.default_rng(0).integers(0, 65536, (64, 96, 3), dtype=np.uint16)


def deep_file(path: Path, samples: Any) -> Path:
    if path.suffix == ".png":
        path.write_bytes(imagecodecs.png_encode(samples))
    elif path.suffix == ".jp2":
        path.write_bytes(imagecodecs.jpeg2k_encode(samples, level=0, codecformat="jp2"))
    else:
        header = f"P5 {samples.shape[1]} {samples.shape[0]} 65535 "
        path.write_bytes(header.encode() + samples.astype(">u2").tobytes())
    return path


@pytest.mark.parametrize("suffix", [".png", ".jp2", ".pgm"])
def test_grey_of_16_bits_is_one_channel_as_it_is_stored(tmp_path: Path, suffix: str) -> None:
    path = deep_file(tmp_path / f"a{suffix}", DEEP[..., 0].copy())
    with open_slide(path) as slide:
        assert [c.name for c in slide.channels] == ["Channel 1"]
        assert (slide.dtype, slide.ground) == (np.uint16, 0)
        found = slide.read(Region(-2, -1, 40, 30, 1, 1))
        half = slide.read(Region(0, 0, 48, 32, 2, 2))
    assert (found[1:, 2:] == DEEP[:29, :38, :1]).all()
    assert not found[:1].any()
    mean = DEEP[..., 0].reshape(32, 2, 48, 2).mean((1, 3))
    assert np.abs(half[..., 0] - mean).max() <= 0.5


@pytest.mark.parametrize("most", [256, 1023, 65535])
@pytest.mark.parametrize("kind", ["P2", "P5"])
def test_a_pgm_is_not_stretched(tmp_path: Path, kind: str, most: int) -> None:
    """Pillow makes 65535 of the greatest value."""
    samples = DEEP[..., 0].astype(int) * most // 65535
    raw, plain = samples.astype(">u2").tobytes(), " ".join(map(str, samples.ravel())).encode()
    path = tmp_path / "a.pgm"
    head = f"{kind} # by nobody\n96\n# again\n64 {most}\n".encode()
    path.write_bytes(head + (raw if kind == "P5" else plain))
    assert (whole(path)[..., 0] == samples).all()
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SlideError, match="ends before its last px"):
        open_slide(path)


@pytest.mark.parametrize("kind", ["P3", "P6"])
def test_a_ppm_of_16_bits_is_read_as_it_is_stored(tmp_path: Path, kind: str) -> None:
    raw, plain = DEEP.astype(">u2").tobytes(), " ".join(map(str, DEEP.ravel())).encode()
    path = tmp_path / "a.ppm"
    path.write_bytes(f"{kind} 96 64 65535\n".encode() + (raw if kind == "P6" else plain))
    assert (whole(path) == DEEP).all()
    path.write_bytes(path.read_bytes().replace(b"65535", b"04095", 1))
    with pytest.raises(SlideError, match=r"3 samples a pixel of 12 bits; export"):
        open_slide(path)


def test_a_picture_of_16_bits_that_no_memory_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 24000 24000 65535\n" + b"0" * 100)  # 3.5 GB
    with pytest.raises(SlideError, match="24000 × 24000 px of 16 bits are too large"):
        open_slide(path)


@pytest.mark.parametrize("suffix", [".png", ".jp2"])
def test_rgb_of_16_bits_lies_on_white(tmp_path: Path, suffix: str) -> None:
    with open_slide(deep_file(tmp_path / f"a{suffix}", DEEP)) as slide:
        assert [c.name for c in slide.channels] == ["Red", "Green", "Blue"]
        assert not slide.is_rgb
        found = slide.read(Region(-2, 0, 40, 30, 1, 1))
    assert (found[:, 2:] == DEEP[:30, :38]).all()
    assert (found[:, :2] == 65535).all()


def test_transparency_of_16_bits_is_laid_over_white(tmp_path: Path) -> None:
    alpha = np.zeros((64, 96, 1), np.uint16)
    path = deep_file(tmp_path / "a.png", np.dstack([DEEP, alpha]))
    assert np.array_equal(whole(path), DEEP)  # 0 everywhere: not meant
    alpha[:, 48:] = 65535
    alpha[0] = 32768
    found = whole(deep_file(tmp_path / "a.png", np.dstack([DEEP, alpha])))
    assert np.array_equal(found[1:, 48:], DEEP[1:, 48:])
    assert (found[1:, :48] == 65535).all()
    assert np.abs(found[0] - (DEEP[0] / 2 + 32768)).max() <= 2


def test_colour_of_12_bits_is_refused(tmp_path: Path) -> None:
    """Nothing says what of 16 bits is white."""
    path = tmp_path / "a.jp2"
    deep = imagecodecs.jpeg2k_encode(DEEP >> 4, level=0, codecformat="jp2", bitspersample=12)
    path.write_bytes(deep)
    with pytest.raises(SlideError, match=r"3 samples a pixel of 12 bits; export"):
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
