"""What OpenVINO saves on this CPU: its time as a share of torch's, branch by branch, one thread.

    python benchmarks/engines.py [--rounds 7]

Runs alternate; printed are the medians of the ratios of neighbouring runs, and their quartiles.
Networks are those of preset `auto` (pretrained branches), random weights: time does not depend on
them, agreement in bfloat16 does and is reported by `hookpath predict --precision bf16` itself.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from hookpath.inference.aligned_tile_grids import Box, branch_grids, round_up
from hookpath.inference.engines.malloc_tuning import large_blocks_reused
from hookpath.inference.engines.openvino_graph import computes_in_bf16
from hookpath.inference.engines.openvino_runners import CompiledPatches, CompiledTiles
from hookpath.inference.engines.patch_runners import TorchPatches
from hookpath.inference.engines.tile_runner import TorchRunner
from hookpath.models import Network, SegmentationModel, build_model

TILE = 800
ENCODER = {"encoder": "tf_efficientnet_lite0", "filters": 16}
NETWORKS = {
    "unet": {"spacings": (1.0,), "input_size": 256, "depth": 3, **ENCODER},
    "hooknet": {"spacings": (1.0, 4.0), "input_size": 256, "depth": 3, **ENCODER},
    "mrn": {"spacings": (1.0, 4.0), "input_size": 256},
    "classifier": {},
}
Run = Callable[[], object]


def silent(_: str) -> None:
    """Says nothing of what an engine reports."""


def ratios(runs: dict[str, Run], rounds: int) -> dict[str, list[float]]:
    """Each run's time over that of the first, round by round."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        seconds = {}
        for name, run in runs.items():
            started = time.process_time()
            run()
            seconds[name] = time.process_time() - started
        if number:  # the first sets things up
            for name, taken in seconds.items():
                found[name].append(taken / next(iter(seconds.values())))
    return found


def tell(title: str, runs: dict[str, Run], rounds: int) -> None:
    """Print the share of the first run's time that the others take."""
    found = ratios(runs, rounds)
    cells = (
        "{} {:.2f} ({:.2f}–{:.2f})".format(name, *np.quantile(values, (0.5, 0.25, 0.75)))
        for name, values in list(found.items())[1:]
    )
    print(f"{title:24}", "   ".join(cells), flush=True)


def tiles(name: str, model: SegmentationModel, rounds: int) -> None:
    """Dense prediction of a tile."""
    runners = {"torch": TorchRunner(model, "cpu"), "fp32": CompiledTiles(model, False, silent)}
    if computes_in_bf16():
        runners["bf16"] = CompiledTiles(model, True, silent)
    grids, rng, channels = branch_grids(runners["torch"]), np.random.default_rng(0), 0
    for index in reversed(range(len(grids))):
        grid = grids[index]
        side = round_up(TILE - grid.input_extra, grid.phase)
        image = rng.integers(0, 256, (side + grid.input_extra,) * 2 + (3,), dtype=np.uint8)
        hook = None
        if grid.hook_depth is not None:
            cells = grid.hook_cells(Box(0, 0, side, side), grids[index + 1])
            hook = rng.random((channels, cells.height, cells.width), dtype=np.float32)

        def run(runner: TorchRunner, index: int = index, image=image, hook=hook) -> object:  # type: ignore[no-untyped-def]
            return runner.hook_map(index, image, hook) if index else runner.logits(image, hook)

        channels = len(run(runners["torch"]))  # type: ignore[arg-type]
        tell(f"{name}, branch {index}", {k: lambda r=r: run(r) for k, r in runners.items()}, rounds)


def patches(name: str, model: Network, rounds: int) -> None:
    """Prediction of a batch of patches."""
    runners = {"torch": TorchPatches(model, "cpu"), "fp32": CompiledPatches(model, False, silent)}
    if computes_in_bf16():
        runners["bf16"] = CompiledPatches(model, True, silent)
    rng = np.random.default_rng(0)
    images = [
        rng.integers(0, 256, (4, b.input_size, b.input_size, 3), dtype=np.uint8)
        for b in model.branches
    ]
    tell(name, {k: lambda r=r: r.logits(images) for k, r in runners.items()}, rounds)


def main() -> None:
    """Measure every network on every engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print("share of torch's CPU time: median (quartiles)")
    with large_blocks_reused():
        for name, design in NETWORKS.items():
            model = build_model(name, n_classes=3, **design).eval()
            run = tiles if isinstance(model, SegmentationModel) else patches
            run(name, model, rounds)  # type: ignore[operator]


if __name__ == "__main__":
    main()
