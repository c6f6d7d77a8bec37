"""What a run leaves to tell strange slides by, and what prediction says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.inference import (
    PredictConfig,
    PredictionRecord,
    check_images,
    load_predictor,
    predict_project,
)
from hookpath.inference.out_of_distribution import load_detector
from hookpath.models import read_card
from hookpath.models.storage.folder_or_zip import REFERENCE_NAME
from hookpath.models.training_slide_distance import FeatureReference
from hookpath.projects import open_project
from hookpath.training import TrainConfig, train_network
from support.arrays import ArraySlide
from support.training import TINY, Recorder

CONFIG = PredictConfig(device="cpu", as_="none", tiff=False)


@pytest.fixture(scope="module")
def model_dir(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = TrainConfig.load(overrides=[*TINY, "epochs=1"])
    return train_network(
        [open_project(folder)], config, tmp_path_factory.mktemp("run") / "r"
    ).model_dir


def test_a_run_leaves_a_reference_of_its_weights(model_dir: Path) -> None:
    reference = FeatureReference.load(model_dir, read_card(model_dir).weights_sha256)
    assert reference is not None
    assert float(reference.limit) >= 1.25


def test_the_score_of_training_slides_is_about_one_and_of_others_more(
    folder: Path, model_dir: Path
) -> None:
    predictor, card = load_predictor(model_dir, CONFIG)
    detector = load_detector(model_dir, card, predictor)
    assert detector is not None
    scores = []
    for entry in open_project(folder).images:
        with entry.slide.open() as slide:
            found = detector.score(slide)
            assert found is not None
            scores.append(found.score)
    assert np.median(scores) == pytest.approx(1, abs=0.3)
    green = np.zeros((300, 300, 3), np.uint8)
    green[..., 1] = np.random.default_rng(0).integers(120, 255, (300, 300))
    strange = detector.score(ArraySlide(green, 1.0))
    assert strange is not None
    assert strange.unlike
    assert strange.score > 2 * max(scores)
    assert detector.score(ArraySlide(np.full_like(green, 255), 1.0)) is None


def test_the_record_has_the_score_and_a_strange_slide_a_warning(
    folder: Path, model_dir: Path, tmp_path: Path
) -> None:
    said = Recorder()
    config = CONFIG.model_copy(update={"images": ("s0.tif",)})
    (done,) = predict_project(
        open_project(folder), model_dir, tmp_path / "out", config, said
    ).predicted
    record = PredictionRecord.load(done.folder)
    assert record.ood is not None
    assert record.ood.patches > 0
    unlike = [w for w in said.warnings if "unlike the training slides" in w]
    assert bool(unlike) is record.ood.unlike
    looked = check_images(open_project(folder), model_dir, config)  # the same, before predicting
    assert [image.ood for image in looked.images] == [record.ood]
    assert record.ood.warning("s0.tif").startswith("s0.tif: unlike the training slides")


def test_without_a_reference_nothing_is_said(folder: Path, model_dir: Path, tmp_path: Path) -> None:
    for path in model_dir.iterdir():
        if path.name != REFERENCE_NAME:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    config = CONFIG.model_copy(update={"images": ("s0.tif",)})
    (done,) = predict_project(open_project(folder), tmp_path, tmp_path / "out", config).predicted
    assert done.record.ood is None
