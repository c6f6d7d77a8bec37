"""MRN as its paper describes it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from hookpath.errors import ModelDesignError
from hookpath.models import MRN, build_model, count_parameters
from support.contract import (
    BY_HEART,
    assert_survives_the_disk,
    onnx_difference,
    patches,
    right_after_overfit,
)
from support.networks import random_network

BOTH = ("bilinear", "transposed")


def small(upscaling: Any = "bilinear", spacings: tuple[float, ...] = (0.5, 1.0)) -> MRN:
    torch.manual_seed(0)
    return MRN(3, spacings, 32, 2, 4, upscaling)


def test_parameter_counts_of_the_papers_networks() -> None:
    with torch.device("meta"):
        counts = [
            count_parameters(MRN(2, (0.5, 1.0)))[1],
            count_parameters(MRN(2, (0.5, 1.0), upscaling="transposed"))[1],
            count_parameters(MRN(2, (0.5, 1.0, 2.0, 4.0)))[1],
        ]
    assert counts == [52_696_066, 58_288_962, 93_191_810]


@pytest.mark.parametrize("upscaling", BOTH)
@pytest.mark.parametrize("spacings", [(0.5,), (0.5, 1.0), (0.5, 1.0, 2.0), (0.25, 1.0)])
def test_the_output_is_as_large_as_the_input(upscaling: str, spacings: tuple[float, ...]) -> None:
    model = small(upscaling, spacings)
    out = model(patches(model, 2))
    assert [tuple(o.shape) for o in out] == [(2, 3, 32, 32)]
    assert model.heads == (0,)
    assert all(b.margin == 0 for b in model.branches)


@pytest.mark.parametrize("upscaling", BOTH)
def test_every_weight_learns(upscaling: str) -> None:
    model = small(upscaling, (0.5, 1.0, 2.0))
    model(patches(model, 2))[0].square().mean().backward()
    # A convolution's bias is taken out again by the batch normalisation that follows.
    weights = {n: p.grad for n, p in model.named_parameters() if p.ndim == 4}
    assert weights
    assert all(g is not None and bool(g.abs().sum() > 0) for g in weights.values())


def test_of_a_coarser_input_the_centre_counts() -> None:
    """γ = 4 with maps of 32, 16 and 8 px: the centre, and what convolutions see around it."""
    model = random_network("mrn", n_classes=2, spacings=(0.5, 2.0), input_size=64, depth=1,
                           filters=4)  # fmt: skip
    images = patches(model)
    images[1].requires_grad_()
    model(images)[0].square().sum().backward()
    seen = images[1].grad.abs().sum((0, 1)) > 0
    # Level 0: 16 px (24…40) and 2 around; level 1: 8 px of 2 (24…40), 2·2 and 2 more around.
    for found in (seen.any(0).nonzero(), seen.any(1).nonzero()):
        assert (int(found.min()), int(found.max()) + 1) == (24 - 6, 40 + 6)


def test_crop_and_upscaling_lie_over_the_finest_map() -> None:
    """A ramp over the coarser map comes out as the same ramp over its centre."""
    model = MRN(2, (0.5, 1.0), 64, 2, 2)
    ramp = torch.arange(64.0).expand(1, 1, 64, 64) * 2 + 1  # µm·2 at the coarse px's centre
    (cut, *_) = model.centres[0]([ramp.expand(1, c, 64, 64) for c in (2, 4, 8)])
    fine = torch.arange(64.0) + 32 + 0.5  # the same of the finest map's px
    assert torch.allclose(cut[0, 0, 0, 1:-1], fine[1:-1])


@pytest.mark.parametrize("upscaling", BOTH)
def test_it_learns_a_batch_by_heart(upscaling: str) -> None:
    model = small(upscaling)
    labels = torch.randint(0, 4, (2, 8, 8), generator=torch.Generator().manual_seed(3))
    large = labels.repeat_interleave(4, 1).repeat_interleave(4, 2)
    assert right_after_overfit(model, patches(model, 2), [large, large], most=800) > BY_HEART


@pytest.mark.slow  # tests of the export run the bilinear one
@pytest.mark.parametrize("upscaling", BOTH)
def test_it_comes_back_from_disk_and_runs_as_onnx(upscaling: str, tmp_path: Path) -> None:
    model = random_network("mrn", n_classes=3, spacings=(0.5, 1.0), input_size=32, depth=2,
                           filters=4, upscaling=upscaling)  # fmt: skip
    assert_survives_the_disk(model, tmp_path)
    assert onnx_difference(model, tmp_path / "model.onnx") < 1e-4


def test_l2_takes_all_kernels_but_the_heads() -> None:
    model = small("transposed")
    kernels = [p for n, p in model.named_parameters() if p.ndim == 4 and n != "head.weight"]
    assert [id(w) for w in model.l2_parameters()] == [id(w) for w in kernels]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"spacings": (0.5, 1.5)}, "powers of two; the nearest that works is 2 µm/px"),
        ({"spacings": (1.0, 0.5)}, "powers of two"),
        ({"spacings": (0.5, 1.0, 1.0)}, "must grow"),
        ({"input_size": 500}, r"nearest valid input sizes: 256 px and 512 px"),
        ({"upscaling": "nearest"}, "bilinear, transposed"),
    ],
)
def test_designs_that_cannot_be_built_say_what_would(wrong: dict, message: str) -> None:
    with pytest.raises(ModelDesignError, match=message):
        build_model("mrn", **{"n_classes": 2, "filters": 2, **wrong})
