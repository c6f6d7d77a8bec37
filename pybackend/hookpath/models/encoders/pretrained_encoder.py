"""A pretrained network as the encoder of a branch."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from hookpath.models.encoders.timm_networks import EncoderFacts, FeatureMaps, facts_of

PAPER = "paper"
"""In place of an encoder's name: the paper's own, which starts from random weights."""


class Encoder(nn.Module):
    """A timm network whose maps are those of the whole slide, whatever tile they come from.

    Maps are cut from all sides by what the network can see beyond the tile (`receptive_field`), or
    come from a fixed lattice of windows, where it looks at all of an image (`windowed_encoders`).

    Args:
        name: timm's name, as ``tf_efficientnet_lite0``.
        depth: most halvings of a map that is used.
        in_channels: of the images. Others than 3 go into a first layer made of the one for RGB
            (`with_channels`), and are all shifted and scaled alike.

    Raises:
        ModelDesignError: there is no such network, or it has no such maps.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str, depth: int, in_channels: int = 3) -> None:
        super().__init__()
        self.facts: EncoderFacts = facts_of(name, depth)
        self.maps = FeatureMaps(name, depth, self.facts.native, in_channels)
        for key in ("mean", "std"):
            value = torch.tensor(getattr(self.facts, key))
            if in_channels != len(value):
                value = value.mean().repeat(in_channels)
            self.register_buffer(key, value.view(1, -1, 1, 1), persistent=False)

    @property
    def channels(self) -> Mapping[int, int]:
        """Of the map of every depth."""
        return self.facts.channels

    @property
    def deepest(self) -> int:
        """Halvings of the coarsest map."""
        return self.facts.depths[-1]

    def scaled(self, image: Tensor) -> Tensor:
        """Images in [0, 1] as the weights expect it."""
        return (image - self.mean) / self.std

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Maps by depth, of what the tile alone decides.

        Args:
            image: ``(N, in_channels, S, S')`` float in [0, 1]; S as `EncodedShape.sizes` allows.

        Returns:
            ``(N, C_d, S/2^d − 2·cut, …)`` for each depth d, `EncoderFacts.cut` px off each side.
        """
        x, windows = self.scaled(image), self.facts.windows
        if windows is not None:
            return windows.together(self.maps(windows.apart(x)), x)
        return {depth: _cut(found, self.facts.cut(depth)) for depth, found in self.maps(x).items()}

    def whole(self, image: Tensor) -> dict[int, Tensor]:
        """``(N, C_d, S/2^d, S/2^d)``: nothing cut, for networks that read patches of one size."""
        maps: dict[int, Tensor] = self.maps(self.scaled(image))
        return maps


def _cut(found: Tensor, edge: int) -> Tensor:
    return found[..., edge : found.shape[-2] - edge, edge : found.shape[-1] - edge]
