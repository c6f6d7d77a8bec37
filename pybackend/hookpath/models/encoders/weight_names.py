"""Names of weights in files of other programs, as timm has them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

StateDict = Mapping[str, Tensor]

#: Transformers' vision transformers and DINOv2: what follows ``encoder.layer.N.``.
_IN_BLOCK = {
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
    "norm1": "norm1",
    "norm2": "norm2",
    "attention.output.dense": "attn.proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
    "mlp.weights_in": "mlp.fc1",
    "mlp.weights_out": "mlp.fc2",
}
_ELSEWHERE = {
    "embeddings.cls_token": "cls_token",
    "embeddings.register_tokens": "reg_token",
    "embeddings.position_embeddings": "pos_embed",
    "embeddings.patch_embeddings.projection.weight": "patch_embed.proj.weight",
    "embeddings.patch_embeddings.projection.bias": "patch_embed.proj.bias",
    "layernorm.weight": "norm.weight",
    "layernorm.bias": "norm.bias",
}
_BLOCK = re.compile(r"encoder\.layer\.(\d+)\.(.+)$")


def timm_names(state: StateDict) -> StateDict:
    """A state dict under timm's names; one that has them already comes back as it is.

    Known are timm's own, and those of Hugging Face's transformers for ViT and DINOv2, in which
    query, key and value are apart.
    """
    bare = {re.sub(r"^(vit|dinov2|backbone|encoder_q)\.", "", k): v for k, v in state.items()}
    if not any(_BLOCK.match(name) for name in bare):
        return state
    found = {_ELSEWHERE[k]: v for k, v in bare.items() if k in _ELSEWHERE}
    apart: dict[tuple[str, str], dict[str, Tensor]] = {}
    for name, value in bare.items():
        if match := _BLOCK.match(name):
            _take(found, apart, match[1], match[2], value)
    for (index, kind), parts in apart.items():
        joined = torch.cat([parts[k] for k in ("query", "key", "value") if k in parts])
        found[f"blocks.{index}.attn.qkv.{kind}"] = joined
    return found


def _take(
    found: dict[str, Tensor],
    apart: dict[tuple[str, str], dict[str, Tensor]],
    index: str,
    rest: str,
    value: Tensor,
) -> None:
    if part := re.match(r"attention\.attention\.(query|key|value)\.(weight|bias)$", rest):
        apart.setdefault((index, part[2]), {})[part[1]] = value
    elif scale := re.match(r"layer_scale(\d)\.lambda1$", rest):
        found[f"blocks.{index}.ls{scale[1]}.gamma"] = value
    else:
        module, _, kind = rest.rpartition(".")
        if module in _IN_BLOCK:
            found[f"blocks.{index}.{_IN_BLOCK[module]}.{kind}"] = value


def position_of(state: StateDict, wanted: tuple[int, ...]) -> StateDict:
    """The state with a position embedding as long as `wanted` says.

    timm's DINOv2 networks add no position to their class token; files of others do. What is added
    to a constant may as well be part of it.
    """
    position, token = state.get("pos_embed"), state.get("cls_token")
    if position is None or token is None or position.shape[1] != wanted[1] + 1:
        return state
    return {**state, "cls_token": token + position[:, :1], "pos_embed": position[:, 1:]}
