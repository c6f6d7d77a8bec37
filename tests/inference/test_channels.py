"""A model takes the channels that it has learned, by name, wherever they lie in an image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import ExportError, ModelFolderError
from hookpath.export import export_model
from hookpath.inference import PredictConfig, PredictReport, predict_project
from hookpath.inference.seeing import scales_of
from hookpath.models import ModelCard, save_model
from hookpath.projects import open_project
from support.families import class_table
from support.multiplex import NAMES, coded, write_ome
from support.networks import red_network
from support.slides import write_pyramid

CONFIG = PredictConfig(min_area_um2=1, device="cpu", tissue=False)
#: (x, y, width, height) in level-0 px of what is bright in CD20 alone.
SPOTS = ((21, 35, 17, 12), (90, 11, 9, 30), (121, 61, 26, 20))


def spotted(names: Sequence[str] = NAMES) -> np.ndarray:
    """``(C, 96, 160)`` uint16: the place's code in all channels but CD20, which has the spots."""
    pixels = coded(len(names))
    pixels[list(names).index("CD20")] = 300
    for x, y, w, h in SPOTS:
        pixels[list(names).index("CD20"), y : y + h, x : x + w] = 9000
    return pixels


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """Class B where CD20, the second of two channels, is above half of its range."""
    model = red_network(channel=1, in_channels=2)
    scales = [{"name": "DAPI", "low": 0, "high": 600}, {"name": "CD20", "low": 300, "high": 9300}]
    norm = {"scale": 1 / 255, "channels": scales}
    save_model(tmp_path / "m", model, ModelCard.describe(model, class_table(2), normalisation=norm))
    return tmp_path / "m"


def predicted(tmp_path: Path, model_dir: Path, slides: Path) -> PredictReport:
    return predict_project(open_project(slides), model_dir, tmp_path / "out", CONFIG)


def folder_of(tmp_path: Path, names: Sequence[str]) -> Path:
    folder = tmp_path / "slides"
    folder.mkdir(exist_ok=True)
    write_ome(folder / "a.ome.tif", spotted(names), names=names, mpp=1.0)
    return folder


@pytest.mark.parametrize("names", [NAMES, ("CD20", "CK", "DAPI"), ("cd8", "DAPI", " CD20")])
def test_objects_lie_where_the_channel_is_bright_whatever_its_place(
    tmp_path: Path, model_dir: Path, names: tuple[str, ...]
) -> None:
    plain = [n.strip().replace("cd8", "CD8") for n in names]
    folder = tmp_path / "slides"
    folder.mkdir()
    write_ome(folder / "a.ome.tif", spotted(plain), names=names, mpp=1.0)
    (found,) = predicted(tmp_path, model_dir, folder).predicted
    spots = [o for o in found.objects if o.path_class and o.path_class.name == "B"]
    centres = sorted((o.geometry.centroid.x, o.geometry.centroid.y, o.geometry.area) for o in spots)
    for (x, y, area), (left, top, w, h) in zip(centres, SPOTS, strict=True):
        assert abs(x - (left + w / 2)) < 1
        assert abs(y - (top + h / 2)) < 1
        assert area == pytest.approx(w * h, rel=0.01)


def test_an_image_without_the_channel_fails_by_name_and_the_rest_goes_on(
    tmp_path: Path, model_dir: Path
) -> None:
    folder = folder_of(tmp_path, NAMES)
    write_ome(folder / "b.ome.tif", coded(2), names=("DAPI", "CD3"), mpp=1.0)
    write_pyramid(folder / "c.tif", np.zeros((64, 64, 3), np.uint8), 1.0, levels=1)
    report = predicted(tmp_path, model_dir, folder)
    assert [p.record.image for p in report.predicted] == ["a.ome.tif"]
    lacking, rgb = report.problems
    assert "has no channel CD20; its channels are DAPI, CD3" in lacking.message
    assert "has no channels DAPI, CD20; its channels are Red, Green, Blue" in rgb.message
    assert {p.code for p in report.problems} == {"channels"}


def test_a_model_of_rgb_refuses_an_image_that_is_none(tmp_path: Path) -> None:
    model = red_network()
    save_model(tmp_path / "m", model, ModelCard.describe(model, class_table(2)))
    (problem,) = predicted(tmp_path, tmp_path / "m", folder_of(tmp_path, NAMES)).problems
    assert "no 8-bit RGB image (4 channels of uint16: DAPI, CD8, CK, CD20)" in problem.message


def test_a_strangers_channels_are_checked(model_dir: Path) -> None:
    card = json.loads((model_dir / "model.json").read_text())
    card["normalisation"]["channels"][0]["high"] = -1
    with pytest.raises(ModelFolderError, match=r"normalisation\.channels is not valid"):
        scales_of(ModelCard.model_validate(card))


def test_formats_for_rgb_refuse_a_model_of_channels(tmp_path: Path, model_dir: Path) -> None:
    with pytest.raises(ExportError, match="takes channels of images that are no RGB"):
        export_model(model_dir, tmp_path / "fast", to="fastpathology")
