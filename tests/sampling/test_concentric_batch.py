"""What the multi-scale CNN is fed with: patches of three scales about one point, also when varied.

Marini et al.'s code varies every scale alone, after which their patches show different tissue.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch
from torch import Tensor
from torch.nn import functional

from hookpath.models import MultiScaleCNN
from hookpath.sampling import AnnotatedSlide, Augmentation, AugmentationConfig, Batch, LoaderConfig
from hookpath.sampling.batch_stream import PatchStream
from hookpath.slides import SlideRef
from support.annotated import CLASSES, label_source
from support.slides import write_pyramid

VARIED = AugmentationConfig(
    scale=0.15, rotation_deg=25.0, elastic_um=1.5, spatial_chance=1.0, blur_chance=0, noise_chance=0
)


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """Patches of a slide of slow waves, as the sampler reads them for a network of three scales."""
    y, x = np.mgrid[:1024, :1024] * 0.5
    waves = [
        np.sin(2 * np.pi * (x * a + y * b) / 60) for a, b in ((1, 0.3), (-0.4, 1), (0.8, -0.7))
    ]
    image = np.stack([128 + 70 * w for w in waves], -1).astype(np.uint8)
    write_pyramid(tmp_path / "waves.tif", image, mpp=0.5, levels=3)
    drawn = label_source([("Stroma", shapely.box(300, 300, 700, 700))])
    source = AnnotatedSlide("waves", "waves", SlideRef(tmp_path / "waves.tif"), drawn)
    with torch.device("meta"):
        model = MultiScaleCNN(2, (0.5, 1.0, 2.0), input_size=64, backbone="mobilenet_v2")
    with PatchStream([source], CLASSES, model.branches, LoaderConfig(12, 1)) as stream:
        return next(stream)


def pairs(images: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Of every two neighbouring scales what both show of the central 8 px of the coarser one.

    Farther out the finer patch may hold what its edge mirrors, which the coarser one sees.
    """
    return [
        (centre(functional.avg_pool2d(fine, 2)), centre(coarse))
        for fine, coarse in itertools.pairwise(images)
    ]


def centre(image: Tensor) -> Tensor:
    margin = (image.shape[-1] - 8) // 2
    return image[..., margin : margin + 8, margin : margin + 8]


def difference(images: list[Tensor]) -> float:
    """Largest over both pairs, all patches, colours and px."""
    return max(float((fine - coarse).abs().max()) for fine, coarse in pairs(images))


def test_the_sampler_reads_three_concentric_scales(batch: Batch) -> None:
    images, labels = Augmentation(AugmentationConfig.off(), 0)(batch, "cpu", 0)
    assert [tuple(x.shape) for x in images] == [(12, 3, 64, 64)] * 3
    assert [tuple(x.shape) for x in labels] == [(12, 64, 64)] * 3
    assert difference(images) < 0.03


def test_three_scales_stay_concentric_when_varied(batch: Batch) -> None:
    plain, _ = Augmentation(AugmentationConfig.off(), 0)(batch, "cpu", 0)
    varied, _ = Augmentation(VARIED, 1)(batch, "cpu", 0)
    assert difference(varied) < 0.05
    moved = (centre(varied[2]) - centre(plain[2])).abs().amax((1, 2, 3))
    assert float(moved.median()) > 0.2, "and varied they are"


def test_scales_varied_by_themselves_would_be_noticed(batch: Batch) -> None:
    each = [Augmentation(VARIED, seed)(batch, "cpu", 0)[0][i] for i, seed in enumerate((1, 2, 3))]
    assert difference(each) > 0.3
