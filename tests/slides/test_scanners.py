"""Scanners' formats: OpenSlide is asked first, a slide may be several files, levels padded."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import SlideError
from hookpath.geometry import Region
from hookpath.slides import open_slide
from hookpath.slides.slides_in_folder import slides_among
from support.scanners import jpeg, write_dicom, write_mirax
from support.slides import position_image, pyramid_of

IMAGE = position_image(1024, 512)


def test_a_mirax_slide_is_no_jpeg(tmp_path: Path) -> None:
    """The file that scanners write is a JPEG preview; the slide lies in the folder beside it."""
    path = write_mirax(tmp_path / "s.mrxs", IMAGE, (2, 2))
    with open_slide(path) as slide:
        assert (slide.width_l0, slide.height_l0) == (1024, 512)
        assert slide.corner_in_file == (512, 512)
        assert slide.calibration.mpp == pytest.approx(0.5)
        for downsample, level in zip((1, 2), pyramid_of(IMAGE, 2), strict=True):
            size = level.shape[1], level.shape[0]
            found = slide.read(Region(0, 0, *size, downsample, downsample))
            assert np.abs(found.astype(int) - level).mean() < 1


def test_a_mirax_slide_without_its_folder_says_so(tmp_path: Path) -> None:
    path = write_mirax(tmp_path / "s.mrxs", IMAGE, (2, 2))
    (tmp_path / "s" / "Slidedat.ini").unlink()
    with pytest.raises(SlideError, match=r"s\.mrxs: .*Slidedat\.ini missing.*; copy"):
        open_slide(path)
    shutil.rmtree(tmp_path / "s")
    with pytest.raises(SlideError, match=r"s\.mrxs: .*its folder s is missing; copy"):
        open_slide(path)


def test_a_mirax_slide_in_capitals_is_to_be_renamed(tmp_path: Path) -> None:
    with pytest.raises(SlideError, match=r"s\.MRXS: .*small letters; rename"):
        open_slide(write_mirax(tmp_path / "s.MRXS", IMAGE, (2, 2)))


def test_openslides_own_reason_is_shown(tmp_path: Path) -> None:
    path = write_mirax(tmp_path / "s.mrxs", IMAGE, (2, 2))
    (tmp_path / "s" / "Index.dat").unlink()
    with pytest.raises(SlideError, match=r"takes it for mirax and refuses it \(.*Index\.dat.*\);"):
        open_slide(path)


@pytest.mark.parametrize("pad", [False, True])
def test_dicom_levels_padded_or_not_lie_where_they_should(tmp_path: Path, pad: bool) -> None:
    image = position_image(700, 600)
    first, *_ = write_dicom(tmp_path, image, pad=pad)
    with open_slide(first) as slide:
        assert [level.downsample_x for level in slide.levels] == [1, 2, 4]
        assert [level.downsample_y for level in slide.levels] == [1, 2, 4]
        for downsample, level in zip((1, 2, 4), pyramid_of(image, 3), strict=True):
            size = 640 // downsample, 512 // downsample
            found = slide.read(Region(0, 0, *size, downsample, downsample))
            assert np.abs(found.astype(int) - level[: size[1], : size[0]]).mean() < 2


def test_a_dicom_series_is_one_slide(tmp_path: Path) -> None:
    one = write_dicom(tmp_path, position_image(300, 200), series="b")
    two = write_dicom(tmp_path, position_image(200, 300), series="a")
    other = tmp_path / "no.dcm"
    other.write_bytes(b"no DICOM at all, but long enough")
    found = slides_among([*one, *two, other])
    assert list(found) == [two[0], one[0], other]
    assert {p for p, _ in found.items()} | set(found[one[0]]) >= set(one)
    assert found[other] == ()


def write_vms(folder: Path) -> list[Path]:
    """An index file and the pictures that it names; OpenSlide cannot read these."""
    parts = ["s.jpg", "s-1.JPG", "s_map.jpg", "s_macro.jpg"]
    lines = ["[Virtual Microscope Specimen]", "NoLayers=1", "ImageFile=s.jpg"]
    lines += ["ImageFile(1,0)=S-1.jpg", "MapFile=s_map.jpg", "MacroImage=s_macro.jpg"]
    (folder / "s.vms").write_text("\n".join(lines))
    for name in parts:
        (folder / name).write_bytes(jpeg(position_image(64, 64)))
    return [folder / name for name in parts]


def test_the_parts_of_a_vms_slide_are_no_slides(tmp_path: Path) -> None:
    parts = write_vms(tmp_path)
    other = tmp_path / "t.jpg"
    other.write_bytes(parts[0].read_bytes())
    assert list(slides_among([*parts, other, tmp_path / "s.vms"])) == [tmp_path / "s.vms", other]
    with pytest.raises(SlideError, match=r"is a part of the slide s\.vms; open that"):
        open_slide(parts[1])
    with open_slide(other) as slide:
        assert (slide.width_l0, slide.height_l0) == (64, 64)


def test_a_vms_that_openslide_cannot_use_says_so(tmp_path: Path) -> None:
    write_vms(tmp_path)
    with pytest.raises(SlideError, match=r"s\.vms: .*; copy"):
        open_slide(tmp_path / "s.vms")
