"""Both stages, from annotated slides to a map."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from hookpath.errors import TrainingError, UsageError
from hookpath.geometry import Overview
from hookpath.inference import PredictConfig, predict_project
from hookpath.models import H2GNet, load_model
from hookpath.projects import open_project
from hookpath.sampling import Heatmap
from hookpath.slides import open_map
from hookpath.stages import train
from hookpath.training import RunFolder
from support.stages import Stopper, config
from support.training import rows_of


def test_a_run_leaves_one_model_folder_with_both_stages(run: Path) -> None:
    model, card = load_model(run / "model")
    assert isinstance(model, H2GNet)
    assert (card.family, card.reads, card.scores) == ("h2gnet", "overview", "pixels")
    classifier, _ = load_model(run / "stages" / "classifier" / "model")
    for name, value in classifier.state_dict().items():
        assert torch.equal(model.patch.state_dict()[name], value), name
    assert len(rows_of(run)) == 2


def test_no_classifier_learned_from_a_slide_that_it_shows(run: Path) -> None:
    shown = []
    for fold in ("fold-1", "fold-2"):
        split = RunFolder(run / "stages" / fold).record().split
        assert split["val"] == ["s3.tif"]
        assert set(split["train"]) | set(split["test"]) == {"s0.tif", "s1.tif", "s2.tif"}
        shown += split["test"]
    assert sorted(shown) == ["s0.tif", "s1.tif", "s2.tif"]
    assert RunFolder(run / "stages" / "classifier").record().split["test"] == []
    assert len(list((run / "heatmaps").glob("*.npz"))) == 4


@pytest.mark.parametrize(
    ("at", "times"),
    [("train", 2), ("heatmap of", 2), pytest.param("train", 4, marks=pytest.mark.slow)],
)
def test_stopped_in_any_stage_it_goes_on_to_the_same_model(
    folder: Path, run: Path, tmp_path: Path, at: str, times: int
) -> None:
    """The network's `train` task begins once in each of three classifiers, then for itself."""
    stopper = Stopper(at, times)
    with pytest.raises(KeyboardInterrupt):
        train([open_project(folder)], config(), tmp_path / "run", reporter=stopper)
    stops = [payload for kind, payload in stopper.results if kind == "stopped"]
    assert [p["run_dir"] for p in stops] in ([tmp_path / "run"], [])
    train([open_project(folder)], None, tmp_path / "run", resume=True)
    ours, _ = load_model(tmp_path / "run" / "model")
    theirs, _ = load_model(run / "model")
    for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_progress_is_that_of_one_job(folder: Path, run: Path, tmp_path: Path) -> None:
    again = tmp_path / "run"
    shutil.copytree(run, again)
    shutil.rmtree(again / "checkpoints")
    (again / "metrics.csv").unlink()
    heard = Stopper()
    train([open_project(folder)], None, again, resume=True, reporter=heard)
    assert heard.shares == sorted(heard.shares)
    assert heard.shares[-1] == 1.0
    assert [kind for kind, _ in heard.results] == ["epoch", "epoch"]


def test_a_prediction_is_the_refinement_of_the_classifiers_map(
    folder: Path, run: Path, tmp_path: Path
) -> None:
    project = open_project(folder)
    report = predict_project(
        project,
        run / "model",
        tmp_path,
        PredictConfig(as_="none", images=("s3.tif",), device="cpu"),
    )
    (found,) = report.predicted
    assert found.record.spacing_um == 8.0  # 256 px of 1 µm in 32
    with open_map(found.folder / "probabilities.tif") as file:
        probabilities = file.read(0, 0, 32, 32)
    model, _ = load_model(run / "model")
    # s3 is the validation slide: the classifier that the model holds made its heatmap.
    (made,) = [p for p in (run / "heatmaps").glob("*.npz") if p.name.startswith("s3")]
    with next(e for e in project.images if e.name == "s3.tif").slide.open() as slide:
        view = Overview.of((256, 256), slide.calibration, 32)
        rgb = slide.read(view.region)
    seen = np.concatenate([rgb, np.moveaxis(Heatmap.load(made).on(view.region), 0, -1)], axis=-1)
    with torch.no_grad():
        logits = model([torch.from_numpy(seen).permute(2, 0, 1)[None].float() / 255])[0][0]
    wanted = (logits.softmax(0) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(probabilities.astype(float) - wanted).max() <= 1


def test_what_cannot_be_done_is_said_before_anything_is_written(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="epoch"):
        train([open_project(folder)], config("stages.classifier.epoch=3"), tmp_path / "run")
    names = "validation.val=['s1.tif', 's2.tif', 's3.tif']"
    with pytest.raises(TrainingError, match="at least two training slides"):
        train([open_project(folder)], config(names), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_changed_setting_of_the_classifiers_is_no_resuming(folder: Path, run: Path) -> None:
    changed = config("stages.classifier.epochs=2")
    with pytest.raises(TrainingError, match=r"stages\.classifier\.epochs was 1, now 2"):
        train([open_project(folder)], changed, run, resume=True)
    assert (
        json.loads((run / "run.json").read_text())["config"]["stages"]["classifier"]["epochs"] == 1
    )
