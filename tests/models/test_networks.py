"""U-Net and HookNet as the paper describes them."""

from itertools import pairwise

import pytest
import torch

from hookpath.errors import ModelDesignError
from hookpath.models import HookNet, SegmentationModel, UNet, build_model, count_parameters
from support.contract import BY_HEART, right_after_overfit
from support.networks import random_network

PAIRS = [(0.5, 1.0), (0.5, 2.0), (0.5, 4.0), (0.5, 8.0)]


def patches(model: SegmentationModel, n: int = 1) -> list[torch.Tensor]:
    torch.manual_seed(1)
    return [torch.rand(n, 3, b.input_size, b.input_size) for b in model.branches]


def test_the_papers_network_has_about_50_million_parameters() -> None:
    with torch.device("meta"):
        model = HookNet(6, (0.5, 8.0), 284, 4, 64)
        both = HookNet(6, (0.5, 8.0), 284, 4, 64, context_heads=True)
        near = HookNet(6, (0.5, 2.0), 284, 4, 64)
    assert count_parameters(model) == (50_781_830, 50_761_350)
    assert count_parameters(both)[0] == 50_782_220
    assert count_parameters(near) == (50_742_854, 50_723_142)


def test_parameter_counts_of_smaller_networks() -> None:
    with torch.device("meta"):
        assert count_parameters(HookNet(6, filters=16)) == (3_184_550, 3_179_430)
        assert count_parameters(HookNet(6, (0.5, 2.0), filters=16)) == (3_181_718, 3_176_790)
        assert count_parameters(HookNet(6, filters=32)) == (12_709_702, 12_699_462)


@pytest.mark.parametrize("spacings", PAIRS)
@pytest.mark.parametrize("context_heads", [False, True])
def test_284_px_give_70_px_of_every_class(
    spacings: tuple[float, float], context_heads: bool
) -> None:
    model = HookNet(3, spacings, filters=2, context_heads=context_heads).eval()
    with torch.no_grad():
        out = model(patches(model))
    assert [tuple(o.shape) for o in out] == [(1, 3, 70, 70)] * (2 if context_heads else 1)
    assert model.heads == ((0, 1) if context_heads else (0,))


def test_the_hook_takes_what_lies_under_the_target() -> None:
    """Of the context's 284 px those that its central 10 output px depend on: 10 + 2·107, centred.

    Plus less than one px of the bottleneck (16 px), whose grid the 10 px do not lie on.
    """
    model = random_network("hooknet", n_classes=2, spacings=(0.5, 8.0), filters=4)
    images = patches(model)
    images[1].requires_grad_()
    model(images)[0].square().sum().backward()
    seen = images[1].grad.abs().sum((0, 1)) > 0
    for found in (seen.any(0).nonzero(), seen.any(1).nonzero()):
        assert 30 - 16 < int(found.min()) <= 30
        assert 254 <= int(found.max()) + 1 < 254 + 16


def test_both_branches_teach_each_other() -> None:
    model = HookNet(2, (0.5, 2.0), 284, 4, 2)
    model(patches(model))[0].mean().backward()
    for body in model.bodies:
        assert any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in body.parameters())


@pytest.mark.parametrize(
    ("family", "arguments"),
    [
        ("unet", {"spacings": (1.0,)}),
        ("hooknet", {"spacings": (1.0, 4.0), "context_heads": True}),
    ],
)
def test_it_learns_a_batch_by_heart(family: str, arguments: dict[str, object]) -> None:
    torch.manual_seed(0)
    model = build_model(family, n_classes=3, input_size=60, depth=2, filters=8, **arguments)
    draw = torch.Generator().manual_seed(3)
    labels = []
    for branch in model.branches:
        coarse = torch.randint(0, 3, (2, 1, 4, 4), generator=draw).float()
        large = torch.nn.functional.interpolate(coarse, size=branch.output_size)
        labels.append(large[:, 0].long() + 1)
    assert right_after_overfit(model, patches(model, 2), labels, most=300) > BY_HEART  # type: ignore[arg-type]


