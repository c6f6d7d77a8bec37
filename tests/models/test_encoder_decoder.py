"""How a branch of valid convolutions starts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from hookpath.models import Network, build_model
from hookpath.models.encoder_decoder import EncoderDecoder

STAINED, FLUORESCENT = ((0.77, 0.57, 0.71), 0.12), ((0.03, 0.05, 0.04), 0.01)


def tissue(colour: tuple[float, float, float], spread: float) -> Tensor:
    """``(1, 3, 64, 64)``: grain of one colour, as the whole of a patch often is."""
    grain = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(5))
    return (torch.tensor(colour).view(1, 3, 1, 1) + spread * grain).clamp(0, 1)


def network_of(family: str, seed: int, colour: Tensor) -> Network:
    torch.manual_seed(seed)
    spacings = {"unet": (1.0,), "hooknet": (1.0, 8.0)}[family]
    model: Any = build_model(
        family, n_classes=3, spacings=spacings, input_size=172, depth=3, filters=8
    )
    model.centre_on([colour] * len(spacings))
    return model


def first_answers(model: Network, image: Tensor) -> list[Tensor]:
    """Of each branch ``(1, filters, h, w)``, before the first ReLU."""
    found: list[Tensor] = []
    for branch in (m for m in model.modules() if isinstance(m, EncoderDecoder)):
        first = next(m for m in branch.modules() if isinstance(m, torch.nn.Conv2d))
        with torch.no_grad():
            found.append(first(image))
    return found


@pytest.mark.parametrize("family", ["unet", "hooknet"])
@pytest.mark.parametrize("light", [STAINED, FLUORESCENT], ids=["stained", "fluorescent"])
def test_hardly_a_first_filter_is_silent_or_linear(
    family: str, light: tuple[tuple[float, float, float], float]
) -> None:
    """With biases of 0 five or six of eight are, on stained tissue."""
    image = tissue(*light)
    answers = (first_answers(network_of(family, s, image.mean((0, 2, 3))), image) for s in range(9))
    alive = torch.cat([(a > 0).float().mean((0, 2, 3)) for branches in answers for a in branches])
    useful = (alive > 0.02) & (alive < 0.98)
    assert float(useful.float().mean()) > 0.9


def test_the_mean_colour_gives_nothing_and_others_do() -> None:
    colour = torch.tensor([0.9, 0.3, 0.6])
    model = network_of("unet", 0, colour)
    even = colour.view(1, 3, 1, 1).expand(1, 3, 8, 8)
    (same,) = first_answers(model, even)
    assert float(same.abs().max()) < 1e-5
    (darker,), (brighter,) = first_answers(model, even - 0.1), first_answers(model, even + 0.1)
    assert torch.allclose(darker, -brighter, atol=1e-5)
    assert float(darker.abs().min(1).values.max()) > 1e-3


def test_pretrained_branches_and_normalising_networks_stay_as_they_are() -> None:
    for family, more in (("mrn", {"input_size": 64}), ("unet", {"encoder": "resnet18"})):
        model = build_model(family, n_classes=2, spacings=(1.0,), depth=2, filters=4, **more)
        before = {k: v.clone() for k, v in model.state_dict().items()}
        model.centre_on([torch.tensor([0.8, 0.6, 0.7])])
        assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
