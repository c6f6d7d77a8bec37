"""Results that somebody changed are counted, and measured by what a person drew or confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.projects import count_edited, open_project, summarise
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
