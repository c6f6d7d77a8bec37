"""Dense against patch-wise prediction, per mm², measured in one run.

    python benchmarks/dense.py [--filters 16] [--side 2304] [--threads 0]

Both read the same slide file and run the same network on the CPU. Patch-wise is what a careful
loop does: concentric patches side by side (the paper's 284 px in, 70 px out), read ahead in
threads, in batches. Dense is `hookpath.inference.DensePredictor` with its defaults. Rounds
alternate and the fastest of each counts. The last column is the largest difference of a
probability over patches whose origins lie on the common pooling grid.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tifffile
import torch
from torch import Tensor, nn

from hookpath.geometry import Region
from hookpath.inference import DensePredictor, TorchRunner
from hookpath.inference.roi.tissue_tiles import OutputGrid, cover_of
from hookpath.models import SegmentationModel, build_model
from hookpath.slides import Slide, open_slide

MPP = 0.5
DESIGNS: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("target alone", "unet", (0.5,)),
    ("HookNet (0.5, 2)", "hooknet", (0.5, 2.0)),
    ("HookNet (0.5, 8)", "hooknet", (0.5, 8.0)),
)

Maps = npt.NDArray[np.float32]


def make_slide(path: Path, side: int) -> Slide:
    """A pyramid of smooth noise: `side` px square at 0.5 µm/px, downsamples 1 to 16."""
    rng = np.random.default_rng(0)
    image = np.zeros((side, side, 3))
    for size, height in ((4, 60), (16, 70), (64, 70), (256, 55)):
        cells = -(-side // size)
        coarse = rng.uniform(0, height, (cells, cells, 3))
        image += coarse.repeat(size, axis=0).repeat(size, axis=1)[:side, :side]
    level = image.clip(0, 255).astype(np.uint8)
    per_cm = 1e4 / MPP
    with tifffile.TiffWriter(path) as writer:
        for index in range(5):
            writer.write(
                level, tile=(256, 256), photometric="rgb", compression="jpeg", metadata=None,
                subfiletype=int(index > 0), resolutionunit="CENTIMETER",
                resolution=(per_cm / 2**index, per_cm / 2**index),
            )  # fmt: skip
            level = level[::2, ::2]
    return open_slide(path)


def make_model(family: str, spacings: Sequence[float], filters: int) -> SegmentationModel:
    """The paper's design with random weights, its normalisation as if it had been trained."""
    torch.manual_seed(0)
    model = build_model(family, n_classes=4, spacings=spacings, filters=filters)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval().to(memory_format=torch.channels_last)


def read_patch(model: SegmentationModel, slide: Slide, x_out: int, y_out: int) -> list[Tensor]:
    """One image per branch, ``(3, M, M)`` uint8, for the output patch that starts there."""
    target = model.branches[0]
    scale = target.spacing_um / MPP
    centre = (x_out + target.output_size / 2) * scale, (y_out + target.output_size / 2) * scale
    images = []
    for branch in model.branches:
        down = slide.calibration.downsample(branch.spacing_um)
        pixels = slide.read(Region.centred(*centre, branch.input_size, branch.input_size, down))
        images.append(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
    return images


def run_patches(model: SegmentationModel, items: Sequence[list[Tensor]]) -> Tensor:
    """``(N, C, h, w)`` probabilities of a batch of patches, computed where the model is."""
    device = next(model.parameters()).device
    batches = (torch.stack(images).to(device) for images in zip(*items, strict=True))
    branches = [x.float().div_(255).contiguous(memory_format=torch.channels_last) for x in batches]
    with torch.inference_mode():
        return model(branches)[0].softmax(dim=1).cpu()


def patchwise(model: SegmentationModel, slide: Slide, side: int, batch: int) -> float:
    """Seconds for patches side by side over the whole slide, per mm² that they cover."""
    size = model.branches[0].output_size
    starts = range(0, side - size + 1, size)
    places = [(x, y) for y in starts for x in starts]
    handles = [open_slide(slide.path) for _ in range(2)]
    begin = time.perf_counter()
    with ThreadPoolExecutor(len(handles)) as pool:

        def read(number: int) -> list[list[Tensor]]:
            handle = handles[number % len(handles)]
            mine = places[number * batch : (number + 1) * batch]
            return [read_patch(model, handle, *at) for at in mine]

        for items in ahead(pool, read, math.ceil(len(places) / batch)):
            run_patches(model, items)
    seconds = time.perf_counter() - begin
    return seconds / (len(places) * (size * MPP / 1000) ** 2)


def ahead(
    pool: ThreadPoolExecutor, read: Callable[[int], list[list[Tensor]]], count: int
) -> Iterator[list[list[Tensor]]]:
    """Batches in order, two read ahead, one per handle."""
    waiting = [pool.submit(read, number) for number in range(min(2, count))]
    for number in range(count):
        found = waiting.pop(0).result()
        if number + 2 < count:
            waiting.append(pool.submit(read, number + 2))
        yield found


def dense(
    model: SegmentationModel, slide: Slide, side: int, device: str = "cpu"
) -> tuple[float, Maps]:
    """Seconds per mm², and the ``(C, side, side)`` probabilities."""
    predictor = DensePredictor(TorchRunner(model, device), as_uint8=False)
    handles = [open_slide(slide.path) for _ in range(2)]
    begin = time.perf_counter()
    plan = predictor.plan(cover_of(slide, OutputGrid.of_slide(slide, MPP), tissue=False))
    rows = [row.probabilities(model.n_classes) for row in predictor.rows(handles, plan)]
    seconds = time.perf_counter() - begin
    return seconds / (side * MPP / 1000) ** 2, np.concatenate(rows, axis=1).astype(np.float32)


def largest_difference(model: SegmentationModel, slide: Slide, found: Maps) -> float:
    """Over nine patches: corners, borders and middle, in phase with all poolings."""
    size = model.branches[0].output_size
    step = round(
        model.shapes[0].phase * model.branches[-1].spacing_um / model.branches[0].spacing_um
    )
    last = (found.shape[1] - size) // step * step
    places = [0, last // step // 2 * step, last]
    worst = 0.0
    for y in places:
        for x in places:
            (expected,) = run_patches(model, [read_patch(model, slide, x, y)]).numpy()
            here = found[:, y : y + size, x : x + size]
            worst = max(worst, float(np.abs(here - expected).max()))
    return worst


def main() -> None:
    """Measure both ways and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--filters", type=int, default=16, help="n of every branch")
    parser.add_argument("--side", type=int, default=2304, help="slide's side in px (0.5 µm/px)")
    parser.add_argument("--batch", type=int, default=8, help="patches in a batch")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0, help="torch's threads; 0: its default")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    print(
        f"{given.side}² px at {MPP} µm/px, n = {given.filters}, depth 4, 284 → 70, batches of "
        f"{given.batch}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    print(f"{'':18}{'patch-wise':>14}{'dense':>12}{'ratio':>8}{'largest difference':>21}")
    with tempfile.TemporaryDirectory() as folder:
        slide = make_slide(Path(folder) / "noise.tif", given.side)
        for name, family, spacings in DESIGNS:
            model = make_model(family, spacings, given.filters)
            slow, fast = math.inf, math.inf
            for _ in range(given.rounds):
                slow = min(slow, patchwise(model, slide, given.side, given.batch))
                seconds, found = dense(model, slide, given.side)
                fast = min(fast, seconds)
            difference = largest_difference(model, slide, found)
            print(
                f"{name:18}{slow:8.2f} s/mm²{fast:6.2f} s/mm²{slow / fast:7.2f}×{difference:21.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
