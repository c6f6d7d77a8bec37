"""Formats that OpenSlide refuses, through fastslide: every pixel where it belongs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import SlideError
from hookpath.geometry import Region
from hookpath.slides import open_slide
from hookpath.slides.channels import RGB_CHANNELS
from hookpath.slides.readers import fastslide_reader
from hookpath.slides.readers.fastslide_reader import looks_readable
from support.czi import write_czi
from support.zoo import place_code

pytestmark = pytest.mark.skipif(
    not fastslide_reader.has_fastslide(), reason="fastslide is not installed"
)

WIDTH, HEIGHT = 700, 520


@pytest.mark.parametrize("corner", [(0, 0), (-1000, 5003)])
def test_a_czi_in_colour(tmp_path: Path, corner: tuple[int, int]) -> None:
    """Its pyramid, its pixel size, and a frame that begins at the scene's corner."""
    code = place_code(WIDTH, HEIGHT)
    path = write_czi(tmp_path / "a.czi", {(0, 0, 0): code}, mpp=0.25, corner=corner)
    with open_slide(path) as slide:
        assert slide.reader.startswith("fastslide")
        assert slide.channels == RGB_CHANNELS
        assert slide.calibration.mpp == pytest.approx(0.25)
        assert [level.downsample_x for level in slide.levels] == [1, 2, 4]
        found = slide.read(Region(-10, -20, 200, 150, 1, 1))
        assert (found[:20] == 255).all()
        assert (found[20:, 10:] == code[:130, :190]).all()
        assert (slide.read(Region(512, 256, 188, 264, 1, 1)) == code[256:, 512:]).all()
        quarter = slide.read(Region(0, 0, 100, 80, 4, 4)).astype(int)
        assert np.abs(quarter - code[:320, :400].reshape(80, 4, 100, 4, 3).mean((1, 3))).max() <= 2


def test_a_czi_of_channels_and_planes(tmp_path: Path) -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    planes = {
        (c, z, 0): (x * (c + 1) + 7 * y + 13 * z).astype(np.uint16)
        for c in range(3)
        for z in range(3)
    }
    path = write_czi(tmp_path / "a.czi", planes, names=("DAPI", "CD8", "PanCK"))
    with open_slide(path) as slide:
        assert [channel.name for channel in slide.channels] == ["DAPI", "CD8", "PanCK"]
        assert (slide.dtype, slide.planes, slide.plane) == (np.uint16, (3, 1), (1, 0))
        found = slide.read(Region(300, 100, 300, 300, 1, 1))
        assert slide.read(Region(-9, -9, 5, 5, 1, 1)).max() == 0
    for c in range(3):
        assert (found[..., c] == planes[c, 1, 0][100:400, 300:600]).all()
    with open_slide(path, plane=(2, 0)) as slide:
        top = slide.read(Region(300, 100, 300, 300, 1, 1))
        assert (top == found + 13).all()


@pytest.mark.parametrize("packed", ["jpegxr", "zstd0", "zstd1"])
def test_a_packed_czi_in_colour(tmp_path: Path, packed: str) -> None:
    code = place_code(WIDTH, HEIGHT)
    path = write_czi(tmp_path / "a.czi", {(0, 0, 0): code}, packed=packed)
    with open_slide(path) as slide:
        assert (slide.read_level(0, 0, 0, WIDTH, HEIGHT) == code).all()
        assert len(slide.levels) == 3


@pytest.mark.parametrize("packed", ["jpegxr", "zstd0", "zstd1", "zstd1-bytes-apart"])
def test_packed_channels_of_16_bits(tmp_path: Path, packed: str) -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    planes = {(c, 0, 0): (x * (c + 1) * 31 + 7 * y).astype(np.uint16) for c in range(2)}
    path = write_czi(tmp_path / "a.czi", planes, names=("DAPI", "CD8"), packed=packed)
    with open_slide(path) as slide:
        found = slide.read_level(0, 0, 0, WIDTH, HEIGHT)
    for c in range(2):
        assert (found[..., c] == planes[c, 0, 0]).all()


def test_of_several_scenes_the_first_is_read_and_reported(tmp_path: Path) -> None:
    code = place_code(WIDTH, HEIGHT)
    further = {(1000, 300): 255 - code[:200, :256]}
    path = write_czi(tmp_path / "a.czi", {(0, 0, 0): code}, further=further)
    with open_slide(path) as slide:
        assert slide.notes == ("holds 2 images; the first is read",)
        assert (slide.width_l0, slide.height_l0) == (WIDTH, HEIGHT)
        assert (slide.read_level(0, 0, 0, WIDTH, HEIGHT) == code).all()


def test_a_damaged_czi_is_refused_by_name(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", {(0, 0, 0): place_code(300, 200)})
    path.write_bytes(path.read_bytes()[: 32 + 512 + 100])
    with pytest.raises(SlideError, match=r"a\.czi: .*copy all its files again"):
        open_slide(path)


def test_without_fastslide_the_way_to_it_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fastslide_reader, "has_fastslide", lambda: False)
    path = tmp_path / "a.vsi"
    path.write_bytes(bytes(64))
    with pytest.raises(SlideError, match=r"a\.vsi: reading Olympus VSI .*hookpath\[formats\]"):
        open_slide(path)


def test_a_vsi_without_its_stacks_is_no_slide(tmp_path: Path) -> None:
    (tmp_path / "a.vsi").write_bytes(b"II")
    assert not looks_readable(tmp_path / "a.vsi")
    stack = tmp_path / "_a_" / "stack1"
    stack.mkdir(parents=True)
    (stack / "frame_t.ets").write_bytes(b"x")
    assert looks_readable(tmp_path / "a.vsi")


def test_an_isyntax_is_reported_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.isyntax").write_bytes(b'<DataObject ObjectType="DPUfsImport">')
    (tmp_path / "b.isyntax").write_bytes(b"something else")
    assert looks_readable(tmp_path / "a.isyntax")
    assert not looks_readable(tmp_path / "b.isyntax")
