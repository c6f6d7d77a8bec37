"""The worst places of slides as pictures in a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hookpath.conversion import ClassValues
from hookpath.evaluation import evaluate_project, load_report
from hookpath.evaluation.predictions.other_programs_predictions import ForeignMaps
from hookpath.projects import FolderProject
from support.evaluation import BLUE, RED, write_slide

VALUES = ClassValues({1: RED, 2: BLUE})


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Three annotated areas, 0.5 µm/px: one right, one a quarter wrong, one all wrong but small."""
    boxes = [(RED, 0, 0, 100, 100), (RED, 120, 0, 220, 100), (BLUE, 0, 200, 20, 220)]
    write_slide(tmp_path / "slides", "a.tif", boxes)  # type: ignore[arg-type]
    labels = np.ones((256, 256), np.uint8)
    labels[0:100, 195:] = 2
    (tmp_path / "maps").mkdir()
    Image.fromarray(labels).save(tmp_path / "maps" / "a.png")
    maps = ForeignMaps(tmp_path / "maps", VALUES)
    evaluate_project(FolderProject(tmp_path / "slides"), maps=maps, out_dir=tmp_path / "out")
    return tmp_path / "out"


def test_the_largest_wrong_area_comes_first(made: Path) -> None:
    (slide,) = load_report(made).slides
    first, second = slide.places
    assert (first.label, first.predicted) == ("Tumor", "Tumor")
    assert first.wrong_mm2 == pytest.approx(25 * 100 * 0.25e-6)
    assert first.right == pytest.approx(0.75)
    assert (second.label, second.predicted, second.right) == ("Stroma", "Tumor", 0)
    assert second.wrong_mm2 == pytest.approx(400 * 0.25e-6)


def test_a_picture_shows_tissue_drawing_and_prediction(made: Path) -> None:
    place = load_report(made).slides[0].places[0]
    with Image.open(made / place.picture) as picture:
        width, height = picture.size
    assert width == 3 * height + 2 * 6
    page = (made / "report.html").read_text("utf-8")
    assert page.index("Worst places") < page.index(">Pictures<")
    assert f'href="{place.picture}"' in page
    assert "75 % right" in page


def test_a_map_that_is_right_has_no_worst_places(tmp_path: Path) -> None:
    write_slide(tmp_path / "slides", "a.tif", [(RED, 0, 0, 100, 100)])
    (tmp_path / "maps").mkdir()
    Image.fromarray(np.ones((256, 256), np.uint8)).save(tmp_path / "maps" / "a.png")
    report = evaluate_project(
        FolderProject(tmp_path / "slides"), maps=ForeignMaps(tmp_path / "maps", VALUES),
        out_dir=tmp_path / "out",
    )  # fmt: skip
    assert report.slides[0].places == ()
    assert "Worst places" not in (tmp_path / "out" / "report.html").read_text("utf-8")
