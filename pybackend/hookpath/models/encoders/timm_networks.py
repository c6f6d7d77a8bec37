"""timm's networks as makers of maps, and what has to be known of each."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hookpath import plugins
from hookpath.errors import ModelDesignError
from hookpath.models.encoders.pathology_encoders import PATHOLOGY, recipe_of
from hookpath.models.encoders.receptive_field import Reach, measure_reach
from hookpath.models.encoders.windowed_encoders import Windows
from hookpath.models.meta_network import on_meta_device

TOKEN_DEPTH = 4
"""Halvings that a token of a vision transformer stands for (16 px), whatever its patch size."""

DEFAULT_WINDOW = 256
"""Px of a window of a convolutional network that looks at the whole image."""

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class EncoderFacts:
    """What is known of a network before it is built.

    Attributes:
        name: timm's.
        depths: halvings of the maps that are used, ascending.
        channels: of each map.
        reach: how far a px of each looks; None: at the whole image, so it runs in windows.
        windows: the lattice it needs for pixels, or None.
        native: side in px of the images it takes; None: any.
        mean, std: what its weights expect to be taken off and divided by.
    """

    name: str
    depths: tuple[int, ...]
    channels: Mapping[int, int]
    reach: Reach | None
    windows: Windows | None
    native: int | None
    mean: RGB
    std: RGB

    def cut(self, depth: int) -> int:
        """Px to cut from each side of the map at `depth`."""
        if self.windows is not None:
            return self.windows.cut >> depth
        assert self.reach is not None
        return self.reach.cut(depth)


class FeatureMaps(nn.Module):
    """A timm network without its end: ``(N, 3, H, W)`` → maps by number of halvings.

    Args:
        name: timm's name.
        depth: maps of more halvings are left out, and so are the layers that only they need.
        native: side of the images that it takes; windows of another size are resampled to it.
        in_channels: of the images.
    """

    def __init__(
        self, name: str, depth: int, native: int | None = None, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.native = native
        self.net: Any
        self.net, self.indices = _create(name, depth, in_channels)

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        if self.native is not None and image.shape[-1] != self.native:
            size = (self.native, self.native)
            image = functional.interpolate(image, size, mode="bilinear", antialias=True)
        found = self.net(image)
        return {depth: found[index] for depth, index in self.indices.items()}


def _create(name: str, depth: int, in_channels: int) -> tuple[Any, dict[int, int]]:
    """The network, and which of its outputs is the map of each depth.

    Raises:
        ModelDesignError: see `facts_of`.
    """
    import timm

    recipe = recipe_of(name)
    if not timm.is_model(recipe.network):
        for name in plugins.names("encoders"):
            plugins.load("encoders", name)  # it registers with timm
    if not timm.is_model(recipe.network):
        near = difflib.get_close_matches(name, [*PATHOLOGY, *timm.list_models()], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "take one that timm.list_models() knows"
        raise ModelDesignError(f"unknown encoder {name!r}; {hint}")
    with on_meta_device():
        steps = _steps(name)
    kept = _by_depth(steps, depth)
    if not kept:
        raise ModelDesignError(
            f"encoder {name!r} has no map of {2**depth} px or finer (it has {steps}); use a "
            "greater depth"
        )
    indices = sorted(kept.values())
    net = timm.create_model(
        recipe.network,
        pretrained=False,
        features_only=True,
        out_indices=indices,
        in_chans=in_channels,
        **recipe.arguments(),
    )
    _drop_unused(net)
    return net, {d: indices.index(i) for d, i in kept.items()}


def _drop_unused(net: Any) -> None:
    """Stages that come after the last map: some of timm's networks would compute them."""
    last = re.match(r"blocks\.(\d+)$", net.feature_info.module_name()[-1])
    if last and isinstance(getattr(net, "blocks", None), nn.Sequential):
        net.blocks = net.blocks[: int(last[1]) + 1]


def _steps(name: str) -> list[int]:
    """Px of input per px of each map that the network can give, its last one last."""
    import timm

    recipe = recipe_of(name)
    try:
        whole: Any = timm.create_model(
            recipe.network, pretrained=False, features_only=True, **recipe.arguments()
        )
    except Exception as error:  # each kind of network refuses in its own way
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelDesignError(f"encoder {name!r} gives no maps ({reason})") from error
    return list(whole.feature_info.reduction())


def _by_depth(steps: list[int], depth: int) -> dict[int, int]:
    """Halvings → the output that has them. Of a transformer's equal maps the last one."""
    if len(set(steps)) == 1 and len(steps) > 1:
        return {TOKEN_DEPTH: -1} if depth >= TOKEN_DEPTH else {}
    exponents = [math.log2(step) for step in steps]
    return {
        int(e): index for index, e in enumerate(exponents) if e.is_integer() and 1 <= e <= depth
    }


@lru_cache(maxsize=32)
def facts_of(name: str, depth: int) -> EncoderFacts:
    """What is known of a network's maps down to `depth` halvings; built once to be measured.

    Raises:
        ModelDesignError: timm knows no such network, or it gives no such maps.
    """
    import timm

    with on_meta_device():
        maps = FeatureMaps(name, depth)
    depths = tuple(sorted(maps.indices))
    info = maps.net.feature_info.channels()
    recipe = recipe_of(name)
    cfg: Any = timm.get_pretrained_cfg(recipe.network)
    native = _native(maps)
    reach = None if native else _reach(name, depth, depths)
    return EncoderFacts(
        name=name,
        depths=depths,
        channels={d: int(info[i]) for d, i in maps.indices.items()},
        reach=reach,
        windows=_windows(maps, native, reach),
        native=native,
        mean=recipe.mean or tuple(cfg.mean),
        std=recipe.std or tuple(cfg.std),
    )


def _reach(name: str, depth: int, depths: tuple[int, ...]) -> Reach | None:
    """Of a network that is built for it, without touching the random numbers of others."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        return measure_reach(FeatureMaps(name, depth).eval(), depths)


def _native(maps: FeatureMaps) -> int | None:
    """Side of the images, of a network that takes no other."""
    embed = getattr(getattr(maps.net, "model", maps.net), "patch_embed", None)
    size = getattr(embed, "img_size", None)
    return int(size[0]) if size else None


def _windows(maps: FeatureMaps, native: int | None, reach: Reach | None) -> Windows | None:
    if native is not None:
        patch = int(maps.net.feature_info.reduction()[-1])
        return Windows.of_side(native // patch << TOKEN_DEPTH)
    return Windows.of_side(DEFAULT_WINDOW) if reach is None else None
