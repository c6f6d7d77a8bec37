"""Predicting slides as a whole."""

from pathlib import Path

import numpy as np
import pytest
import shapely
import torch

from hookpath.annotations import ClassTable, PathClass
from hookpath.inference import PredictConfig, check_spacing, predict_slide, predictor_of
from hookpath.models import ModelCard, Network, build_model
from hookpath.slides import open_map, open_slide
from support.slides import write_pyramid

CLASSES = ClassTable((PathClass("Tissue", (200, 0, 0)), PathClass("Glass", (0, 0, 200))))
PURPLE, WHITE = (150, 80, 160), 245
CONFIG = PredictConfig(device="cpu", as_="none")


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1024 × 512 px of 2 µm; tissue in x 256…640, y 128…384."""
    image = np.full((512, 1024, 3), WHITE, np.uint8)
    image[128:384, 256:640] = PURPLE
    return write_pyramid(tmp_path_factory.mktemp("slides") / "wide.tif", image, mpp=2.0, levels=4)


def otsu(size: int) -> tuple[Network, ModelCard]:
    model = build_model("otsu", n_classes=2, size=size)
    return model, ModelCard.describe(model, CLASSES)


def test_the_map_lies_on_the_slide_at_its_own_resolution(wide: Path, tmp_path: Path) -> None:
    """64 px for 2048 µm: 32 µm/px, 16 level-0 px each; the padding is not in the map."""
    with open_slide(wide) as slide:
        found = predict_slide(
            *otsu(64), slide, tmp_path, CONFIG.model_copy(update={"tissue": False})
        )
    record = found.record
    assert (record.spacing_um, record.width, record.height) == (32.0, 64, 32)
    assert record.downsample == (16.0, 16.0)
    with open_map(found.folder / "classes.tif") as file:
        labels = file.read(0, 0, 64, 32)
    wanted = np.full((32, 64), 2)
    wanted[8:24, 16:40] = 1
    assert np.array_equal(labels, wanted)
    assert record.areas_mm2 == {"Tissue": 24 * 16 * 32**2 / 1e6, "Glass": 1664 * 32**2 / 1e6}


def test_glass_is_not_told_unless_asked_for(wide: Path, tmp_path: Path) -> None:
    with open_slide(wide) as slide:
        found = predict_slide(*otsu(64), slide, tmp_path, CONFIG)
    with open_map(found.folder / "classes.tif") as file:
        labels = file.read(0, 0, 64, 32)
    assert (labels[8:24, 16:40] == 1).all()
    assert (labels[:2] == 0).all()
    assert (labels[:, 50:] == 0).all()


def test_only_what_lies_in_a_drawn_area_is_reported(wide: Path, tmp_path: Path) -> None:
    area = shapely.box(256, 128, 400, 256)
    with open_slide(wide) as slide:
        found = predict_slide(*otsu(64), slide, tmp_path, CONFIG, roi=[area])
    with open_map(found.folder / "classes.tif") as file:
        labels = file.read(0, 0, 64, 32)
    assert labels[8:16, 16:25].all()
    assert np.count_nonzero(labels) == 8 * 9


def test_a_slide_smaller_than_the_overview_is_made_larger(tmp_path: Path) -> None:
    image = np.full((24, 48, 3), WHITE, np.uint8)
    image[6:18, 12:36] = PURPLE
    write_pyramid(tmp_path / "small.tif", image, mpp=2.0, levels=1, tile=16)
    with open_slide(tmp_path / "small.tif") as slide:
        predictor = predictor_of(*otsu(96), CONFIG)
        check_spacing(slide, predictor.reads_um(slide))
        (row,) = predictor.job(slide, tissue=False).rows([slide], lambda _: None)
    assert (row.width, row.height) == (96, 48)
    assert np.count_nonzero(row.labels() == 1) == 4 * 12 * 24


def test_what_is_predicted_is_what_the_network_was_trained_on(wide: Path) -> None:
    """The same px in training and in prediction: both read by the same frame."""
    from hookpath.annotations import LabelSource
    from hookpath.sampling import AnnotatedSlide
    from hookpath.sampling.overview_samples import read_overview
    from hookpath.slides import SlideRef

    torch.manual_seed(0)
    model = build_model("unet-lr", n_classes=2, size=32, filters=(4, 8)).eval()
    source = AnnotatedSlide("w", "w", SlideRef(wide), LabelSource([], CLASSES))
    image, _ = read_overview(source, 32)
    with torch.no_grad():
        scores = model([torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255])[0][0]
    with open_slide(wide) as slide:
        job = predictor_of(model, ModelCard.describe(model, CLASSES), CONFIG).job(
            slide, None, False
        )
        (row,) = job.rows([slide], lambda _: None, as_uint8=False)  # type: ignore[call-arg]
    wanted = scores.softmax(0)[:, 8:24].numpy()
    assert np.abs(row.probabilities(2) - wanted).max() < 1e-5


def test_parts_of_a_slide_are_not_for_such_networks() -> None:
    assert not predictor_of(*otsu(16), CONFIG).local
