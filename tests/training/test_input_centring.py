"""The first filters of a new network start from the colours of the first batch."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from hookpath.training.distributed import ALONE, Group
from hookpath.training.training_config import TrainConfig
from hookpath.training.weights.input_centring import centre_on_first_batch


class Noted:
    """A network that notes what it is told."""

    def __init__(self, encoders: int = 0) -> None:
        self.colours: list[Tensor] = []
        self.encoders = encoders

    def encoder_modules(self) -> list[None]:
        return [None] * self.encoders

    def centre_on(self, colours: list[Tensor]) -> None:
        self.colours = colours


def session(
    images: list[Tensor], step: int = 0, init: str | None = None, group: Any = ALONE
) -> Any:
    return SimpleNamespace(
        step=step,
        config=TrainConfig.of({"init_from": init}),
        augment=lambda batch, device, step: (images, []),
        device=torch.device("cpu"),
        group=group,
        model=Noted(),
    )


def images(n: int) -> list[Tensor]:
    """Two branches of `n` patches whose red is 0.1, 0.2, …; the context is twice as bright."""
    fine = torch.full((n, 3, 4, 4), 0.5)
    fine[:, 0] = 0.1 * torch.arange(1, n + 1).view(n, 1, 1)
    return [fine, 2 * fine]


def test_each_branch_gets_the_mean_colour_of_its_patches() -> None:
    s = session(images(3))
    centre_on_first_batch(s, None)  # type: ignore[arg-type]
    fine, context = s.model.colours
    assert torch.allclose(fine, torch.tensor([0.2, 0.5, 0.5]))
    assert torch.allclose(context, torch.tensor([0.4, 1.0, 1.0]))


def test_processes_that_share_a_batch_take_the_mean_of_the_whole() -> None:
    class Twins(Group):
        """Beside this process another with one black patch, to which all sums are added."""

        def total(self, value: Tensor) -> Tensor:
            return value + 1 if value.ndim == 0 else value

    s = session(images(1), group=Twins())
    centre_on_first_batch(s, None)  # type: ignore[arg-type]
    assert torch.allclose(s.model.colours[0], torch.tensor([0.05, 0.25, 0.25]))


def test_later_steps_and_weights_learned_elsewhere_are_left_alone() -> None:
    for s in (session(images(2), step=1), session(images(2), init="a/model")):
        centre_on_first_batch(s, None)  # type: ignore[arg-type]
        assert s.model.colours == []
    pretrained = session(images(2))
    pretrained.model.encoders = 1
    centre_on_first_batch(pretrained, None)  # type: ignore[arg-type]
    assert pretrained.model.colours == []
