"""Channels and planes: what is stored comes out, by name, and goes to a network in its order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from hookpath.errors import ChannelError, SlideError
from hookpath.geometry import Region
from hookpath.slides import SlideRef, open_slide, tissue_mask
from hookpath.slides.channels import ChannelScale
from hookpath.slides.rgb_rendering import as_rgb
from hookpath.slides.tiff import tiff_page
from support.multiplex import MPP, NAMES, coded, halved, write_ome, write_qptiff
from support.slides import write_pyramid
from support.zoo import LEVELS, STORED, write_animal

SCALES = (ChannelScale(name="CK", low=2000, high=2510), ChannelScale(name="dapi ", low=0, high=255))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "float32"])
def test_every_channel_comes_out_as_it_is_stored(tmp_path: Path, dtype: str) -> None:
    pixels = coded(dtype=dtype)
    with open_slide(write_ome(tmp_path / "a.ome.tif", pixels)) as slide:
        assert tuple(c.name for c in slide.channels) == NAMES
        assert slide.dtype == dtype
        assert not slide.is_rgb
        assert slide.calibration.mpp == MPP
        assert [(level.width, level.downsample_x) for level in slide.levels] == [(160, 1), (80, 2)]
        found = slide.read_level(0, -2, -3, 20, 10)
        assert (found[3:, 2:] == np.moveaxis(pixels, 0, -1)[:7, :18]).all()
        assert (found[:3] == 0).all()  # off the slide it is dark
        assert (found[:, :2] == 0).all()
        assert (slide.read_level(1, 0, 0, 80, 48) == np.moveaxis(halved(pixels), 0, -1)).all()


def test_a_region_at_any_spacing_is_the_mean_of_what_it_covers(tmp_path: Path) -> None:
    with open_slide(write_ome(tmp_path / "a.ome.tif", coded(), levels=1)) as slide:
        exact = slide.read(Region(16, 8, 5, 4, 3.0, 3.0)).astype(int)
        between = slide.read(Region(16.25, 8.5, 5, 4, 2.5, 2.5)).astype(int)
    y, x = np.mgrid[:4, :5]
    centre = 3 * (16 + 3 * x + 1) + 8 + 3 * y + 1  # px 1 of 0, 1, 2
    assert (exact == np.stack([1000 * c + centre for c in range(4)], -1)).all()
    centre = 3 * (16.25 + 2.5 * x + 0.75) + 8.5 + 2.5 * y + 0.75
    wanted = np.stack([1000 * c + centre for c in range(4)], -1)
    assert np.abs(between - wanted).max() <= 0.5


def test_floats_are_not_rounded(tmp_path: Path) -> None:
    pixels = coded(1, dtype="float32") / 1024
    with open_slide(write_ome(tmp_path / "a.ome.tif", pixels, levels=1)) as slide:
        found = slide.read(Region(0, 0, 4, 4, 2.0, 2.0))
    assert found.dtype == np.float32
    assert found[0, 0, 0] == pytest.approx(pixels[0, :2, :2].mean(), rel=1e-6)


def test_a_network_sees_the_channels_it_wants_in_its_order(tmp_path: Path) -> None:
    path = write_ome(tmp_path / "a.ome.tif", coded())
    with SlideRef(path, channels=SCALES).open() as slide:
        assert [c.name for c in slide.channels] == ["CK", "DAPI"]
        found = slide.read(Region(0, 0, 160, 96, 1.0, 1.0))
    y, x = np.mgrid[:96, :160]
    code = 3 * x + y
    assert found.dtype == np.uint8
    assert (found[..., 0] == np.floor(code.clip(0, 510) / 2 + 0.5)).all()  # bounds 510 apart
    assert (found[..., 1] == code.clip(0, 255)).all()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["CD8", "CD3"], r"a\.ome\.tif: has no channel CD3; its channels are DAPI, CD8, CK, CD20"),
        (["FoxP3", "CD3"], r"no channels FoxP3, CD3"),
    ],
)
def test_a_channel_that_is_not_there_is_named(tmp_path: Path, names: list[str], says: str) -> None:
    path = write_ome(tmp_path / "a.ome.tif", coded())
    scales = tuple(ChannelScale(name=name, low=0, high=1) for name in names)
    with pytest.raises(ChannelError, match=says):
        SlideRef(path, channels=scales).open()


def test_rgb_and_channels_refuse_each_other(tmp_path: Path) -> None:
    rgb = write_pyramid(tmp_path / "rgb.tif", np.zeros((64, 64, 3), np.uint8), MPP, levels=1)
    with pytest.raises(ChannelError, match=r"no channels CK, dapi .*; its channels are Red, Green"):
        SlideRef(rgb, channels=SCALES).open()
    path = write_ome(tmp_path / "a.ome.tif", coded())
    with pytest.raises(ChannelError, match=r"no 8-bit RGB image \(4 channels of uint16: DAPI, CD8"):
        SlideRef(path, only_rgb=True).open()
    with SlideRef(rgb, only_rgb=True).open() as slide:
        assert slide.is_rgb


def test_names_are_told_apart_and_made_up_as_qupath_does(tmp_path: Path) -> None:
    path = write_ome(tmp_path / "a.ome.tif", coded(), names=("DAPI", "", "DAPI", " CD3 "))
    with open_slide(path) as slide:
        assert [c.name for c in slide.channels] == ["DAPI", "Channel 2", "DAPI (2)", "CD3"]


@pytest.mark.parametrize("house", ["pages", "subifds", "ome", "strips"])
@pytest.mark.parametrize("name", STORED)
def test_what_is_no_8_bit_rgb_is_taken_as_it_is(tmp_path: Path, house: str, name: str) -> None:
    (stored, options, channels), path = STORED[name], tmp_path / "slide.tif"
    levels = write_animal(path, house, stored, options)
    with open_slide(path) as slide:
        assert [c.name for c in slide.channels] == channels
        assert len(slide.levels) == (1 if house == "strips" else LEVELS)
        for index, level in enumerate(levels):
            wanted = stored(level).reshape(*level.shape[:2], -1)
            found = slide.read_level(index, 0, 0, level.shape[1], level.shape[0])
            assert found.dtype == wanted.dtype
            assert (found == wanted).all()


def test_16_bit_rgb_lies_on_white_and_shows_as_it_is(tmp_path: Path) -> None:
    stored, options, _ = STORED["rgb-16-bit"]
    levels = write_animal(tmp_path / "a.tif", "pages", stored, options)
    with open_slide(tmp_path / "a.tif") as slide:
        assert (slide.read_level(0, -5, 0, 5, 5) == 65535).all()
        shown = as_rgb(slide).read(Region(0, 0, 320, 256, 1.0, 1.0))
    assert (shown == levels[0]).all()


def test_a_qptiff_has_its_channels_names_and_levels(tmp_path: Path) -> None:
    pixels = coded(3)
    with open_slide(write_qptiff(tmp_path / "a.qptiff", pixels)) as slide:
        assert [c.name for c in slide.channels] == ["DAPI", "CD8", "CK"]
        assert slide.channels[0].color == (10, 20, 30)
        assert slide.calibration.mpp == pytest.approx(MPP)
        assert (slide.read_level(0, 0, 0, 160, 96) == np.moveaxis(pixels, 0, -1)).all()
        assert (slide.read_level(1, 0, 0, 80, 48) == np.moveaxis(halved(pixels), 0, -1)).all()


def stack(z: int, t: int, channels: int) -> Any:
    """``(T, Z, C, H, W)``; plane number t · Z + z."""
    planes = [[coded(channels, plane=i * z + j) for j in range(z)] for i in range(t)]
    return np.array(planes)


@pytest.mark.parametrize("kind", ["ome", "ome-zct", "imagej"])
def test_the_plane_that_is_asked_for_comes_out(tmp_path: Path, kind: str) -> None:
    pixels, path = stack(3, 2, 2), tmp_path / "a.ome.tif"
    if kind == "imagej":
        path = tmp_path / "a.tif"
        tifffile.imwrite(
            path, pixels, imagej=True, resolution=(2, 2), metadata={"axes": "TZCYX", "unit": "um"}
        )
    elif kind == "ome":
        write_ome(path, pixels, axes="TZCYX", levels=1)
    else:
        write_ome(path, np.moveaxis(pixels, 2, 1), axes="TCZYX", levels=1)
    for z, t in ((0, 0), (2, 0), (1, 1)):
        with open_slide(path, plane=(z, t)) as slide:
            assert (slide.planes, slide.plane) == ((3, 2), (z, t))
            assert (slide.read_level(0, 0, 0, 160, 96) == np.moveaxis(pixels[t, z], 0, -1)).all()
    with open_slide(path) as slide:
        assert slide.plane == (1, 0)  # as QuPath: the middle one, the first in time
    with pytest.raises(SlideError, match=r"no plane z = 3 \(0 to 2\)"):
        open_slide(path, plane=(3, 0))


def test_two_planes_of_a_stack_are_two_slides(tmp_path: Path) -> None:
    path = write_ome(tmp_path / "a.ome.tif", stack(3, 1, 2)[0], axes="ZCYX", levels=1)
    first, second = (SlideRef(path, plane=(z, 0)).identity() for z in (0, 1))
    assert first.key != second.key
    assert first.content == second.content


def test_a_slide_of_one_plane_has_no_other(tmp_path: Path) -> None:
    rgb = write_pyramid(tmp_path / "rgb.tif", np.zeros((64, 64, 3), np.uint8), MPP, levels=1)
    with pytest.raises(SlideError, match=r"no plane z = 1 \(only 0\)"):
        open_slide(rgb, plane=(1, 0))


def test_tissue_of_fluorescence_is_what_is_bright_in_any_channel(tmp_path: Path) -> None:
    """Whichever channel a network takes: its own may show next to nothing."""
    noise = np.random.default_rng(0).integers(90, 111, (3, 256, 256))
    noise[1, 32:96, 32:96] += 900
    path = write_ome(tmp_path / "a.ome.tif", noise.astype(np.uint16), levels=1, mpp=8.0)
    scale = (ChannelScale(name="DAPI", low=0, high=1000),)
    for ref in (SlideRef(path), SlideRef(path, channels=scale)):
        with ref.open() as slide:
            found = tissue_mask(slide)
        assert found.covers((32 * 1.0, 32.0, 96.0, 96.0))
        inside = found.mask[32:96, 32:96]
        assert inside.all()
        assert found.mask.sum() <= (64 + 2 * 4) ** 2  # with its margin of 16 µm and dust closed


def test_channels_are_shown_in_their_colours(tmp_path: Path) -> None:
    pixels = np.zeros((2, 64, 64), np.uint16)
    pixels[0, :, :32], pixels[1, :, 32:] = 1000, 4000
    path = write_ome(tmp_path / "a.ome.tif", pixels, levels=1)
    with open_slide(path) as slide:
        shown = as_rgb(slide)
        found = shown.read(Region(0, 0, 64, 64, 1.0, 1.0))
    assert shown.is_rgb
    assert (found[:, :32] == (0, 0, 255)).all()
    assert (found[:, 32:] == (0, 255, 0)).all()


def test_channels_that_nobody_wants_are_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_ome(tmp_path / "a.ome.tif", coded(), levels=1)
    with SlideRef(path, channels=SCALES).open() as slide:
        decoded: list[int] = []
        samples = tiff_page.StoredPage.samples
        monkeypatch.setattr(
            tiff_page.StoredPage,
            "samples",
            lambda page, *at: decoded.append(id(page)) or samples(page, *at),  # type: ignore[func-returns-value]
        )
        slide.read(Region(0, 0, 64, 64, 1.0, 1.0))
    assert len(decoded) == len(set(decoded)) == 2  # one tile of two channels out of four
