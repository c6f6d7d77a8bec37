"""A model takes the channels that it has learned, by name, wherever they lie in an image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from shapely import box

from hookpath.annotations import read_geojson
from hookpath.annotations.object_planes import plane_of
from hookpath.errors import ExportError, ModelDesignError, ModelFolderError
from hookpath.evaluation.predictions.prediction_folder import PredictionsFolder
from hookpath.evaluation.slide_evaluation import annotated_images
from hookpath.export import export_model
from hookpath.inference import PredictConfig, PredictReport, predict_project
from hookpath.inference.predictors.model_input_channels import scales_of
from hookpath.loop.proposals.tissue_outlines import TissueSettings, outline_tissue
from hookpath.models import ModelCard, read_card, save_model
from hookpath.models.storage.model_card_page import card_page
from hookpath.projects import PlaneChoice, open_project
from hookpath.slides import SlideRef
from support.families import class_table
from support.multiplex import NAMES, coded, write_ome, write_strokes
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


def test_results_lie_on_the_plane_that_was_predicted(tmp_path: Path, model_dir: Path) -> None:
    """And come back to the score of what is annotated there."""
    planes = np.stack([spotted()[[0, 3]]] * 3)
    planes[0, 1] = planes[1, 1] = 300  # CD20 shows on the last plane only
    folder = tmp_path / "slides"
    folder.mkdir()
    path = folder / "a.ome.tif"
    write_ome(path, planes, names=["DAPI", "CD20"], axes="ZCYX", mpp=1.0)
    x, y, w, h = SPOTS[0]
    strokes = {"B": [(x, y, x + w, y + h)], "A": [(0, 70, 100, 96)]}
    write_strokes(folder / "a.ome.geojson", strokes, plane=(2, 0))
    config = CONFIG.model_copy(update={"planes": PlaneChoice(z="all")})
    for _ in range(2):  # the second time nothing is left to do
        project = open_project(folder)
        report = predict_project(project, model_dir, tmp_path / "out", config)
        assert report.problems == ()
        objects = project.images[0].objects()
        spots = [o for o in objects if o.run and o.path_class and o.path_class.name == "B"]
        assert [plane_of(o) for o in spots] == [(2, 0)] * 3
        assert {plane_of(o) for o in objects if o.run} == {(0, 0), (1, 0), (2, 0)}
    assert len(report.resumed) == 3
    written = read_geojson(report.resumed[2].folder / "objects.geojson")
    assert {plane_of(o) for o in written} == {(2, 0)}
    images, problems = annotated_images(project)
    assert (len(images), problems) == (1, [])
    scored = PredictionsFolder(tmp_path / "out")(images[0].entry)
    assert scored is not None


def test_the_plane_that_qupath_shows_first_is_predicted_unless_told(
    tmp_path: Path, model_dir: Path
) -> None:
    planes = np.stack([spotted()[[0, 3]]] * 3)
    folder = tmp_path / "slides"
    folder.mkdir()
    write_ome(folder / "a.ome.tif", planes, names=["DAPI", "CD20"], axes="ZCYX", mpp=1.0)
    (found,) = predicted(tmp_path, model_dir, folder).predicted
    assert found.record.plane == (1, 0)
    wrong = CONFIG.model_copy(update={"planes": PlaneChoice(z=(3,))})
    report = predict_project(open_project(folder), model_dir, tmp_path / "out", wrong)
    assert "has no plane z = 3 (0 to 2)" in report.problems[0].message


def test_models_that_take_channels_differently_are_averaged(
    tmp_path: Path, model_dir: Path
) -> None:
    alone = red_network(in_channels=1)
    norm = {"scale": 1 / 255, "channels": [{"name": "cd20", "low": 0, "high": 10000}]}
    card = ModelCard.describe(alone, class_table(2), normalisation=norm)
    save_model(tmp_path / "other", alone, card)
    project = open_project(folder_of(tmp_path, NAMES))
    both = [model_dir, tmp_path / "other"]
    (found,) = predict_project(project, both, tmp_path / "out", CONFIG).predicted
    spots = [o for o in found.objects if o.path_class and o.path_class.name == "B"]
    assert sorted(o.geometry.area for o in spots) == sorted(w * h for _, _, w, h in SPOTS)
    rgb = red_network()
    save_model(tmp_path / "rgb", rgb, ModelCard.describe(rgb, class_table(2)))
    with pytest.raises(ModelDesignError, match=r"rgb is of RGB, .* of other channels"):
        predict_project(project, [model_dir, tmp_path / "rgb"], tmp_path / "out", CONFIG)


def test_the_page_about_a_model_tells_its_channels(model_dir: Path) -> None:
    page = card_page(read_card(model_dir))
    assert "| DAPI | 0 | 600 |\n| CD20 | 300 | 9300 |" in page.replace(".0", "")


def test_tissue_of_fluorescence_is_outlined_whatever_the_threshold(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(90, 111, (2, 256, 256))
    noise[1, 32:96, 32:96] += 900
    path = write_ome(tmp_path / "a.ome.tif", noise.astype(np.uint16), levels=1, mpp=20.0)
    with SlideRef(path).open() as slide:
        (found,) = outline_tissue(slide, TissueSettings(smooth_um=0, simplify_um=0))
    assert found.geometry.contains(box(33, 33, 95, 95))
    assert found.geometry.area < 80 * 80
