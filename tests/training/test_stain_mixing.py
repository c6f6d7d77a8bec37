"""Which stains a run shows its patches in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from hookpath.models import build_model
from hookpath.projects import open_project
from hookpath.sampling import AugmentationConfig
from hookpath.sampling.stain_profiles import ReinhardProfile, StainMixing
from hookpath.training import RunFolder, TrainConfig, train_network
from hookpath.training.data.stains_to_mix import with_stain_mixing
from hookpath.training.data.training_data import gather
from support.training import TINY, Recorder

MIXED = [*TINY, "augmentation=mixed", "validation.fraction=0", "epochs=1", "steps_per_epoch=2"]


def made(folder: Path, *more: str) -> tuple[TrainConfig, StainMixing | None, Recorder]:
    config = TrainConfig.load(overrides=[*MIXED, *more])
    reporter, projects = Recorder(), [open_project(folder)]
    data = gather(projects, config, reporter)
    model = build_model("unet", n_classes=2, input_size=44, depth=1, filters=2)
    return *with_stain_mixing(projects, data, config, model, reporter), reporter


@pytest.fixture
def alone(folder: Path, tmp_path: Path) -> Path:
    """A folder with one slide only."""
    drawing = sorted(folder.glob("*.geojson"))[0]
    for path in folder.glob(f"{drawing.stem}.*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_slides_without_annotations_lend_their_stain(folder: Path, alone: Path) -> None:
    taught = sorted(folder.glob("*.geojson"))[0].stem
    other = next(p for p in sorted(folder.iterdir()) if p.suffix == ".tif" and p.stem != taught)
    shutil.copy(other, alone / "nothing drawn.tif")
    config, mixing, reporter = made(alone)
    assert mixing is not None
    assert any("stains of 2 slides, 1 of them held out" in text for text in reporter.infos)
    assert (len(mixing.own), len(mixing.all)) == (1, 2)
    assert config.augmentation.stain_mixing == 1


def test_one_slide_alone_is_varied_moderately(alone: Path) -> None:
    config, mixing, reporter = made(alone)
    assert mixing is None
    assert config.augmentation == TrainConfig.load(overrides=["augmentation=moderate"]).augmentation
    assert any("no second slide" in text for text in reporter.infos)


def test_it_is_not_mixed_beside_a_normalisation(folder: Path) -> None:
    config, mixing, _ = made(folder, "normalisation=reinhard")
    assert mixing is None
    assert not config.augmentation.stain_mixing
    assert config.augmentation == AugmentationConfig.moderate()


def test_a_run_that_mixes_goes_on_as_it_began(folder: Path, tmp_path: Path) -> None:
    """The whole way: trained, resumed by its own record, the same weights twice."""
    weights = []
    for name in ("one", "two"):
        config = TrainConfig.load(overrides=MIXED)
        run = train_network([open_project(folder)], config, tmp_path / name)
        assert RunFolder(run.run_dir).record().config["augmentation"]["stain_mixing"] == 1
        weights.append((run.model_dir / "weights.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_every_known_slide_can_be_drawn() -> None:
    profiles = tuple(
        ReinhardProfile(means=(-k / 10, 0.0, 0.0), spreads=(0.4, 0.1, 0.1)) for k in range(1, 4)
    )
    mixing = StainMixing(profiles[:1], profiles)
    drawn = [mixing(0, other, 1.0) for other in torch.linspace(0, 0.999, 30).tolist()]
    assert drawn[:10] == [None] * 10
    assert len({str(change) for change in drawn[10:]}) == 2
