"""Whole slides to files and objects with networks that go patch by patch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from shapely import box

from hookpath.annotations import PathObject
from hookpath.errors import ModelDesignError, ModelFolderError, PredictionError
from hookpath.export import export_model
from hookpath.inference import (
    PredictConfig,
    SlidePrediction,
    load_predictor,
    predict_project,
    predict_slide,
    predictor_of,
)
from hookpath.inference.roi.clip_objects_to_roi import REGION_KEY
from hookpath.models import ModelCard, Network, save_model
from hookpath.projects import open_project
from hookpath.slides import open_map
from support.arrays import ArraySlide
from support.networks import random_network
from support.patch_networks import RedPatches
from support.predictors import CLASSES
from support.textures import texture_folder

PALE, DARK = (230, 190, 210), (90, 50, 120)
WIDE = PredictConfig(tissue=False, simplify_um=0, device="cpu")


def quarters(dark: tuple[int, int, int, int], side: int = 640, mpp: float = 0.5) -> ArraySlide:
    """Pale, with one dark rectangle (x0, y0, x1, y1)."""
    image = np.empty((side, side, 3), np.uint8)
    image[:] = PALE
    x0, y0, x1, y1 = dark
    image[y0:y1, x0:x1] = DARK
    return ArraySlide(image, mpp)


def card_of(model: Network) -> ModelCard:
    return ModelCard.describe(model, CLASSES, weights_sha256="0" * 64)


def predict(slide: ArraySlide, out: Path, config: PredictConfig = WIDE, **more: Any) -> Any:
    model = RedPatches(32).eval()
    return predict_slide(model, card_of(model), slide, out, config, **more)


def outline(found: SlidePrediction, name: str) -> PathObject:
    (one,) = [o for o in found.objects if o.path_class and o.path_class.name == name]
    return one


def test_a_slide_becomes_a_map_of_patches_and_their_outlines(tmp_path: Path) -> None:
    """Patches of 32 µm are 64 level-0 px; the rectangle is 2 × 3 of them."""
    found = predict(quarters((64, 128, 192, 320)), tmp_path)
    expected = np.full((10, 10), CLASSES.label("Pale"))
    expected[2:5, 1:3] = CLASSES.label("Dark")
    assert np.array_equal(tifffile.imread(tmp_path / "classes.tif"), expected)
    assert tifffile.imread(tmp_path / "probabilities.tif").shape == (2, 10, 10)
    dark, pale = outline(found, "Dark"), outline(found, "Pale")
    assert dark.geometry.equals(box(64, 128, 192, 320))
    assert pale.geometry.equals(box(0, 0, 640, 640).difference(dark.geometry))
    assert dark.measurements["Area µm^2"] == 6 * 32 * 32
    record = found.record
    assert (record.spacing_um, record.downsample) == (32.0, (64.0, 64.0))
    assert (record.width, record.height) == (10, 10)
    assert record.areas_mm2 == pytest.approx({"Dark": 6 * 0.032**2, "Pale": 94 * 0.032**2})
    with open_map(tmp_path / "classes.tif") as map_file:
        assert map_file.spacing_um == pytest.approx(32.0)


def test_outlines_of_coarse_maps_keep_their_size_and_lose_small_pieces(tmp_path: Path) -> None:
    config = WIDE.model_copy(update={"min_area_um2": 7 * 32 * 32, "simplify_um": 0.5})
    found = predict(quarters((64, 128, 192, 320)), tmp_path, config)
    assert outline(found, "Pale").geometry.area == 640 * 640  # the hole is as small: filled
    assert len(found.objects) == 1


def test_a_slide_that_ends_within_a_patch_is_covered_to_its_end(tmp_path: Path) -> None:
    found = predict(quarters((0, 0, 1, 1), side=650), tmp_path)
    assert (found.record.width, found.record.height) == (11, 11)
    assert outline(found, "Pale").geometry.bounds == (0, 0, 650, 650)


def test_inside_a_drawn_region_objects_are_cut_to_it(tmp_path: Path) -> None:
    annotated = PathObject(geometry=box(100, 150, 180, 310))
    found = predict(quarters((64, 128, 192, 320)), tmp_path, roi=[annotated])
    dark = outline(found, "Dark")
    assert dark.geometry.equals(annotated.geometry)
    assert dark.metadata[REGION_KEY] == str(annotated.id)
    assert dark.measurements["Area µm^2"] == pytest.approx(80 * 160 / 4)
    labels = tifffile.imread(tmp_path / "classes.tif")
    assert (labels > 0).sum() == 2 * 3  # the patches that it touches


def test_a_slide_too_coarse_for_the_input_is_refused_however_coarse_the_map(
    tmp_path: Path,
) -> None:
    with pytest.raises(PredictionError, match="the model needs 1 or finer"):
        predict(quarters((0, 0, 9, 9), mpp=2.0), tmp_path)


def test_overlap_is_part_of_what_a_run_is(tmp_path: Path) -> None:
    slide = quarters((64, 128, 192, 320))
    once = predict(slide, tmp_path)
    half = predict(slide, tmp_path, WIDE.model_copy(update={"overlap": 0.5}))
    assert once.record.run != half.record.run
    assert (half.record.spacing_um, half.record.width) == (16.0, 20)


def mrn() -> Network:
    return random_network(
        "mrn", 3, n_classes=2, spacings=(1.0, 2.0), input_size=32, depth=2, filters=3
    )


def saved(folder: Path, model: Network) -> Path:
    save_model(folder, model, ModelCard.describe(model, CLASSES))
    return folder


def test_a_project_is_predicted_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    slides = texture_folder(tmp_path / "slides", slides=2, size=160)
    model_dir = saved(tmp_path / "model", mrn())
    runs = [
        predict_project(open_project(slides), model_dir, tmp_path / "out", WIDE) for _ in range(2)
    ]
    assert runs[0].problems == ()
    assert [len(r.predicted) for r in runs] == [2, 0]
    assert runs[1].resumed == runs[0].predicted
    assert all(found.record.objects > 0 for found in runs[0].predicted)


@pytest.mark.parametrize(
    ("family", "config"),
    [
        ("mrn", {"spacings": (1.0, 2.0), "input_size": 32, "depth": 2}),
        ("unet", {"spacings": (1.0,), "input_size": 76, "depth": 2}),
    ],
)
def test_an_exported_model_predicts_what_the_torch_one_does(
    tmp_path: Path, family: str, config: dict[str, Any]
) -> None:
    model_dir = saved(
        tmp_path / "model", random_network(family, 3, n_classes=2, filters=3, **config)
    )
    export_model(model_dir, tmp_path / "exported")
    slides = texture_folder(tmp_path / "slides", slides=1, size=160)
    maps, runs = [], []
    for folder in (model_dir, tmp_path / "exported"):
        out = tmp_path / f"out {folder.name}"
        (found,) = predict_project(open_project(slides), folder, out, WIDE).predicted
        maps.append(tifffile.imread(found.folder / "probabilities.tif").astype(int))
        runs.append(found.record.run)
    assert maps[0].std() > 1
    assert np.abs(maps[0] - maps[1]).max() <= 1  # of 255: rounding
    assert runs[0] != runs[1]


def test_an_exported_model_whose_file_is_damaged_is_one_clear_error(tmp_path: Path) -> None:
    card = ModelCard.describe(RedPatches(), CLASSES, onnx_sha256="0" * 64)
    (tmp_path / "model.json").write_text(card.model_dump_json())
    (tmp_path / "model.onnx").write_bytes(b"something else")
    with pytest.raises(ModelFolderError, match="not the network that"):
        load_predictor(tmp_path)


def test_a_card_without_the_network_s_classes_is_one_clear_error(tmp_path: Path) -> None:
    model = random_network("unet", n_classes=2, filters=2)
    save_model(tmp_path, model, ModelCard.describe(model, list(CLASSES)[:1]))
    with pytest.raises(ModelFolderError, match="names 1 classes, but the network tells 2 apart"):
        load_predictor(tmp_path)


def test_a_network_that_gives_no_classes_is_one_clear_error() -> None:
    class Scale(RedPatches):
        scores = "magnification"  # type: ignore[assignment]

    with pytest.raises(ModelDesignError, match="gives no classes"):
        predictor_of(Scale(), card_of(RedPatches()))
