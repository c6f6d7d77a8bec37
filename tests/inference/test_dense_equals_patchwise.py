"""The dense result is the patch-wise one; the reference here knows nothing of the dense code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from hookpath.geometry import Region
from hookpath.inference import DensePredictor
from hookpath.inference.cover import OutputGrid, cover_of
from hookpath.inference.dense import Memory
from hookpath.inference.runner import TorchRunner
from hookpath.models import SegmentationModel
from hookpath.slides import Slide, open_slide
from support.networks import random_network
from support.slides import write_pyramid

TOLERANCE = 1e-4
FloatMap = npt.NDArray[np.float32]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def noise_slide(path: Path, width: int, height: int, mpp: float = 0.5, levels: int = 4) -> Slide:
    """Noise on blobs of all sizes: every level and every position differs."""
    rng = np.random.default_rng(7)
    image = rng.uniform(0, 80, (height, width, 3))
    for size in (4, 16, 64, 256):
        coarse = rng.uniform(0, 45, (height // size + 1, width // size + 1, 3))
        image += coarse.repeat(size, axis=0).repeat(size, axis=1)[:height, :width]
    return open_slide(write_pyramid(path, image.clip(0, 255).astype(np.uint8), mpp, levels=levels))


def dense(
    model: SegmentationModel, slide: Slide, tile: int, memory: Memory | None = None
) -> FloatMap:
    """``(C, H, W)`` probabilities of the whole output grid."""
    grid = OutputGrid.of_slide(slide, model.branches[0].spacing_um)
    predictor = DensePredictor(TorchRunner(model, "cpu"), tile, memory, as_uint8=False)
    plan = predictor.plan(cover_of(slide, grid, tissue=False))
    rows = [row.probabilities(model.n_classes) for row in predictor.rows(slide, plan)]
    return np.concatenate(rows, axis=1)


def patch(model: SegmentationModel, slide: Slide, x_out: int, y_out: int) -> FloatMap:
    """``(C, h, w)`` probabilities of the concentric patches whose output starts there."""
    target = model.branches[0]
    dx, dy = slide.calibration.downsample(target.spacing_um)
    centre = (x_out + target.output_size / 2) * dx, (y_out + target.output_size / 2) * dy
    images = []
    for branch in model.branches:
        size, down = branch.input_size, slide.calibration.downsample(branch.spacing_um)
        pixels = slide.read(Region.centred(*centre, size, size, down))
        images.append(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    with torch.inference_mode():
        return model(images)[0].softmax(dim=1)[0].numpy()


def largest_difference(model: SegmentationModel, slide: Slide, found: FloatMap) -> float:
    """Over patches all over the slide whose origins lie on the common pooling grid."""
    coarsest = model.branches[-1].spacing_um / model.branches[0].spacing_um
    step = round(2**model.depth * coarsest)
    size = model.branches[0].output_size
    height, width = found.shape[1:]
    xs, ys = range(0, width - size + 1, step), range(0, height - size + 1, step)
    assert len(xs) * len(ys) >= 4
    picked = {(x, y) for x in {xs[0], xs[len(xs) // 2], xs[-1]} for y in {ys[0], ys[-1]}}
    worst = 0.0
    for x, y in picked:
        expected = patch(model, slide, x, y)
        assert expected.std() > 0.01, "the network does not depend on its input"
        worst = max(worst, float(np.abs(found[:, y : y + size, x : x + size] - expected).max()))
    return worst


@pytest.mark.parametrize(
    ("depth", "input_size", "ratio"),
    [(4, 284, 2), (4, 284, 4), (4, 284, 8), (4, 284, 16), (3, 156, 2), (3, 156, 8), (2, 76, 4)],
)
def test_every_hook_depth_gives_the_patchwise_numbers(
    tmp_path: Path, depth: int, input_size: int, ratio: int
) -> None:
    model = random_network(
        "hooknet",
        n_classes=3,
        spacings=(0.5, 0.5 * ratio),
        input_size=input_size,
        depth=depth,
        filters=2,
    )
    with noise_slide(tmp_path / "s.tif", 700, 640) as slide:
        found = dense(model, slide, tile=192)
        assert found.shape == (3, 640, 700)
        assert largest_difference(model, slide, found) < TOLERANCE
