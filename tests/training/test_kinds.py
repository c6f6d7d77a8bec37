"""Networks that say one thing about a whole patch train, stop and go on as the others do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hookpath.errors import ModelDesignError, TrainingError, UsageError
from hookpath.geometry import BranchSpec
from hookpath.models import FAMILIES, load_model, read_card
from hookpath.projects import open_project
from hookpath.sampling import Batch
from hookpath.training import TrainConfig, TrainResult, train_network, training_loop
from hookpath.training.data import dataloaders
from hookpath.training.data.dataloaders import Feed, Order
from hookpath.training.run.metrics_log import TIME_COLUMNS
from support.stand_ins import TinyClassifier, TinyScale
from support.training import TINY, Recorder, rows_of

PATCHES = ("family=tiny-classifier", "loss_weight=none", "checkpoint_every=3")
SCALES = ("family=tiny-scale", "checkpoint_every=3", "epochs=2")
SIZES = ("model.input_size=24", "model.filters=4")


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    for network in (TinyClassifier, TinyScale):
        monkeypatch.setitem(FAMILIES, network.family, network)
    monkeypatch.setitem(dataloaders._FEEDS, "scales", grey_feed)


def config(*overrides: str) -> TrainConfig:
    shared = [o for o in TINY if not o.startswith("model.")]
    return TrainConfig.load(overrides=[*shared, *SIZES, *overrides])


def run(project: Path, run_dir: Path, *overrides: str, **options: Any) -> TrainResult:
    return train_network([open_project(project)], config(*overrides), run_dir, **options)


class GreyStream:
    """Patches whose grey value is ten times their magnification."""

    patches = 12

    def __init__(self, size: int, end: int | None) -> None:
        self.size, self.end, self.at = size, end, 0
        self.pixel_counts = np.zeros(0, np.int64)

    def __next__(self) -> Batch:
        draw = np.random.default_rng(self.at)
        self.at += 1
        magnification = torch.from_numpy(draw.choice([5.0, 10.0, 20.0], self.size)).float()
        grey = (10 * magnification).byte()[:, None, None, None].expand(-1, 3, 24, 24)
        index = torch.zeros(self.size, dtype=torch.int64)
        spec = (BranchSpec(1.0, 24, 24),)
        return Batch([grey.contiguous()], [magnification[:, None, None]], index, spec)

    def __iter__(self) -> Iterator[Batch]:
        assert self.end is not None
        self.at = 0
        return itertools.islice(iter(self.__next__, None), self.end)

    def state_dict(self) -> dict[str, Any]:
        return {"at": self.at}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.at = state["at"]

    def close(self) -> None:
        pass


def grey_feed(order: Order) -> Feed:
    assert [len(part) for part in (order.data.train, order.data.val)] == [2, 1]
    return GreyStream(order.config.batch_size, None), GreyStream(4, 3)


def test_patches_of_two_easy_classes_are_told_apart(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "run", *PATCHES, "steps_per_epoch=24")
    assert result.score == "macro F1"
    assert result.best_f1 == result.best_score
    assert result.best_f1 is not None
    assert result.best_f1 > 0.9
    model, card = load_model(result.model_dir)
    assert model.heads == (0, 0, 1), "a combined head and one per scale: n + 1 losses"
    assert (card.scores, card.output_um) == ("patches", 24.0)
    assert card.metrics["validation_kappa"] > 0.8
    rows = rows_of(tmp_path / "run")
    assert max(float(row["f1"]) for row in rows) == result.best_f1
    assert all(0 <= float(row["balanced_accuracy"]) <= 1 for row in rows)


def test_magnifications_need_nothing_drawn(folder: Path, tmp_path: Path) -> None:
    project = bare_copy(folder, tmp_path / "project")
    recorder = Recorder()
    result = run(project, tmp_path / "run", *SCALES, "steps_per_epoch=80", reporter=recorder)
    assert (result.score, result.best_f1) == ("R²", None)
    assert result.best_score is not None
    assert result.best_score > 0.5
    card = read_card(result.model_dir)
    assert (card.classes, card.metrics["validation_r2"]) == ([], result.best_score)
    assert set(recorder.rows[0]) >= {"loss", "r2", "mse", "kappa", "balanced_accuracy"}


def bare_copy(folder: Path, to: Path) -> Path:
    """The slides alone."""
    to.mkdir()
    for slide in folder.glob("*.tif"):
        (to / slide.name).symlink_to(slide)
    return to


@pytest.mark.parametrize("kind", [PATCHES, SCALES])
@pytest.mark.parametrize("call", [4, 11])
def test_what_was_stopped_goes_on_as_if_nothing_had_happened(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: tuple[str, ...], call: int
) -> None:
    run(folder, tmp_path / "whole", *kind)
    with monkeypatch.context() as patched:
        patched.setattr(training_loop, "train_step", dying(training_loop.train_step, call))
        with pytest.raises(KeyboardInterrupt):
            run(folder, tmp_path / "run", *kind)
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", tmp_path / "whole")


FAMILIES_AT_WORK = {
    "mrn": ("model.spacings=[1.0, 2.0]", "model.depth=1", "model.filters=2", "model.input_size=32"),
    "classifier": (
        "model.input_size=32", "backbone_weights=none", "sampler=hierarchical",
        "augmentation.stain=0.1", "augmentation.scale=0.2",
    ),
    "scale": ("model.input_size=32", "model.magnifications=[4, 5, 8]", "backbone_weights=none"),
    "unet-lr": ("model.size=32", "model.filters=[2, 4]", "at_once=2"),
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES_AT_WORK)
def test_every_kind_of_family_goes_on_exactly(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    """From the slides, as people train them, stopped within the second epoch."""
    monkeypatch.undo()
    settings = TrainConfig.load(
        preset="fast",
        overrides=[
            f"family={family}", "batch_size=4", "epochs=2", "steps_per_epoch=3",
            "checkpoint_every=1", "validation.max_patches=8", *FAMILIES_AT_WORK[family],
        ],
    )  # fmt: skip
    train_network([open_project(folder)], settings, tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(training_loop, "train_step", dying(training_loop.train_step, 6))
        with pytest.raises(KeyboardInterrupt):
            train_network([open_project(folder)], settings, tmp_path / "run")
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", tmp_path / "whole")


def assert_same(run_dir: Path, whole: Path) -> None:
    """All that is reproducible is equal: metrics and weights."""
    rows = [
        [{k: v for k, v in row.items() if k not in TIME_COLUMNS} for row in rows_of(d)]
        for d in (run_dir, whole)
    ]
    assert rows[0] == rows[1]
    cards = [read_card(d / "model") for d in (run_dir, whole)]
    assert cards[0].weights_sha256 == cards[1].weights_sha256


def dying(function: Callable[..., Any], call: int) -> Callable[..., Any]:
    """`function`, interrupted when it is called for the given time (from 1)."""
    calls = itertools.count(1)

    def wrapped(*args: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return function(*args)

    return wrapped


def test_the_background_class_is_given_by_its_name(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "run", *PATCHES, "epochs=1", "background=Pale")
    assert read_card(result.model_dir).config["background"] == 2


@pytest.mark.parametrize(
    ("error", "message", "overrides"),
    [
        (UsageError, "background 'Fog' is not a class; there are: Dark, Pale",
         (*PATCHES, "background=Fog")),
        (ModelDesignError, "unet gives no class to whole patches",
         ("family=unet", "background=Pale")),
        (ModelDesignError, "unet has no backbone; drop",
         ("family=unet", "backbone_weights=imagenet")),
        (ModelDesignError, "unknown model family 'hoknet'; did you mean 'hooknet'",
         ("family=hoknet",)),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_family_is_refused_before_anything_is_written(
    folder: Path, tmp_path: Path, error: type[Exception], message: str, overrides: tuple[str, ...]
) -> None:
    with pytest.raises(error, match=message) as caught:
        train_network(
            [open_project(folder)],
            TrainConfig.load(overrides=["preset=fast", *overrides]),
            tmp_path / "run",
        )
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_few_patches_at_once_are_one_step_all_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four slides six times a step, as in H2G-Net, is a batch of 24 with four at once."""
    sizes: list[int] = []
    gradients = training_loop.gradients  # type: ignore[attr-defined]

    def watched(session: Any, batch: Batch, size: int) -> torch.Tensor:
        sizes.append(size)
        return gradients(session, batch, size)

    monkeypatch.setattr(training_loop, "gradients", watched)
    result = run(folder, tmp_path / "run", *PATCHES, "epochs=1", "at_once=3")
    assert set(sizes) == {3}
    assert result.steps == len(sizes) == 8


