"""Results that somebody changed are counted, and measured by what a person drew or confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject
from hookpath.projects import FolderProject, count_edited, open_project, summarise
from support.edited import nudge_first, propose
from support.textures import texture_slide


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One slide with nothing annotated on it."""
    texture_slide(tmp_path / "a.tif", seed=0)
    return tmp_path


def test_only_what_somebody_changed_is_edited(folder: Path) -> None:
    propose(folder, "a.tif")
    (image,) = summarise(open_project(folder))
    assert (image.edited, image.results, dict(image.annotated_mm2)) == (0, 2, {})
    nudge_first(folder, "a.tif")
    project = open_project(folder)
    (image,) = summarise(project)
    assert (image.edited, image.results, list(image.annotated_mm2)) == (1, 1, ["Dark"])
    assert count_edited(project.images[0].objects()) == 1


def test_info_counts_the_stroke_and_tells_of_the_rest(folder: Path) -> None:
    propose(folder, "a.tif")
    nudge_first(folder, "a.tif")
    (image,) = summarise(open_project(folder))
    # The stroke is 10 × 40 px, less the 1 px in which outlines may differ; 1 px is 1 µm².
    assert image.annotated_mm2["Dark"] == pytest.approx(9 * 40e-6)
    (left,) = image.left_out
    assert (left["class"], left["why"]) == ("Dark", "unconfirmed")
    assert left["mm2"] == pytest.approx((80 * 80 + 40) * 1e-6)
    assert any("a changed prediction that nobody confirmed" in line for line in image.notes)


def test_a_class_that_is_read_under_another_name_is_not_edited(tmp_path: Path) -> None:
    """A foreign model may call a class what nobody's annotations can be called."""
    texture_slide(tmp_path / "a.tif", seed=0)
    for name in ("Tumor:Positive", " Tumor\u200b ", "\x1b[31mA\n0", "Cafe\u0301"):
        for run in ("first", "second"):
            (entry,) = FolderProject(tmp_path).images
            entry.write([PathObject(box(0, 0, 9, 9), path_class=PathClass(name))], run)
        assert [o.run for o in FolderProject(tmp_path).images[0].objects()] == ["second"]
