"""Patches of images that are no RGB: TIFF with the channels as they are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import UsageError
from hookpath.extraction import ExtractConfig, ExtractReport, Magnification, extract_projects
from hookpath.projects import open_project
from hookpath.slides import open_slide
from support.multiplex import coded, write_ome

AT = (Magnification.parse("10x"),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slides").mkdir()
    write_ome(tmp_path / "slides" / "a.ome.tif", coded(), levels=1, mpp=1.0)
    return tmp_path / "slides"


def extract(folder: Path, **settings: object) -> ExtractReport:
    config = ExtractConfig(AT, size=32, where="all", **settings)  # type: ignore[arg-type]
    return extract_projects([open_project(folder)], folder.parent / "out", config)


def test_chosen_channels_are_written_unscaled_with_their_names(folder: Path) -> None:
    report = extract(folder, image_format="tiff", channels=("CD20", "dapi"))
    assert report.problems == ()
    files = sorted(report.out_dir.rglob("*.tif"))
    assert len(files) == 15
    with open_slide(files[0]) as patch:
        assert [c.name for c in patch.channels] == ["CD20", "DAPI"]
        found = patch.read_level(0, 0, 0, 32, 32)
    x, y = int(found[0, 0, 1]) // 3, 0  # DAPI holds 3 x + y
    assert found.dtype == np.uint16
    wanted = np.moveaxis(coded()[[3, 0], y : y + 32, x : x + 32], 0, -1)
    assert (found == wanted).all()


def test_what_holds_rgb_only_says_so(folder: Path) -> None:
    (problem,) = extract(folder).problems
    assert "no 8-bit RGB image (4 channels of uint16: DAPI, CD8" in problem.message
    assert "--format tiff" in problem.message
    with pytest.raises(UsageError, match="--channels needs --format tiff"):
        extract(folder, channels=("DAPI",))