def test_any_number_of_branches() -> None:
    model = HookNet(2, (0.5, 1.0, 2.0, 8.0), 284, 4, 2, context_heads=True).eval()
    with torch.no_grad():
        assert [tuple(o.shape[1:]) for o in model(patches(model))] == [(2, 70, 70)] * 4
    assert [h.ratio for h in model.hooks] == [b / a for a, b in pairwise((0.5, 1.0, 2.0, 8.0))]


def test_a_unet_of_depth_3() -> None:
    model = UNet(4, (2.0,), 172, 3, 2).eval()
    with torch.no_grad():
        assert model(patches(model))[0].shape == (1, 4, 82 - 2 * 6, 70)


def test_equal_arguments_build_equal_networks() -> None:
    model = build_model("hooknet", n_classes=3, filters=2, spacings=(0.25, 1.0))
    again = build_model(model.family, **model.config)
    assert again.config == model.config
    again.load_state_dict(model.state_dict())


def test_l2_takes_the_kernels_only() -> None:
    model = HookNet(2, filters=2)
    assert all(w.ndim == 4 and w.shape[-1] == 3 for w in model.l2_parameters())
    assert len(list(model.l2_parameters())) == sum(
        isinstance(m, torch.nn.Conv2d) and m.kernel_size == (3, 3) for m in model.modules()
    )


def test_unknown_families_and_arguments_are_one_clear_error() -> None:
    with pytest.raises(ModelDesignError, match=r"unknown model family 'resnet'.*hooknet.*unet"):
        build_model("resnet", n_classes=2)
    with pytest.raises(ModelDesignError, match="filtres"):
        build_model("hooknet", n_classes=2, filtres=3)


@pytest.mark.parametrize(
    ("family", "arguments", "message"),
    [
        ("hooknet", {"filters": 0}, "filters must be a whole number, at least 1, not 0"),
        ("unet", {"filters": -4}, "filters must be a whole number"),
        ("unet", {"depth": 1.5}, r"depth must be a whole number, at least 1, not 1\.5"),
        ("hooknet", {"depth": 0}, "depth must be a whole number"),
        ("hooknet", {"input_size": "x"}, "input_size must be a whole number, at least 1, not 'x'"),
        ("hooknet", {"spacings": [-1.0, 4.0]}, "spacings must be a list of numbers above 0"),
        ("unet", {"spacings": ["a"]}, "spacings must be a list of numbers above 0"),
        ("unet", {"spacings": "0.5"}, "spacings is a list"),
        ("unet-lr", {"heatmaps": -1}, "heatmaps must be a whole number, at least 0"),
        ("unet-lr", {"spacing_um": "x"}, "spacing_um must be a number"),
        ("hooknet", {"spacings": [True, 4.0]}, "spacings must be a list of numbers above 0"),
        ("hooknet", {"spacings": [1.0] * 65}, "spacings must be a list of at most 64 numbers"),
        ("hooknet", {"input_size": True}, "input_size must be a whole number"),
        ("unet", {"filters": 10**400}, "filters must be a whole number, at most 65536"),
        ("unet", {"depth": float("inf")}, "depth must be a whole number"),
        ("classifier", {"dropout": "0.5"}, "dropout must be a number, not '0.5'"),
        ("hooknet", {"context_heads": "yes"}, "context_heads must be true or false, not 'yes'"),
        ("hooknet", {"encoder": 3}, "encoder must be a text, not 3"),
        ("hooknet", {"hook_to_depth": -1}, "hook_to_depth must be a whole number, at least 0"),
        ("mrn", {"upscaling": "x"}, "upscaling must be one of bilinear, transposed, not 'x'"),
        ("h2gnet", {"patch": 3}, "patch does not fit"),
        ("scale", {"magnifications": [0, 5]}, "magnifications must be a list of numbers above 0"),
    ],
)
def test_arguments_of_the_wrong_kind_are_one_clear_error(
    family: str, arguments: dict[str, object], message: str
) -> None:
    classes = {} if family == "scale" else {"n_classes": 2}
    with pytest.raises(ModelDesignError, match=f"{family}: {message}"):
        build_model(family, **classes, **arguments)
