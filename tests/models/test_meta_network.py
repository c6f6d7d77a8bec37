"""Networks without values."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hookpath.models import build_model
from hookpath.models.meta_network import on_meta_device


@pytest.mark.parametrize(
    ("family", "design"),
    [
        ("unet", {}),
        ("unet", {"encoder": "resnet18", "input_size": 256, "depth": 3}),
        ("classifier", {}),
    ],
)
def test_an_outline_has_the_shapes_and_draws_nothing(family: str, design: dict[str, Any]) -> None:
    whole = build_model(family, n_classes=2, **design).state_dict()
    before = torch.random.get_rng_state()
    with on_meta_device():
        outline = build_model(family, n_classes=2, **design).state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert {name: value.shape for name, value in outline.items()} == {
        name: value.shape for name, value in whole.items()
    }
    assert all(value.is_meta for name, value in outline.items() if "weight" in name)
