"""Through how many files and functions of hookpath one polygon and one slide pass.

    python benchmarks/hops.py

A polygon goes from the GeoJSON beside a slide to the first ``backward`` of a training, a slide from
the project to its objects written. Everything runs in this process and on one thread. Each way is
taken once before it is counted, so that what only happens while modules are loaded is no part of
it; a function counts once however often it runs. Any version with `open_project`, `train` and
`predict_project` can be measured: ``PYTHONPATH=OTHER/pybackend``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import tifffile
import torch

import hookpath

SIDE = 512
SETTINGS = (
    "model.depth=1", "model.input_size=24", "model.filters=4", "model.spacings=[1.0, 2.0]",
    "batch_size=4", "epochs=1", "steps_per_epoch=1", "workers=0", "amp=off",
)  # fmt: skip
HOME = str(Path(hookpath.__file__).parent)


class Enough(Exception):  # noqa: N818
    """The polygon has arrived."""


class Way:
    """``with``: remembers which code of hookpath is entered, and the longest chain of callers."""

    def __init__(self) -> None:
        self.entered: set[CodeType] = set()
        self.deepest = 0

    def __enter__(self) -> Way:
        sys.setprofile(self._call)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)

    def _call(self, frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        if event == "call" and code not in self.entered and code.co_filename.startswith(HOME):
            self.entered.add(code)
            depth, at = 0, frame.f_back
            while at is not None:
                depth += at.f_code.co_filename.startswith(HOME)
                at = at.f_back
            self.deepest = max(self.deepest, depth + 1)

    def __str__(self) -> str:
        files = {code.co_filename for code in self.entered}
        return f"{len(files)} files, {len(self.entered)} functions, {self.deepest} calls deep"


def make_folder(folder: Path) -> Path:
    """Two slides of 1 µm/px, dark on the left and pale on the right, a rectangle on each half."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 40, (SIDE, SIDE, 3), dtype=np.uint8)
    pixels += np.where(np.arange(SIDE) < SIDE // 2, 80, 150).astype(np.uint8)[None, :, None]
    for name in ("a", "b"):
        tifffile.imwrite(
            folder / f"{name}.tif", pixels, tile=(256, 256), photometric="rgb",
            resolution=(1e4, 1e4), resolutionunit="CENTIMETER",
        )  # fmt: skip
        objects = [_rectangle("Dark", 40), _rectangle("Pale", SIDE // 2 + 40)]
        document = {"type": "FeatureCollection", "features": objects}
        (folder / f"{name}.geojson").write_text(json.dumps(document), encoding="utf-8")
    return folder


def _rectangle(name: str, left: int) -> dict[str, Any]:
    ring = [[left, 40], [left + 180, 40], [left + 180, 400], [left, 400], [left, 40]]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"objectType": "annotation", "classification": {"name": name}},
    }


def polygon(folder: Path, out: Path) -> Way:
    """From opening the project to the first loss that is learned from."""
    config = hookpath.TrainConfig.load(preset="fast", overrides=SETTINGS)
    backward = torch.Tensor.backward
    with Way() as way:
        torch.Tensor.backward = _stop  # type: ignore[method-assign]
        try:
            hookpath.train([hookpath.open_project(folder)], config, out)
        except Enough:
            pass
        finally:
            torch.Tensor.backward = backward  # type: ignore[method-assign]
    return way


def _stop(*args: object, **options: object) -> None:
    raise Enough


def slide(folder: Path, out: Path) -> Way:
    """From opening the project to the written objects of both slides, by a model of one step."""
    config = hookpath.TrainConfig.load(preset="fast", overrides=SETTINGS)
    run = hookpath.train([hookpath.open_project(folder)], config, out)
    with Way() as way:
        hookpath.predict_project(hookpath.open_project(folder), run.model_dir, out / "predictions")
    return way


def main() -> None:
    """Print both ways."""
    torch.set_num_threads(1)
    ways: dict[str, Callable[[Path, Path], Way]] = {"polygon": polygon, "slide": slide}
    for name, walk in ways.items():
        for attempt in range(2):
            with tempfile.TemporaryDirectory() as place:
                way = walk(make_folder(Path(place) / "slides"), Path(place) / "run")
            if attempt:
                print(f"{name}: {way}")


if __name__ == "__main__":
    main()
