"""``--mpp`` fills in what is missing; only ``--override-mpp`` overrules, and both say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hookpath.errors import MissingSpacingError
from hookpath.projects import open_project, spacing_remarks
from hookpath.projects.folder_store.folder_project import FOLDER_FILE  # type: ignore[attr-defined]
from support.slides import position_image, write_pyramid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of `file` the file says 0.25 µm/px, of `project` the folder says 0.3, of `none` nothing."""
    for name, mpp in (("file", 0.25), ("none", None), ("project", 0.25)):
        write_pyramid(tmp_path / f"{name}.tif", position_image(64, 64), mpp, levels=1, tile=64)
    said = {"images": {"project.tif": {"mpp": 0.3}}}
    (tmp_path / FOLDER_FILE).write_text(json.dumps(said))
    return tmp_path


def spacings(folder: Path, mpp: float | None = None, override: float | None = None) -> list[float]:
    project = open_project(folder, mpp, override_mpp=override)
    found = []
    for entry in project.images:
        with entry.slide.open() as slide:
            found.append(slide.calibration.mpp)
    return found


def remarks(folder: Path, mpp: float | None = None, override: float | None = None) -> list[str]:
    return list(spacing_remarks(open_project(folder, mpp, override_mpp=override)))


def test_mpp_fills_in_what_is_missing(folder: Path) -> None:
    assert spacings(folder, mpp=1.0) == pytest.approx([0.25, 1.0, 0.3])
    file, project = remarks(folder, mpp=1.0)
    assert file == (
        "file.tif: µm/px is the file's 0.25; --mpp 1 only fills in what is missing "
        "(--override-mpp overrules)"
    )
    assert project.startswith("project.tif: µm/px is the project's 0.3; --mpp 1")


def test_override_mpp_overrules_and_says_so(folder: Path) -> None:
    assert spacings(folder, override=1.0) == [1.0, 1.0, 1.0]
    assert remarks(folder, override=1.0) == [
        "file.tif: µm/px is 1 by --override-mpp, not the file's 0.25",
        "project.tif: µm/px is 1 by --override-mpp, not the project's 0.3",
    ]


def test_a_value_that_agrees_needs_no_word(folder: Path) -> None:
    assert [line.split(":")[0] for line in remarks(folder, mpp=0.25)] == ["project.tif"]
    assert [line.split(":")[0] for line in remarks(folder, override=0.3)] == ["file.tif"]


def test_without_either_the_missing_is_missing(folder: Path) -> None:
    assert remarks(folder) == []
    with pytest.raises(MissingSpacingError, match="none"):
        spacings(folder)
