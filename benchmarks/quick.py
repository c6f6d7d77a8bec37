"""How long the quick network takes: the first time, and after one more stroke.

    python benchmarks/quick.py SLIDE SLIDE.geojson [--threads 2] [--set model.depth=4]…

All strokes of the slide but the last are learned from with an empty cache, then the last one comes.
Prints seconds, the area of the strokes, and how many cells and tiles that was.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import torch


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slide", type=Path)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOOKPATH_CACHE"] = folder
        for name, value in measure(given.slide, given.strokes, given.set).items():
            print(f"{name:<24}{value:.3g}")


def measure(slide: Path, strokes: Path, settings: list[str]) -> dict[str, float]:
    """Seconds and sizes by name."""
    from shapely.geometry import shape

    from hookpath.qupath.quick_session import QuickSession
    from hookpath.slides import SlideRef
    from hookpath.training import TrainConfig

    found = json.loads(strokes.read_text(encoding="utf-8"))
    features = found["features"] if isinstance(found, dict) else found
    ref = SlideRef(slide)
    with ref.open() as opened:
        um2 = opened.calibration.mpp**2
    mm2 = sum(shape(f["geometry"]).area for f in features[:-1]) * um2 / 1e6
    session = QuickSession(TrainConfig.load(overrides=["family=probe", *settings]))
    cpu = [time.process_time()]
    first = session.update({"1": features[:-1]}, slides={"1": ref})
    cpu.append(time.process_time())
    again = session.update({"1": features[-1:]})
    cpu.append(time.process_time())
    same = session.update({})
    cpu.append(time.process_time())
    return {
        "strokes, mm2": mm2,
        "first, s": first.seconds,
        "first, CPU s": cpu[1] - cpu[0],
        "first, cells": first.cells,
        "first, tiles": first.computed,
        "one stroke more, s": again.seconds,
        "one stroke more, CPU s": cpu[2] - cpu[1],
        "one stroke more, tiles": again.computed,
        "nothing new, s": same.seconds,
        "nothing new, CPU s": cpu[3] - cpu[2],
    }


if __name__ == "__main__":
    main()
