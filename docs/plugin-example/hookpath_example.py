"""One of each kind of thing that another package may add to hookpath; see docs/plugins.md."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import timm
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import generate_default_cfgs, register_model

from hookpath.geometry import Calibration
from hookpath.models import UNet
from hookpath.sampling import Draw
from hookpath.slides import Level, Slide
from hookpath.training import LoggedRun


class ThinUNet(UNet):
    """A network: a U-Net with few filters. `family` is the entry point's name."""

    family = "thin-unet"

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (1.0,),
        input_size: int = 92,
        depth: int = 2,
        filters: int = 4,
    ) -> None:
        super().__init__(n_classes, spacings, input_size, depth, filters)
        self.config = {
            "n_classes": n_classes,
            "spacings": list(spacings),
            "input_size": input_size,
            "depth": depth,
            "filters": filters,
        }


#: timm reads from here how images are to be normalised, and where weights are.
default_cfgs = generate_default_cfgs(
    {
        "tiny_example.untrained": {
            "input_size": (3, 64, 64),
            "mean": IMAGENET_DEFAULT_MEAN,
            "std": IMAGENET_DEFAULT_STD,
        }
    }
)


@register_model
def tiny_example(pretrained: bool = False, **arguments: Any) -> Any:
    """An encoder: anything that timm can make, under a name of its own."""
    return timm.create_model("test_resnet", pretrained=pretrained, **arguments)


class SlideBySlide:
    """A sampler: slides in turns, a place within an annotated area of each."""

    def __init__(
        self, sources: Sequence[Any], facts: Sequence[Any], classes: Any, branches: Any, seed: int
    ) -> None:
        self._sources, self._seed, self._drawn = sources, seed, 0
        self._left = [i for i, f in enumerate(facts) if f is not None and sources[i].polygons]
        self.pixel_counts = np.zeros(len(classes), np.int64)

    def draw(self, n: int) -> list[Draw]:
        """The next `n` places; they follow from the seed and how many were drawn."""
        found = []
        for number in range(self._drawn, self._drawn + n):
            slide = self._left[number % len(self._left)]
            polygons = self._sources[slide].polygons
            chosen = polygons[random.Random(self._seed + number).randrange(len(polygons))]
            point = chosen.geometry.representative_point()
            found.append(Draw(slide, point.x, point.y, chosen.label))
        self._drawn += n
        return found

    def observe(self, counts: Any) -> None:
        """What the patches just drawn held."""
        self.pixel_counts = self.pixel_counts + counts

    def exclude(self, slide_index: int) -> None:
        """A slide that failed."""
        self._left.remove(slide_index)

    def state_dict(self) -> dict[str, Any]:
        """Plain values, from which drawing goes on."""
        return {"drawn": self._drawn, "left": self._left, "counts": self.pixel_counts.tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._drawn, self._left = state["drawn"], list(state["left"])
        self.pixel_counts = np.array(state["counts"], np.int64)


class NpySlide(Slide):
    """A slide reader: ``.npy`` files with ``(H, W, 3)`` uint8, one level in memory."""

    reader = "hookpath-example"
    file_calibration = None

    def __init__(self, path: Path, calibration: Calibration | None) -> None:
        super().__init__(calibration)
        self.path, self._pixels = path, np.load(path, allow_pickle=False)
        height, width, _ = self._pixels.shape
        self.levels = (Level(width, height, 1.0, 1.0),)

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Any:
        """A rectangle of the level; white off the slide."""
        found = np.full((height, width, 3), 255, np.uint8)
        x0, y0 = max(0, x_lv), max(0, y_lv)
        part = self._pixels[y0 : max(0, y_lv + height), x0 : max(0, x_lv + width)]
        found[y0 - y_lv : y0 - y_lv + part.shape[0], x0 - x_lv : x0 - x_lv + part.shape[1]] = part
        return found

    def close(self) -> None:
        """Nothing is open."""


def open_npy(path: Path, calibration: Calibration | None) -> NpySlide:
    """Open one; hookpath calls this for every ``.npy``."""
    return NpySlide(path, calibration)


class Lines:
    """A logger: a line an epoch in ``lines.txt`` of the run."""

    def begin(self, run: LoggedRun) -> None:
        """The run begins, or goes on."""
        self._file = (run.folder / "lines.txt").open("a", encoding="utf-8")

    def epoch(self, number: int, metrics: Any) -> None:
        """An epoch is done."""
        self._file.write(f"{number}: loss {metrics['loss']:.3f}\n")
        self._file.flush()

    def close(self) -> None:
        """No more comes."""
        self._file.close()
