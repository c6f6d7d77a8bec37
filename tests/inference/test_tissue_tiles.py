"""Which squares of a slide are wanted, by each rule for tissue."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hookpath.inference import PredictConfig
from hookpath.inference.roi.tissue_tiles import CellRule, OutputGrid, Tissue, cover_of
from hookpath.models import ModelCard
from hookpath.slides import SlideRef
from support.slides import write_pyramid

#: Squares of 8 px at 8 µm/px that need tissue of their own on more than a quarter.
RULE = CellRule(side=8, grown_um=0, share=0.25)


def wanted(path: Path, tissue: Tissue) -> list[tuple[int, int]]:
    """(row, column) of the wanted squares."""
    with SlideRef(path).open() as slide:
        grid = OutputGrid.of_slide(slide, 8.0)
        cells = cover_of(slide, grid, tissue=tissue, rule=RULE).cells
    return [(int(row), int(column)) for row, column in np.argwhere(cells)]


def test_by_saturation_grey_is_no_tissue_and_a_quarter_is_too_little(tmp_path: Path) -> None:
    image = np.full((64, 64, 3), 240, np.uint8)
    image[8:16, 8:16] = (200, 120, 170)
    image[32:48, 32:48] = 110
    image[48:56, 16:18] = (200, 120, 170)  # a quarter of the square (6, 2), not more
    image[48:56, 8:11] = (200, 120, 170)
    path = write_pyramid(tmp_path / "s.tif", image, mpp=8.0, levels=1)
    assert wanted(path, "saturation") == [(1, 1), (6, 1)]
    assert set(wanted(path, True)) > {(1, 1), (4, 4), (5, 5)}
    assert wanted(path, True) == wanted(path, "generous")
    assert len(wanted(path, False)) == 64


def test_by_itself_glass_is_wanted_where_the_model_was_taught_on_it() -> None:
    card = ModelCard(family="unet", config={}, classes=[], branches=[], output_um=1.0)
    for glass in (False, True):
        taught = card.model_copy(update={"glass": glass})
        assert PredictConfig().for_model(taught).cover is not glass
        assert PredictConfig(tissue=True).for_model(taught).cover is True
        assert PredictConfig(tissue=False).for_model(taught).cover is False
    plain = PredictConfig().for_model(card)
    assert plain.run_id("ab" * 32) == PredictConfig(tissue=True).run_id("ab" * 32)


def test_the_rule_is_a_setting_and_another_run() -> None:
    runs = {PredictConfig(tissue=t).run_id("ab" * 32) for t in (True, False, "saturation")}
    assert len(runs) == 3
