"""The networks of H2G-Net that read whole slides."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hookpath.errors import ModelDesignError
from hookpath.models import build_model, count_parameters
from hookpath.models.agunet import AttentionGate, DualAttention
from hookpath.models.otsu_baseline import otsu_threshold, saturation
from hookpath.models.overview_network_base import OverviewNetwork
from support.contract import (
    BY_HEART,
    assert_survives_the_disk,
    onnx_difference,
    patches,
    right_after_overfit,
)

TRAINED = ("unet-lr", "agunet", "dagunet", "doubleunet")


def small(family: str, heatmaps: int = 1, n_classes: int = 2) -> OverviewNetwork:
    torch.manual_seed(0)
    found = build_model(
        family, n_classes=n_classes, size=32, heatmaps=heatmaps, filters=(4, 4, 8, 8)
    )
    assert isinstance(found, OverviewNetwork)
    return found


def test_parameter_counts() -> None:
    """The first is that of the authors' own network; the others are what our reading comes to."""
    with torch.device("meta"):
        counts = {f: count_parameters(build_model(f, n_classes=2, heatmaps=1))[0] for f in TRAINED}
    assert counts == {
        "unet-lr": 11_572_562,
        "agunet": 7_645_505,
        "dagunet": 10_092_163,
        "doubleunet": 15_114_964,
    }


def test_the_papers_unet_ends_at_4_px_and_gives_every_pixel() -> None:
    with torch.device("meta"):
        model = build_model("unet-lr", n_classes=2, heatmaps=1)
        image = torch.rand(1, 4, 1024, 1024)
        assert model.encoder(image)[-1].shape == (1, 512, 4, 4)
        assert [tuple(o.shape) for o in model([image])] == [(1, 2, 1024, 1024)]


@pytest.mark.parametrize(
    ("family", "heads"), [("unet-lr", 1), ("agunet", 3), ("dagunet", 3), ("doubleunet", 2)]
)
def test_every_output_has_a_class_per_pixel(family: str, heads: int) -> None:
    model = small(family, heatmaps=2, n_classes=3)
    assert model.channels == (5,)
    assert (model.reads, model.scores) == ("overview", "pixels")
    out = model(patches(model, 2))
    assert [tuple(o.shape) for o in out] == [(2, 3, 32, 32)] * heads
    assert model.heads == (0,) * heads


@pytest.mark.parametrize("family", TRAINED)
def test_every_weight_learns(family: str) -> None:
    model = small(family)
    # Those that begin as the identity: nothing flows through what they share out.
    for name, parameter in model.named_parameters():
        if name.endswith("share"):
            torch.nn.init.ones_(parameter)
    loss = sum(o.square().mean() for o in model(patches(model, 2)))
    torch.autograd.backward(loss)
    weights = {n: p.grad for n, p in model.named_parameters() if p.ndim == 4}
    assert weights
    assert [n for n, g in weights.items() if g is None or not bool(g.abs().sum() > 0)] == []


@pytest.mark.parametrize("family", TRAINED)
def test_it_learns_a_batch_by_heart(family: str) -> None:
    model = small(family)
    labels = torch.randint(0, 3, (2, 8, 8), generator=torch.Generator().manual_seed(3))
    large = labels.repeat_interleave(4, 1).repeat_interleave(4, 2)
    assert right_after_overfit(model, patches(model, 2), [large], most=500) > BY_HEART


@pytest.mark.parametrize(
    "family",
    # It takes 8 s to export and has no layer that AGU-Net has not.
    [pytest.param(f, marks=pytest.mark.slow) if f == "dagunet" else f for f in TRAINED],
)
def test_it_comes_back_from_disk_and_runs_as_onnx(family: str, tmp_path: Path) -> None:
    model = small(family)
    assert_survives_the_disk(model, tmp_path)
    assert onnx_difference(model, tmp_path / "model.onnx") < 1e-4


def test_a_size_that_cannot_be_halved_says_what_can() -> None:
    with pytest.raises(ModelDesignError, match=r"1000 px cannot be halved 8 times.*1024 px"):
        build_model("unet-lr", n_classes=2, size=1000)


def test_a_gate_weighs_every_pixel_of_the_skip_connection_alike_in_all_channels() -> None:
    torch.manual_seed(0)
    skip, gating = torch.rand(1, 4, 8, 8) + 0.5, torch.rand(1, 6, 4, 4)
    weights = AttentionGate(4, 6)(skip, gating).detach() / skip
    assert torch.allclose(weights, weights[:, :1].expand_as(weights))
    assert 0 < float(weights.min()) < float(weights.max()) < 1


def test_attention_over_positions_joins_the_ends_of_a_map() -> None:
    """A pixel in one corner moves the opposite one: no convolution here reaches so far."""
    module = DualAttention(4).eval()
    torch.nn.init.ones_(module.positions[1].share)  # type: ignore[arg-type]
    x = torch.rand(1, 4, 16, 16, requires_grad=True)
    module(x)[0, :, 0, 0].sum().backward()
    assert x.grad is not None
    assert float(x.grad[0, :, -1, -1].abs().sum()) > 0


def test_otsu_finds_the_threshold_that_trying_every_value_finds() -> None:
    draw = np.random.default_rng(5)
    for parts in ((20, 120), (90, 110), (5, 250)):
        values = np.concatenate([draw.normal(m, 12, 500) for m in parts]).clip(0, 255).round()
        found = float(otsu_threshold(torch.tensor(values, dtype=torch.float32)[None])[0])
        assert found == _by_trying(values)


def _by_trying(values: np.ndarray) -> float:
    def within(threshold: float) -> float:
        low, high = values[values <= threshold], values[values > threshold]
        return len(low) * low.var() + len(high) * high.var()

    return min(np.unique(values)[:-1], key=within)


def test_saturation_is_that_of_hsv() -> None:
    import colorsys

    rgb = torch.rand(1, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    found = saturation(rgb)[0]
    for y in range(5):
        for x in range(5):
            wanted = colorsys.rgb_to_hsv(*rgb[0, :, y, x].tolist())[1] * 255
            assert float(found[y, x]) == pytest.approx(wanted, abs=0.51)


@pytest.mark.parametrize(("background", "classes"), [(None, (0, 2)), (1, (1, 0))])
def test_otsu_tells_tissue_from_glass(
    tmp_path: Path, background: int | None, classes: tuple[int, int]
) -> None:
    model = build_model("otsu", n_classes=3, size=16, background=background)
    image = torch.full((1, 3, 16, 16), 0.95)
    image[:, :, 4:9, 2:12] = torch.tensor([0.7, 0.4, 0.6])[:, None, None]
    found = model([image])[0].softmax(1)
    tissue = torch.zeros(16, 16, dtype=torch.bool)
    tissue[4:9, 2:12] = True
    assert torch.equal(found.argmax(1)[0] == classes[0], tissue)
    assert torch.equal(found.argmax(1)[0] == classes[1], ~tissue)
    assert float(found.amax(1).min()) > 0.999
    assert count_parameters(model) == (0, 0)
    assert_survives_the_disk(model, tmp_path)
    assert onnx_difference(model, tmp_path / "model.onnx") < 1e-4
