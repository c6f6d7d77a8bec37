"""Fluorescence that is bright at known places, and a network that finds just these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely import wkt
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import RUN_TAG
from hookpath.inference import PredictConfig
from hookpath.models import ModelCard, save_model
from hookpath.projects import Project
from hookpath.training import TrainConfig, train_network
from support.families import class_table
from support.multiplex import coded
from support.networks import red_network
from support.training import LEARNS

WIDTH, HEIGHT = 160, 96
#: (x, y, width, height) in level-0 px of what is bright in the second channel.
SPOTS = ((21, 35, 17, 12), (90, 11, 9, 30), (121, 61, 26, 20))
#: What a person draws: the smaller object counts where two lie over one another.
DRAWN_SPOTS = {
    "B": [(x, y, x + w, y + h) for x, y, w, h in SPOTS],
    "A": [(10, 25, 60, 60), (80, 4, 156, 90)],
}
#: Without the specks that a network of a second's training leaves.
LEARNED = PredictConfig(min_area_um2=30, device="cpu", tissue=False)
CONFIG = PredictConfig(min_area_um2=1, device="cpu", tissue=False)


def spotted(spots: Sequence[tuple[int, int, int, int]] = SPOTS) -> npt.NDArray[np.uint16]:
    """``(4, H, W)``: the place's code, and 9000 on 300 where the spots are."""
    pixels = coded(4, HEIGHT, WIDTH)
    pixels[1] = 300
    for x, y, w, h in spots:
        pixels[1, y : y + h, x : x + w] = 9000
    return pixels


def spot_model(folder: Path, channel: str = "Channel 2") -> Path:
    """A model of one channel at 1 µm/px: class B where it is bright, else class A."""
    norm = {"scale": 1 / 255, "channels": [{"name": channel, "low": 300, "high": 9300}]}
    model = red_network(in_channels=1)
    save_model(folder, model, ModelCard.describe(model, class_table(2), normalisation=norm))
    return folder


def learn_spots(project: Project, run: Path, *settings: str, channel: str = "Channel 2") -> Path:
    """Model that learned one channel at 1 µm/px from what is drawn, in a second."""
    small = ["family=unet", "model.spacings=[1.0]", "steps_per_epoch=32", "device=cpu", "workers=0"]
    chosen = f'channels=["{channel}"]'
    config = TrainConfig.load(overrides=[*LEARNS, *small, chosen, *settings])
    return train_network([project], config, run).model_dir


def seen_centres(image: dict[str, Any]) -> list[tuple[float, float]]:
    """Of the predicted objects of class B in an image as QuPath sees it."""
    ours = [o for o in image["objects"] if RUN_TAG in o["metadata"]]
    return centres(wkt.loads(o["wkt"]) for o in ours if o["classification"] == "B")


def centres(shapes: Iterable[BaseGeometry]) -> list[tuple[float, float]]:
    """Of shapes, from left to right."""
    return sorted((s.centroid.x, s.centroid.y) for s in shapes)


def lie_on_spots(found: Sequence[tuple[float, float]]) -> bool:
    """Whether there is one for each spot, within one px of its middle."""
    middles = [(x + w / 2, y + h / 2) for x, y, w, h in SPOTS]
    return len(found) == len(middles) and bool(np.abs(np.subtract(found, middles)).max() < 1)
