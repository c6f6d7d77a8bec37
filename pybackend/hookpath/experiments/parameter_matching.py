"""Networks of about the same number of parameters, as the paper compares them."""

from __future__ import annotations

from typing import Any


def filters_for(family: str, arguments: dict[str, Any], parameters: float) -> int:
    """The number of filters n that brings a network nearest to a number of parameters.

    HookNet (van Rijthoven et al. 2021, section 3.6) customises the number of filters so that every
    model has about 50 million.

    Args:
        arguments: the family's other constructor arguments.
        parameters: wanted number of trainable parameters.

    Raises:
        ModelDesignError: the network cannot be built.
    """

    def size(filters: int) -> int:
        return trainable({**arguments, "filters": filters}, family)

    # The number of parameters grows with n²; a step or two about the estimate is enough.
    guess = max(1, round(16 * (parameters / size(16)) ** 0.5))
    near = range(max(1, guess - 2), guess + 3)
    return min(near, key=lambda n: abs(size(n) - parameters))


def trainable(arguments: dict[str, Any], family: str) -> int:
    """Trainable parameters of a network; none of them is allocated."""
    from hookpath.models import build_model
    from hookpath.models.meta_network import on_meta_device

    with on_meta_device():
        model = build_model(family, **arguments)
    return sum(p.numel() for p in model.parameters())