def test_one_patch_at_a_time_says_what_to_change(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Normalisation over one value per channel is no normalisation."""
    pooled = TinyClassifier.forward

    def normalised(self: TinyClassifier, images: Any) -> list[torch.Tensor]:
        norm = torch.nn.BatchNorm1d(2).train(self.training)
        return [norm(x[:, :, 0, 0])[..., None, None] for x in pooled(self, images)]

    monkeypatch.setattr(TinyClassifier, "forward", normalised)
    message = r"two patches at a time or more; start a run with a larger batch_size \(4\) or at_onc"
    with pytest.raises(TrainingError, match=message):
        run(folder, tmp_path / "run", *PATCHES, "at_once=1")


def test_weights_to_start_from_are_not_looked_for_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(TinyClassifier, "load_backbone", lambda s, w, warn: asked.append(w))
    run(folder, tmp_path / "run", *PATCHES, "epochs=1", "backbone_weights=imagenet")
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert asked == ["imagenet"]


def test_validation_slides_without_a_clear_patch_say_so(folder: Path, tmp_path: Path) -> None:
    """Patches of 720 µm on slides of 256: whatever is annotated is a small part of them."""
    message = "the validation slides hold no patch of a clear class; check that their polygons"
    wide = ("model.input_size=24", "model.spacings=[30.0]")
    recorder = Recorder()
    with pytest.raises(TrainingError, match=message):
        run(folder, tmp_path / "run", *PATCHES, *wide, reporter=recorder)
    assert "epoch 1: nothing to learn from, since no patch was clearly of" in recorder.warnings[-1]
