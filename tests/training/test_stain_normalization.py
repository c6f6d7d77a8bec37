"""Stain normalisation: training and prediction see the same recoloured pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import ExportError, ModelFolderError
from hookpath.export import export_model
from hookpath.geometry import Region
from hookpath.inference import PredictConfig, load_predictor
from hookpath.inference.predictors.model_errors import NamedSlides
from hookpath.inference.predictors.stain_normalized_slides import StainedSlides, seen, stain_target
from hookpath.models import load_model
from hookpath.models.storage.folder_or_zip import CARD_NAME
from hookpath.projects import open_project
from hookpath.sampling.loading.patch_reader import PatchReader, PatchRequest
from hookpath.sampling.stain_profiles import MacenkoProfile
from hookpath.training import RunFolder, TrainConfig, train_network
from hookpath.training.data.stain_normalization import normalised
from hookpath.training.data.training_data import gather
from hookpath.training.run.run_folder import RunRecord
from support.training import TINY, Recorder


@pytest.fixture(scope="module")
def model_dir(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = TrainConfig.load(overrides=[*TINY, "normalisation=macenko", "epochs=1"])
    return train_network(
        [open_project(folder)], config, tmp_path_factory.mktemp("run") / "r"
    ).model_dir


def test_the_card_tells_the_stain_and_old_cards_have_none(model_dir: Path) -> None:
    _, card = load_model(model_dir)
    assert card.normalisation["scale"] == 1 / 255
    assert isinstance(stain_target(card), MacenkoProfile)
    plain = card.model_copy(update={"normalisation": {"scale": 1 / 255}})
    assert stain_target(plain) is None


def test_training_reads_what_prediction_reads(folder: Path, model_dir: Path) -> None:
    """The very same pixels of every slide, and not those of the file."""
    model, card = load_model(model_dir)
    config = TrainConfig.load(overrides=[*TINY, "normalisation=macenko"])
    data = gather([open_project(folder)], config, Recorder())
    data = normalised(data, "macenko", model, Recorder())
    region = Region(40, 40, 24, 24, 1, 1)
    changed = 0
    for source in [*data.train, *data.val]:
        out = np.empty((24, 24, 3), np.uint8)
        reader = PatchReader([source])
        reader.read(PatchRequest(0, (region,), ()), [out])
        reader.close()
        with source.slide.open() as slide:
            assert np.array_equal(seen(slide, stain_target(card)).read(region), out)
            changed += not np.array_equal(slide.read(region), out)
    assert changed


def test_prediction_and_preview_are_shown_recoloured_slides(folder: Path, model_dir: Path) -> None:
    predictor, card = load_predictor(model_dir, PredictConfig(device="cpu"))
    assert isinstance(predictor, NamedSlides)
    assert isinstance(predictor.of, StainedSlides)
    entry = open_project(folder).images[0]
    with entry.slide.open() as slide:
        job = predictor.job(slide, tissue=False)
        rows = [row.probabilities(2) for row in job.rows([slide], lambda _: None)]
        plain = predictor.of.of.job(slide, tissue=False)
        target = stain_target(card)
        expected = plain.rows([seen(slide, target)], lambda _: None)
        assert np.array_equal(
            np.concatenate(rows, 1), np.concatenate([r.probabilities(2) for r in expected], 1)
        )


def test_a_strangers_stain_is_checked(model_dir: Path, tmp_path: Path) -> None:
    for name in ("weights.safetensors", CARD_NAME):
        (tmp_path / name).write_bytes((model_dir / name).read_bytes())
    card = json.loads((tmp_path / CARD_NAME).read_text())
    card["normalisation"]["stain"]["strengths"] = [0, "x"]
    (tmp_path / CARD_NAME).write_text(json.dumps(card))
    with pytest.raises(ModelFolderError, match=r"normalisation\.stain is not valid"):
        load_predictor(tmp_path, PredictConfig(device="cpu"))


def test_programs_that_do_not_recolour_get_no_such_model(model_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="trained on slides recoloured"):
        export_model(model_dir, tmp_path / "out", "wsinfer")


def test_the_setting_is_kept_on_resume(model_dir: Path) -> None:
    record: RunRecord = RunFolder(model_dir.parent).record()
    assert record.config["normalisation"] == "macenko"
