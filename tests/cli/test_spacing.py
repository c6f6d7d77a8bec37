"""``--mpp`` and ``--override-mpp`` from the shell; what else a file holds is reported."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.slides import position_image, write_pyramid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One slide of 0.25 µm/px, one of unknown µm/px."""
    image = position_image(96, 64)
    write_pyramid(tmp_path / "known.tif", image, 0.25, levels=1, tile=64)
    write_pyramid(tmp_path / "none.tif", image[::-1], None, levels=1, tile=64)
    return tmp_path


def test_mpp_fills_in_and_says_where_it_is_not_used(hookpath, folder: Path) -> None:
    done = hookpath("info", folder, "--mpp", 1)
    assert done.code == 0, done.err
    assert "known.tif: µm/px is the file's 0.25; --mpp 1 only fills in" in done.err
    rows = {line.split()[0]: line.split() for line in done.out.splitlines() if ".tif" in line}
    assert rows["known.tif"][4] == "0.25"
    assert rows["none.tif"][4] == "1"


def test_override_mpp_overrules_and_says_so(hookpath, folder: Path) -> None:
    done = hookpath("info", folder, "--override-mpp", 1)
    assert done.code == 0, done.err
    assert "known.tif: µm/px is 1 by --override-mpp, not the file's 0.25" in done.err
    assert "none.tif" not in done.err
    assert hookpath("info", folder, "--override-mpp", 0).code == 2


def test_info_tells_of_two_files_of_one_slide(hookpath, folder: Path) -> None:
    shutil.copyfile(folder / "known.tif", folder / "copy.tif")
    done = hookpath("info", folder, "--mpp", 0.25)
    assert "copy.tif and known.tif are the same slide (equal files)" in done.err
