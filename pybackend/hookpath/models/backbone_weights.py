"""ImageNet weights for the backbones of a new network; a saved model never needs them again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from hookpath.errors import ModelDesignError
from hookpath.models.backbones import Backbone, UnscaledBatchNorm
from hookpath.models.weight_files import StateDict, read_weights, with_channels

IMAGENET = "imagenet"


def load_backbones(
    model: nn.Module, weights: str, warn: Callable[[str], None], setting: str = "backbone_weights"
) -> None:
    """Give every backbone of a new network its start (`Network.load_backbone`).

    Args:
        weights: ``imagenet``: torchvision's, from its cache or the internet; where they cannot be
            had, a warning, and the network stays random. Else a file with torchvision's names:
            ``.safetensors``, or ``.pth``/``.pt`` that holds tensors only (nothing in it is run).
        warn: gets the warning.
        setting: which one names the file, for the warning.

    Raises:
        ModelDesignError: the file is missing, unreadable, or of another network.
    """
    backbones = [m for m in model.modules() if isinstance(m, Backbone)]
    fetch = weights == IMAGENET
    state = _fetched(backbones[0], warn, setting) if fetch else read_weights(Path(weights))
    if state is not None:
        for backbone in backbones:
            _fill(backbone, state, "torchvision" if fetch else weights)


def _fetched(backbone: Backbone, warn: Callable[[str], None], setting: str) -> StateDict | None:
    from torchvision.models import get_weight

    try:
        state: StateDict = get_weight(backbone.kind.weights).get_state_dict(
            progress=False, check_hash=True, weights_only=True
        )
    except Exception as error:  # no network, no disk, a broken file: whatever it is, train on
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        warn(
            f"{backbone.name}: the ImageNet weights cannot be fetched ({reason}); starting from "
            f"random ones; give a file with --set {setting}=FILE"
        )
        return None
    return state


def _fill(backbone: Backbone, state: StateDict, origin: str) -> None:
    own = {k: v for k, v in state.items() if not k.startswith(backbone.kind.classifier)}
    for name, module in backbone.net.named_modules():
        if isinstance(module, UnscaledBatchNorm):
            _drop_ones(own, f"{name}.weight", origin)
    for name, value in backbone.net.state_dict().items():
        if name in own:
            own[name] = with_channels(own[name], value.shape)
    try:
        backbone.net.load_state_dict(own)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise ModelDesignError(
            f"{origin}: not the weights of {backbone.name} ({lines[min(1, len(lines) - 1)]})"
        ) from error


def _drop_ones(state: dict[str, Tensor], name: str, origin: str) -> None:
    """Scales of a normalisation that has none must be 1, as in the published weights."""
    scale = state.pop(name, None)
    if scale is not None and not bool(torch.allclose(scale.float(), torch.ones(()), atol=1e-3)):
        raise ModelDesignError(
            f"{origin}: its normalisations are scaled ({name}), which this network's are not; "
            "use torchvision's or Google's weights"
        )
