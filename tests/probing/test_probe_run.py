"""A probe goes through the same door as every other family."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hookpath.events import SilentReporter
from hookpath.inference import PredictConfig, check_images
from hookpath.inference.dense.tile_loop import DensePredictor
from hookpath.inference.engines.tile_runner import TorchRunner
from hookpath.inference.roi.tissue_tiles import OutputGrid, cover_of
from hookpath.models import FeatureProbe, load_model
from hookpath.probing.feature_lattice import Lattice
from hookpath.probing.tile_features import Describer
from hookpath.projects import open_project
from hookpath.stages import train
from hookpath.training import TrainConfig, TrainResult
from hookpath.training_preview import look
from support.training import Recorder, rows_of

SMALL = (
    "family=probe", "model.depth=2", "model.spacings=[1.0, 2.0]", "model.input_size=64",
    "probe.copies=1", "amp=off",
)  # fmt: skip


def settings(*more: str) -> TrainConfig:
    return TrainConfig.load(overrides=[*SMALL, *more])


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainResult, Recorder]:
    recorder = Recorder()
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOOKPATH_CACHE", str(root / "cache"))
        return train([open_project(folder)], settings(), root / "run", reporter=recorder), recorder


def test_two_easy_classes_are_told_apart_on_the_slide_left_out(
    run: tuple[TrainResult, Recorder],
) -> None:
    result, recorder = run
    assert result.best_f1 is not None
    assert result.best_f1 > 0.99
    assert (result.epochs, result.steps, recorder.steps) == (1, 1, 1)
    assert not [w for w in recorder.warnings if "validation" in w]
    (row,) = rows_of(result.run_dir)
    assert int(row["pixels:Dark"]) > 1000


def test_the_model_folder_predicts_the_slide(
    run: tuple[TrainResult, Recorder], folder: Path
) -> None:
    model, card = load_model(run[0].model_dir)
    assert isinstance(model, FeatureProbe)
    assert [c.name for c in card.classes] == ["Dark", "Pale"]
    with open_project(folder).images[0].slide.open() as slide:
        predictor = DensePredictor(TorchRunner(model, "cpu"), tile=128)
        plan = predictor.plan(cover_of(slide, OutputGrid.of_slide(slide, 1.0), tissue=False))
        labels = np.concatenate([row.labels() for row in predictor.rows(slide, plan)])
    inner = labels[24:-24]  # at its edge the slide is seen beside white
    assert (inner[:, 24:112] == 1).all()
    assert (inner[:, 144:-24] == 2).all()


def test_it_knows_how_unlike_its_slides_another_is(
    run: tuple[TrainResult, Recorder], folder: Path
) -> None:
    found = check_images(open_project(folder), run[0].model_dir, PredictConfig(device="cpu"))
    assert found.has_reference
    assert all(image.ood is not None and not image.ood.unlike for image in found.images)


def test_a_finished_run_is_not_done_again(run: tuple[TrainResult, Recorder], folder: Path) -> None:
    again = train([open_project(folder)], None, run[0].run_dir, resume=True)
    assert again == run[0]


def test_what_it_will_take_is_measured_and_what_was_measured_is_kept(folder: Path) -> None:
    first = look([open_project(folder)], settings(), patches=1).cost
    assert (first.unit, first.minutes) == ("tile", None)
    assert first.step_s is not None
    again = look([open_project(folder)], settings(), patches=1).cost
    assert again.steps < first.steps
    for _ in range(20):  # in the end there is nothing left to be computed
        again = look([open_project(folder)], settings(), patches=1).cost
        if again.step_s is None:
            break
    assert (again.steps, again.step_s) == (0, None)


def test_the_same_run_gives_the_same_weights(
    run: tuple[TrainResult, Recorder], folder: Path, tmp_path: Path
) -> None:
    again = train([open_project(folder)], settings(), tmp_path / "run", reporter=SilentReporter())
    first, second = (load_model(r.model_dir)[0].state_dict() for r in (run[0], again))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_cell_has_one_vector_whatever_is_computed_along_with_it(
    run: tuple[TrainResult, Recorder], folder: Path
) -> None:
    """A cell has the same features whichever tiles are made along with its own."""
    model, _ = load_model(run[0].model_dir)
    assert isinstance(model, FeatureProbe)
    with open_project(folder).images[0].slide.open() as slide:
        lattice = Lattice.of(model, slide)
        describer = Describer(model, "cpu")
        tiles = dict(describer.tiles(lattice, [slide], {(0, 0), (0, 1)}))
        whole = dict(describer.tiles(lattice, [slide], {(0, 0), (0, 1), (1, 0), (1, 1)}))
    for key, vectors in tiles.items():
        assert vectors.shape == (32 * 32, model.head.mean.shape[0])
        assert np.abs(vectors.astype(np.float32) - whole[key]).max() < 2e-2


def test_every_feature_knows_its_view() -> None:
    """What changes when one view's image does are that view's features, and no others."""
    torch.manual_seed(0)
    model = FeatureProbe(2, (1.0, 2.0, 4.0), input_size=128, depth=3).eval()
    images = [torch.rand(1, 3, b.input_size, b.input_size) for b in model.branches]
    seen: list[torch.Tensor] = []
    model.features.register_forward_hook(lambda _m, _i, out: seen.append(out))
    with torch.inference_mode():
        model(images)
        for view in range(3):
            other = [i.flip(-1) if n == view else i for n, i in enumerate(images)]
            model(other)
            changed = (seen[0] != seen[-1]).any(dim=(0, 2, 3)).flatten().tolist()
            assert changed == [v == view for v in model.view_of_features]
