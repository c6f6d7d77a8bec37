"""Several models as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import ModelDesignError, ModelFolderError
from hookpath.inference import PredictConfig, PredictReport, predict_project
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.predictors.ensemble import Ensemble, Member, mean_of
from hookpath.inference.predictors.predictor_factory import load_predictor
from hookpath.models import EnsembleFile, ModelCard, card_at, save_model
from hookpath.projects import open_project
from hookpath.slides import open_slide
from support.networks import random_network
from support.predictors import CLASSES
from support.textures import texture_folder


def saved(folder: Path, seed: int, classes: ClassTable = CLASSES, spacing: float = 1.0) -> Path:
    """A tiny U-Net."""
    options = {"spacings": (spacing,), "input_size": 92, "depth": 2, "filters": 3}
    model = random_network("unet", seed, n_classes=len(classes), **options)
    save_model(folder, model, ModelCard.describe(model, classes))
    return folder


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ensemble")
    texture_folder(root / "slides", slides=1, size=300)
    saved(root / "a", 1)
    saved(root / "b", 2)
    return root


def predict(work: Path, out: Path, *models: Path, **changes: Any) -> PredictReport:
    config = PredictConfig(device="cpu", as_="none", tissue=False, **changes)
    return predict_project(open_project(work / "slides"), list(models), out, config)


def maps(report: PredictReport) -> tuple[np.ndarray, np.ndarray]:
    (found,) = report.predicted
    names = ("classes.tif", "probabilities.tif")
    labels, probabilities = (tifffile.imread(found.folder / name) for name in names)
    return labels, probabilities.astype(int)


@pytest.mark.parametrize("tiles", [(None, None), (64, 128)])
def test_probabilities_are_the_mean_however_each_cuts_its_rows(
    work: Path, tmp_path: Path, tiles: Sequence[int | None]
) -> None:
    one = maps(predict(work, tmp_path / "1", work / "a"))[1]
    other = maps(predict(work, tmp_path / "2", work / "b"))[1]
    members = []
    for name, tile in zip("ab", tiles, strict=True):
        config = PredictConfig(device="cpu", tile=tile)
        members.append(Member(name, load_predictor(work / name, config)[0], (0, 1)))
    with open_slide(work / "slides/s0.tif") as slide, open_slide(slide.path) as again:
        job = Ensemble(members).job(slide, tissue=False)
        rows = list(job.rows((slide, again), lambda _: None))
        whole = np.concatenate([row.probabilities(2) for row in rows], axis=1)
        labels = np.concatenate([row.labels() for row in rows])
        (part,) = job.part((slide,), Box(40, 50, 100, 90), lambda _: None)
    assert whole.shape == one.shape
    assert np.abs(whole - (one + other) / 2).max() <= 1, "other tiles round other numbers"
    clear = np.abs(whole[0].astype(int) - whole[1]) > 2
    assert np.array_equal(labels[clear], whole.argmax(axis=0)[clear] + 1)
    assert np.abs(part.probabilities.astype(int) - whole[:, 50:140, 40:140]).max() <= 1
    there = clear[50:140, 40:140]
    assert np.array_equal(part.labels[there], labels[50:140, 40:140][there])


def test_a_model_and_itself_are_that_model(work: Path, tmp_path: Path) -> None:
    alone = maps(predict(work, tmp_path / "1", work / "a"))
    twice = maps(predict(work, tmp_path / "2", work / "a", work / "a"))
    assert np.array_equal(alone[0], twice[0])
    assert np.array_equal(alone[1], twice[1])


def test_classes_in_another_order_are_the_same_classes(work: Path, tmp_path: Path) -> None:
    turned = saved(tmp_path / "turned", 1, ClassTable(CLASSES.classes[::-1]))
    one = maps(predict(work, tmp_path / "1", turned))
    both = maps(predict(work, tmp_path / "2", work / "a", turned))
    a = maps(predict(work, tmp_path / "3", work / "a"))
    assert np.abs(both[1] - (a[1] + one[1][::-1]) / 2).max() <= 0.5


def test_an_ensemble_is_a_folder_and_its_members_order_does_not_matter(
    work: Path, tmp_path: Path
) -> None:
    EnsembleFile(members=("a", "b")).save(work)
    out = tmp_path / "out"
    (found,) = predict(work, out, work).predicted
    assert found.record.model["family"] == "ensemble"
    assert predict(work, out, work / "b", work / "a").predicted == ()
    assert card_at(work).weights_sha256 == found.record.model["weights_sha256"]
    (work / "ensemble.json").write_text('{"members": ["../elsewhere"]}')
    with pytest.raises(ModelFolderError, match=r"ensemble\.json: is not what hookpath wrote"):
        predict(work, out, work)


def test_what_does_not_fit_together_is_refused_by_name(work: Path, tmp_path: Path) -> None:
    other = saved(tmp_path / "other", 1, ClassTable((PathClass("Dark"), PathClass("Fat"))))
    with pytest.raises(ModelDesignError, match=r"other tells Dark, Fat apart, .*a Dark, Pale"):
        predict(work, tmp_path / "out", work / "a", other)
    coarse = saved(tmp_path / "coarse", 1, spacing=2.0)
    (problem,) = predict(work, tmp_path / "out", work / "a", coarse).problems
    assert "coarse answers at 2 µm/px" in problem.message


def test_where_one_says_nothing_the_others_count() -> None:
    nothing = np.zeros((1, 2), np.uint8), np.zeros((2, 1, 2), np.uint8)
    some = np.array([[1, 0]], np.uint8), np.array([[[200, 0]], [[55, 0]]], np.uint8)
    labels, chances = mean_of([nothing, some])
    assert labels.tolist() == [[1, 0]]
    assert chances.tolist() == [[[200, 0]], [[55, 0]]]
