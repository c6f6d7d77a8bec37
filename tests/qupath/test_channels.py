"""Fluorescence and stacks in a real QuPath: learned from, predicted, back in the right place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile

from hookpath.annotations.object_planes import plane_of
from hookpath.inference import predict_project
from hookpath.models import ModelCard, save_model
from hookpath.projects import PlaneChoice, QuPathProject
from hookpath.training import TrainConfig, train_network
from support.extension import installed_extension
from support.families import class_table
from support.multiplex import coded, write_strokes
from support.networks import red_network
from support.qupath import run_alone
from support.qupath_slides import dump_project
from support.spots import (
    CONFIG,
    HEIGHT,
    SPOTS,
    WIDTH,
    lie_on_spots,
    seen_centres,
    spot_model,
    spotted,
)
from support.training import TINY

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]


def write(path: Path, pixels: npt.NDArray[Any], axes: str) -> None:
    """As ImageJ does it, which every QuPath reads."""
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": axes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a 4-channel 16-bit image, plain, turned and with channels joined; a stack."""
    root = tmp_path_factory.mktemp("channels")
    write(root / "spots.tif", spotted(), "CYX")
    write(root / "other.tif", coded(2, HEIGHT, WIDTH), "CYX")
    planes = np.stack([spotted(()), spotted(()), spotted(SPOTS[:1])])
    write(root / "stack.tif", planes, "ZCYX")
    boxes = [(x, y, x + w, y + h) for x, y, w, h in SPOTS]
    strokes = write_strokes(root / "drawn.geojson", {"B": boxes, "A": [(0, 82, 100, 95)]})
    run_alone("make_channels.groovy", root, root / "Projekt µ", strokes)
    return root / "Projekt µ"


@pytest.fixture(scope="module")
def predicted(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every image as QuPath sees it after a prediction by a network whose answer is known."""
    root = tmp_path_factory.mktemp("model")
    spot_model(root / "m")
    config = CONFIG.model_copy(update={"planes": PlaneChoice(z=(0, 2))})
    whole = predict_project(QuPathProject(folder), root / "m", root / "o", config)
    # An image of one plane has no plane 2; it is predicted on its own.
    assert {p.image for p in whole.problems} >= {"spots (z 2, t 0)"}
    names = ("spots", "turned", "joined")
    alone = CONFIG.model_copy(update={"images": names})
    done = predict_project(QuPathProject(folder), root / "m", root / "o1", alone)
    assert done.problems == ()
    return {image["name"]: image for image in dump_project(folder)["images"]}


@pytest.mark.parametrize("name", ["spots", "joined"])
def test_objects_lie_where_the_channel_is_bright(predicted: dict[str, Any], name: str) -> None:
    assert lie_on_spots(seen_centres(predicted[name]))


def test_on_a_turned_image_they_are_turned(predicted: dict[str, Any]) -> None:
    """By a quarter clockwise: (x, y) goes to (H − y, x)."""
    wanted = sorted((HEIGHT - (y + h / 2), x + w / 2) for x, y, w, h in SPOTS)
    for (x, y), (wanted_x, wanted_y) in zip(seen_centres(predicted["turned"]), wanted, strict=True):
        assert abs(x - wanted_x) < 1
        assert abs(y - wanted_y) < 1


def test_of_a_stack_they_lie_on_the_plane_that_was_predicted(folder: Path, predicted: Any) -> None:
    (entry,) = [e for e in QuPathProject(folder).images if e.name == "stack"]
    ours = [o for o in entry.objects() if o.run and o.path_class and o.path_class.name == "B"]
    assert [plane_of(o) for o in ours] == [(2, 0)]
    x, y, w, h = SPOTS[0]
    assert abs(ours[0].geometry.centroid.x - x - w / 2) < 1
    assert abs(ours[0].geometry.centroid.y - y - h / 2) < 1
    drawn = [o for o in entry.objects() if not o.run]
    assert [plane_of(o) for o in drawn] == [(2, 0)]


def test_a_project_of_fluorescence_trains(folder: Path, tmp_path: Path) -> None:
    config = TrainConfig.load(
        overrides=[*TINY, 'channels=["Channel 2", "Channel 1"]', "epochs=1", "workers=0"]
    )
    run = train_network([QuPathProject(folder)], config, tmp_path / "run")
    card = json.loads((run.model_dir / "model.json").read_text())
    assert [c["name"] for c in card["normalisation"]["channels"]] == ["Channel 2", "Channel 1"]


def test_the_extension_hands_channels_over_and_says_what_is_missing(
    folder: Path, tmp_path: Path
) -> None:
    models = {"fits": ["Channel 2"], "lacks": ["Channel 2", "CD8"]}
    for name, channels in models.items():
        scales = [{"name": c, "low": 300, "high": 9300} for c in channels]
        model = red_network(in_channels=len(channels))
        norm = {"scale": 1 / 255, "channels": scales}
        card = ModelCard.describe(model, class_table(2), normalisation=norm)
        save_model(tmp_path / name, model, card)
    run = "Hookpath.predictProject(model: '{}', images: ['other'])"
    cases = {name: run.format(tmp_path / name) for name in models}
    qupath = installed_extension(tmp_path / "home")
    found = qupath.cases(folder / "project.qpproj", "spots", cases)
    assert found["fits"]["problem"] is None
    said = found["lacks"]["problem"]
    assert "has no channel CD8; its channels are Channel 1, Channel 2" in said
