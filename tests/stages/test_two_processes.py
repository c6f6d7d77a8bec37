"""H2G-Net by two processes, as torchrun starts them: every stage is shared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision.models

from hookpath.errors import TrainingError
from hookpath.inference import PredictConfig
from hookpath.models import load_model
from hookpath.projects import open_project
from hookpath.sampling import Heatmap
from hookpath.stages import h2gnet_classifiers, train
from support.pairs import Pair, a_pair
from support.stages import Stopper, config
from support.training import rows_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

_PLAIN = ("augmentation.flips=false", "augmentation.stain=0")
#: Without augmentation, which every process draws for its own share.
SAME = (
    "device=cpu", "learning_rate=1e-4", "epochs=1", "steps_per_epoch=3", *_PLAIN,
    "stages.classifier.learning_rate=1e-6", "stages.classifier.steps_per_epoch=2",
    *(f"stages.classifier.{setting}" for setting in _PLAIN),
)  # fmt: skip


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Heatmaps by torch: OpenVINO's threads do not outlive a fork (torchrun does not fork)."""
    by_torch = partial(PredictConfig, engine="torch")
    monkeypatch.setattr(h2gnet_classifiers, "PredictConfig", by_torch)
    return a_pair(monkeypatch)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """MobileNetV2 of three blocks, for time: its last layer is as wide, and the head the same."""
    blocks = [[1, 16, 1, 1], [6, 24, 1, 2], [6, 32, 1, 2]]
    made = partial(torchvision.models.mobilenet_v2, inverted_residual_setting=blocks)
    monkeypatch.setattr(torchvision.models, "mobilenet_v2", made)


@pytest.fixture
def in_double(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything in float64, whose rounding is no excuse.

    In float32 Adam, which makes a step of next to nothing as soon as it has a sign, and batch
    normalisation over four pixels carry rounding to 0.2 % of running variances.
    """
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("in_double", "small")
def test_two_processes_make_the_system_that_one_makes(
    folder: Path, tmp_path: Path, pair: Pair
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    train([open_project(folder)], config(*SAME), one)
    assert pair.run(lambda: train([open_project(folder)], config(*SAME), two)) == 0
    maps = sorted(path.name for path in (one / "heatmaps").iterdir())
    assert sorted(path.name for path in (two / "heatmaps").iterdir()) == maps
    for name in maps:
        theirs, ours = (Heatmap.load(run / "heatmaps" / name).values for run in (one, two))
        assert np.array_equal(ours, theirs)
    (alone,), (shared,) = rows_of(one), rows_of(two)
    for name in ("loss", "val_loss", *(key for key in alone if key.startswith("pixels:"))):
        assert float(shared[name]) == pytest.approx(float(alone[name]), rel=1e-9), name
    whole, parted = (load_model(run / "model")[0].state_dict() for run in (one, two))
    torch.testing.assert_close(parted, whole, rtol=0, atol=1e-9)


def test_what_cannot_be_shared_is_refused_first(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pair: Pair
) -> None:
    """Also where it is the classifiers' setting."""
    asked = config(*SAME, "stages.classifier.batch_size=3")

    def refused() -> None:
        with pytest.raises(TrainingError, match="batch_size 3 cannot be shared by 2 processes"):
            train([open_project(folder)], asked, tmp_path / "run", reporter=Stopper())

    def waits() -> None:
        with pytest.raises(RuntimeError):
            train([open_project(folder)], asked, tmp_path / "run")

    assert pair.run(refused, waits) == 0
    assert not (tmp_path / "run").exists()
