"""Encoders that were trained on histology: which networks they are, and on what terms they come.

Their weights are never fetched: most are given out to those who sign for them only. Those who have
a file names it with `backbone_weights`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RGB = tuple[float, float, float]

_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class PathologyEncoder:
    """One published encoder.

    Attributes:
        network: timm's name of its architecture.
        licence: of its weights, in short.
        where: its name on the model hub.
        options: further arguments of timm; layers by name.
        mean, std: what is taken off RGB in [0, 1] and divided by.
    """

    network: str
    licence: str
    where: str
    options: Mapping[str, Any] = field(default_factory=dict)
    mean: RGB = _IMAGENET[0]
    std: RGB = _IMAGENET[1]


_GATED = "CC BY-NC-ND 4.0, on request"

PATHOLOGY: Mapping[str, PathologyEncoder] = {
    "uni": PathologyEncoder(
        "vit_large_patch16_224", _GATED, "MahmoodLab/UNI", {"init_values": 1e-5}
    ),
    "uni2-h": PathologyEncoder(
        "vit_giant_patch14_224",
        _GATED,
        "MahmoodLab/UNI2-h",
        {
            "img_size": 224,
            "depth": 24,
            "num_heads": 24,
            "embed_dim": 1536,
            "mlp_ratio": 2.66667 * 2,
            "init_values": 1e-5,
            "no_embed_class": True,
            "mlp_layer": "SwiGLUPacked",
            "act_layer": "silu",
            "reg_tokens": 8,
        },
    ),
    "virchow2": PathologyEncoder(
        "vit_huge_patch14_224",
        _GATED,
        "paige-ai/Virchow2",
        {
            "img_size": 224,
            "init_values": 1e-5,
            "mlp_ratio": 5.3375,
            "mlp_layer": "SwiGLUPacked",
            "act_layer": "silu",
            "reg_tokens": 4,
        },
    ),
    "h-optimus-0": PathologyEncoder(
        "vit_giant_patch14_reg4_dinov2",
        "Apache-2.0",
        "bioptimus/H-optimus-0",
        {"img_size": 224, "init_values": 1e-5},
        (0.707223, 0.578729, 0.703617),
        (0.211883, 0.230117, 0.177517),
    ),
    "hibou-b": PathologyEncoder(
        "vit_base_patch14_reg4_dinov2",
        "Apache-2.0",
        "histai/hibou-b",
        {"img_size": 224},
        (0.7068, 0.5755, 0.722),
        (0.195, 0.2316, 0.1816),
    ),
    "phikon": PathologyEncoder("vit_base_patch16_224", "Owkin, non-commercial", "owkin/phikon"),
    "phikon-v2": PathologyEncoder(
        "vit_large_patch16_224", "Owkin, non-commercial", "owkin/phikon-v2", {"init_values": 1e-5}
    ),
    "lunit-resnet50": PathologyEncoder(
        "resnet50",
        "Lunit, non-commercial",
        "1aurent/resnet50.lunit_bt",
        {},
        (0.70322989, 0.53606487, 0.66096631),
        (0.21716536, 0.26081574, 0.20723464),
    ),
}


@dataclass(frozen=True)
class Recipe:
    """How timm makes an encoder, and what its weights expect.

    Attributes:
        network: timm's name.
        options: for timm.
        mean, std: None: as timm says of the network.
    """

    network: str
    options: Mapping[str, Any]
    mean: RGB | None = None
    std: RGB | None = None

    def arguments(self) -> dict[str, Any]:
        """The options, layers as classes."""
        options = dict(self.options)
        if layer := options.get("mlp_layer"):
            import timm.layers

            options["mlp_layer"] = getattr(timm.layers, layer)
        return options


def recipe_of(name: str) -> Recipe:
    """What stands behind an encoder's name: a histology encoder, else timm's own."""
    known = PATHOLOGY.get(name)
    if known is None:
        return Recipe(name, {})
    return Recipe(known.network, known.options, known.mean, known.std)
