"""How a branch of valid convolutions starts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from hookpath.models import build_model
from hookpath.models.encoder_decoder import EncoderDecoder

STAINED, FLUORESCENT = ((0.77, 0.57, 0.71), 0.12), ((0.03, 0.05, 0.04), 0.01)


def tissue(colour: tuple[float, float, float], spread: float) -> Tensor:
    """``(1, 3, 64, 64)``: grain of one colour, as the whole of a patch often is."""
    grain = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(5))
    return (torch.tensor(colour).view(1, 3, 1, 1) + spread * grain).clamp(0, 1)


def branches_of(family: str, seed: int) -> list[EncoderDecoder]:
    torch.manual_seed(seed)
    spacings = {"unet": (1.0,), "hooknet": (1.0, 8.0)}[family]
    model: Any = build_model(
        family, n_classes=3, spacings=spacings, input_size=172, depth=3, filters=8
    )
    return [m for m in model.modules() if isinstance(m, EncoderDecoder)]


@pytest.mark.parametrize("family", ["unet", "hooknet"])
@pytest.mark.parametrize("light", [STAINED, FLUORESCENT], ids=["stained", "fluorescent"])
def test_hardly_a_first_filter_is_silent_or_linear(
    family: str, light: tuple[tuple[float, float, float], float]
) -> None:
    """Without it five or six of eight are, on stained tissue."""
    image, alive = tissue(*light), []
    for branch in (b for seed in range(10) for b in branches_of(family, seed)):
        with torch.no_grad():
            answers = branch.first(image)
        alive.append((answers > 0).float().mean((0, 2, 3)))
    share = torch.cat(alive)
    useful = (share > 0.02) & (share < 0.98)
    assert float(useful.float().mean()) > 0.9


def test_an_even_area_of_any_colour_gives_nothing_at_first() -> None:
    (branch,) = branches_of("unet", 0)
    even = torch.tensor([0.9, 0.3, 0.6]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    with torch.no_grad():
        found = branch.first(even)
    assert float(found.abs().max()) < 1e-5


def test_another_tint_changes_no_answer_at_first() -> None:
    (branch,) = branches_of("unet", 0)
    image, tint = tissue(*STAINED), torch.tensor([0.02, -0.04, 0.01]).view(1, 3, 1, 1)
    with torch.no_grad():
        assert torch.allclose(branch.first(image + tint), branch.first(image), atol=1e-5)
