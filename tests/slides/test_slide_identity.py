"""Which slide it is: content, µm/px, crop and reader decide; path and time do not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hookpath.geometry import Calibration
from hookpath.slides import SlideIdentity, SlideRef
from hookpath.slides import slide_identity as identity_module
from hookpath.slides.slide_identity import content_of
from support.scanners import write_dicom, write_mirax
from support.slides import position_image, write_pyramid


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_pyramid(tmp_path / "a.tif", position_image(128, 96), 0.5)


def test_says_what_is_in_use(path: Path) -> None:
    found = SlideRef(path).identity()
    assert (found.size, found.corner, found.reader) == ((128, 96), (0, 0), "tifffile")
    assert found.mpp == pytest.approx((0.5, 0.5))
    assert found.bytes == path.stat().st_size


def test_neither_path_nor_time_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = SlideRef(path).identity()
    os.utime(path, (1, 1))
    copy = path.parent / "copies" / "other.tif"
    copy.parent.mkdir()
    shutil.copyfile(path, copy)
    link = path.with_name("link.tif")
    link.symlink_to(path)
    monkeypatch.chdir(path.parent)
    several = (path, copy, link, Path("a.tif"), Path("../") / path.parent.name / "a.tif")
    assert {SlideRef(p).identity().key for p in several} == {here.key}


def test_every_spacing_in_use_is_a_slide_of_its_own(path: Path) -> None:
    half, whole = Calibration.square(0.5), Calibration.square(1.0)
    bare = write_pyramid(path.with_name("bare.tif"), position_image(128, 96), None)
    refs = [
        SlideRef(bare),
        SlideRef(bare, assumed=half),
        SlideRef(bare, assumed=whole),
        SlideRef(bare, calibration=Calibration(0.5, 0.25)),
        SlideRef(bare, calibration=half, overruling=Calibration.square(2.0)),
    ]
    assert len({ref.identity().key for ref in refs}) == len(refs)
    # Who says it does not matter.
    assert SlideRef(bare, calibration=half).identity() == refs[1].identity()
    assert SlideRef(bare, half, assumed=whole).identity() == refs[1].identity()


def test_one_byte_makes_another_slide(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, times = content_of(path), path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
    assert content_of(path) != before


def test_of_a_large_slide_the_ends_and_steps_between_are_looked_at(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_module, "WHOLE_BYTES", 0)
    monkeypatch.setattr(identity_module, "_STRETCH", 16)
    data = bytearray(path.read_bytes())
    starts = identity_module._starts(len(data), identity_module._STRETCHES)
    assert (starts[0], starts[-1], len(starts)) == (0, len(data) - 16, 64)
    for place, seen in ((0, True), (starts[7] + 15, True), (starts[7] + 16, False), (-1, True)):
        before, times = content_of(path), path.stat()
        data[place] ^= 1
        path.write_bytes(bytes(data))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
        assert (content_of(path) != before) == seen


def test_all_files_of_a_slide_count(tmp_path: Path) -> None:
    path = write_mirax(tmp_path / "a.mrxs", position_image(512, 512), (2, 2))
    shutil.copyfile(path, tmp_path / "b.mrxs")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    whole = SlideRef(tmp_path / "a.mrxs").identity()
    assert SlideRef(tmp_path / "b.mrxs").identity() == whole
    part = next(p for p in (tmp_path / "b").iterdir() if p.suffix == ".dat")
    part.write_bytes(part.read_bytes() + b" ")
    assert content_of(tmp_path / "b.mrxs")[0] != whole.content


def test_a_dicom_series_is_one_slide_by_each_of_its_levels(tmp_path: Path) -> None:
    paths = write_dicom(tmp_path, position_image(300, 200), levels=2)
    assert len({content_of(path) for path in paths}) == 1


def test_the_crop_counts(tmp_path: Path) -> None:
    path = write_mirax(tmp_path / "a.mrxs", position_image(512, 512), (2, 2))
    cropped, whole = (SlideRef(path, crop_to_bounds=c).identity() for c in (True, False))
    if cropped.size != whole.size:
        assert cropped.key != whole.key
        assert "cropped otherwise" in cropped.difference(whole)


def test_a_difference_is_said_in_words() -> None:
    then = SlideIdentity(content="a", bytes=7, mpp=(0.5, 0.5), size=(9, 9), reader="openslide")
    assert then.difference(then) == ""
    assert then.difference(then.model_copy(update={"reader": "tifffile"})) == ""
    assert then.difference(then.model_copy(update={"mpp": None})) == ""
    assert then.difference(then.model_copy(update={"mpp": (1.0, 1.0)})) == (
        "of another pixel size (1 µm/px, then 0.5)"
    )
    assert "8 bytes, then 7" in then.difference(then.model_copy(update={"bytes": 8}))
    assert "other content" in then.difference(then.model_copy(update={"content": "b"}))
    # A record of an earlier version knew only the length.
    assert SlideIdentity(bytes=7).difference(then) == ""
