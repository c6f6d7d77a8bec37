"""A pixel classifier from strokes to a predicted slide."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hookpath.annotations import ClassTable
from hookpath.baselines import (
    PixelClassifier,
    PixelSettings,
    PixelSlides,
    classifier_prediction,
    fit,
    load_classifier,
    save_classifier,
)
from hookpath.baselines.stroke_features import annotated_pixels, balanced
from hookpath.errors import ModelFolderError, TrainingError, UsageError
from hookpath.inference import PredictConfig, Predictor, predict_images
from hookpath.inference.aligned_tile_grids import Box
from hookpath.projects import ImageEntry, open_project
from hookpath.sampling import AnnotatedSlide, load_source
from support.evaluation import BLUE, GREEN, RED, write_slide
from support.slides import write_pyramid

CLASSES = ClassTable((RED, BLUE))

#: At 1 µm/px of a slide of 0.5: strokes of 20 × 10 px of the one class, 10 × 10 px of the other.
STROKES = [(RED, 20, 20, 60, 40), (BLUE, 160, 200, 180, 220)]

FEW = {"sigmas": (1.0, 2.0), "trees": 5, "depth": 4, "pixels": 200}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One slide: its left half is dark and rough, its right half bright and smooth."""
    folder = tmp_path_factory.mktemp("slides")
    path = write_slide(folder, "halves.tif", STROKES)
    image = np.full((256, 256, 3), 190, np.uint8)
    image[:, :128] = np.random.default_rng(0).integers(60, 140, (256, 128, 3))
    write_pyramid(path, image, 0.5)
    return folder


def entry_of(folder: Path) -> ImageEntry:
    return next(iter(open_project(folder).images))


def source_of(folder: Path) -> AnnotatedSlide:
    entry = entry_of(folder)
    return load_source(entry, entry.objects(), CLASSES)


@pytest.fixture(scope="module", params=["trees", "ann"])
def classifier(request: pytest.FixtureRequest, folder: Path) -> PixelClassifier:
    settings = PixelSettings.of({"head": request.param, **FEW})
    return fit([source_of(folder)], CLASSES, settings, seed=0)


def labels_of(classifier: PixelClassifier, folder: Path) -> np.ndarray:
    with entry_of(folder).slide.open() as slide:
        job = PixelSlides(classifier).job(slide, tissue=False)
        return np.concatenate([row.labels() for row in job.rows([slide], lambda _: None)])


def test_it_learns_the_strokes_and_nothing_else(folder: Path) -> None:
    source = source_of(folder)
    pixels = annotated_pixels([source], PixelSettings.of(FEW).bank)
    assert np.bincount(pixels[:, 4]).tolist() == [0, 200, 100]
    assert pixels[0].tolist() == [0, 0, 10, 10, 1]
    chosen = balanced(pixels, 2, 120, seed=3)
    assert np.bincount(chosen[:, 4]).tolist() == [0, 60, 60]
    assert len(np.unique(chosen, axis=0)) == 120
    # A class with too few pixels is drawn again and again.
    assert np.bincount(balanced(pixels, 2, 4000, seed=3)[:, 4]).tolist() == [0, 200, 200]


def test_the_halves_are_found(classifier: PixelClassifier, folder: Path) -> None:
    labels = labels_of(classifier, folder)
    assert labels.shape == (128, 128)
    # Away from the edge between the halves and from the slide's own.
    assert (labels[16:-16, 16:48] == 1).all()
    assert (labels[16:-16, 80:-16] == 2).all()


def test_small_tiles_and_parts_give_what_the_whole_slide_gives(
    classifier: PixelClassifier, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = labels_of(classifier, folder)
    with entry_of(folder).slide.open() as slide:
        job = PixelSlides(classifier).job(slide, tissue=False)
        (row,) = job.rows([slide], lambda _: None)
        certain = row.probabilities(2)
        monkeypatch.setattr(classifier_prediction, "TILE", 64)
        job = PixelSlides(classifier).job(slide, tissue=False)
        rows = list(job.rows([slide], lambda _: None))
        parts = list(job.part([slide], Box(70, 10, 20, 20), lambda _: None))
        assert job.count() == 4
    assert [(r.y_out, r.height) for r in rows] == [(0, 64), (64, 64)]
    assert np.array_equal(np.concatenate([r.labels() for r in rows]), whole)
    found = np.concatenate([r.probabilities(2) for r in rows], axis=1)
    assert np.abs(found.astype(int) - certain).max() <= 1  # of 255
    assert [p.window for p in parts] == [Box(64, 0, 64, 64)]
    assert np.array_equal(parts[0].labels, whole[:64, 64:])


def test_saved_and_loaded_it_says_the_same(
    classifier: PixelClassifier, folder: Path, tmp_path: Path
) -> None:
    card = save_classifier(tmp_path / "model", classifier, CLASSES, {})
    loaded, read = load_classifier(tmp_path / "model")
    assert read == card
    assert {p.name for p in (tmp_path / "model").iterdir()} == {"model.json", "weights.safetensors"}
    assert np.array_equal(labels_of(loaded, folder), labels_of(classifier, folder))
    weights = tmp_path / "model" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    with pytest.raises(ModelFolderError, match=r"not what model\.json describes"):
        load_classifier(tmp_path / "model")
    text = json.loads((tmp_path / "model" / "model.json").read_text())
    (tmp_path / "model" / "model.json").write_text(json.dumps({**text, "family": "unet"}))
    with pytest.raises(ModelFolderError, match="a unet, no pixel-classifier"):
        load_classifier(tmp_path / "model")


def test_it_predicts_a_project_as_networks_do(
    classifier: PixelClassifier, folder: Path, tmp_path: Path
) -> None:
    card = save_classifier(tmp_path / "model", classifier, CLASSES, {})
    predictor = PixelSlides(classifier)
    assert isinstance(predictor, Predictor)
    config = PredictConfig(as_="none", tissue=False)
    report = predict_images(open_project(folder), predictor, card, tmp_path / "out", config)
    (found,) = report.predicted
    assert found.record.classes == ("Tumor", "Stroma")
    assert found.record.model["family"] == "pixel-classifier"
    assert sum(found.record.areas_mm2.values()) == pytest.approx(128 * 128 * 1e-6)
    again = predict_images(open_project(folder), predictor, card, tmp_path / "out", config)
    assert len(again.resumed) == 1


def test_a_class_without_strokes_is_reported(folder: Path) -> None:
    source = source_of(folder)
    three = ClassTable((RED, BLUE, GREEN))
    with pytest.raises(TrainingError, match="'Other' has no pixel of 1 µm in any stroke"):
        fit([replace(source)], three, PixelSettings.of(FEW))


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(UsageError, match=r"forest: Extra inputs.*; settings are head, spacing_um"):
        PixelSettings.of({"forest": 3})
    with pytest.raises(UsageError, match="head"):
        PixelSettings.of({"head": "svm"})
