"""The multi-scale CNN learns from drawings, at three scales and with a loss for each."""

from pathlib import Path

from hookpath.models import MultiScaleCNN, load_model
from hookpath.projects import open_project
from hookpath.training import TrainConfig, train_network
from support.training import TINY, rows_of

CONFIG = (
    "family=multiscale",
    "backbone_weights=none",
    "model.backbone=mobilenet_v2",
    "model.input_size=32",
    "model.spacings=[1.0, 2.0, 4.0]",
    "model.combine=probabilities",
    "loss_weight=none",
    "epochs=1",
    "steps_per_epoch=2",
    "validation.max_patches=4",
)


def test_three_scales_and_four_losses(folder: Path, tmp_path: Path) -> None:
    shared = [o for o in TINY if not o.startswith("model.")]
    config = TrainConfig.load(overrides=[*shared, *CONFIG])
    result = train_network([open_project(folder)], config, tmp_path / "run")
    model, card = load_model(result.model_dir)
    assert isinstance(model, MultiScaleCNN)
    assert model.heads == (0, 0, 1, 2)
    assert [b.spacing_um for b in card.branches] == [1.0, 2.0, 4.0]
    assert (card.scores, card.spacing_um) == ("patches", 32.0)
    (row,) = rows_of(tmp_path / "run")
    assert float(row["loss"]) > 0
    assert row["kappa"] != ""
    assert row["balanced_accuracy"] != ""
