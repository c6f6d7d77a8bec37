"""H2G-Net by two processes, as torchrun starts them: every stage is shared."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

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
#: Without augmentation, which every process draws for its own share, and with steps so small that
#: Adam, which makes much of the sign of next to nothing, does not tell the two apart.
SAME = (
    "device=cpu", "learning_rate=1e-4", "epochs=1", "steps_per_epoch=3", *_PLAIN,
    "stages.classifier.learning_rate=1e-7", "stages.classifier.steps_per_epoch=2",
    *(f"stages.classifier.{setting}" for setting in _PLAIN),
)  # fmt: skip


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Heatmaps by torch: OpenVINO's threads do not outlive a fork (torchrun does not fork)."""
    by_torch = partial(PredictConfig, engine="torch")
    monkeypatch.setattr(h2gnet_classifiers, "PredictConfig", by_torch)
    return a_pair(monkeypatch)


def test_two_processes_make_the_system_that_one_makes(
    folder: Path, tmp_path: Path, pair: Pair
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    train([open_project(folder)], config(*SAME), one)
    assert pair.run(lambda: train([open_project(folder)], config(*SAME), two)) == 0
    maps = sorted(path.name for path in (one / "heatmaps").iterdir())
    assert sorted(path.name for path in (two / "heatmaps").iterdir()) == maps
    for name in maps:  # of 255 steps; a classifier that differs by rounding may be one off
        theirs, ours = (Heatmap.load(run / "heatmaps" / name).values for run in (one, two))
        assert np.abs(ours.astype(int) - theirs).max() <= 1
    (alone,), (shared,) = rows_of(one), rows_of(two)
    assert [v for k, v in alone.items() if k.startswith("pixels:")] == [
        v for k, v in shared.items() if k.startswith("pixels:")
    ]
    assert float(shared["loss"]) == pytest.approx(float(alone["loss"]), rel=1e-2)
    weights = [load_model(run / "model")[0].state_dict() for run in (one, two)]
    for name, value in weights[0].items():
        assert weights[1][name].numpy() == pytest.approx(value.numpy(), abs=1e-3), name


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
