"""The U-Net of H2G-Net: on overviews alone ("UNet-LR"), or with a heatmap as refinement."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hookpath.models.network_base import initialise
from hookpath.models.overview_network_base import FILTERS, Decoder, Encoder, OverviewNetwork
from hookpath.models.registry import register


@register
class UNetLR(OverviewNetwork):
    """U-Net with nine blocks (Pedersen et al., Frontiers in Medicine 2022, section 3.2).

    Two 3×3 convolutions with same padding per block, each with batch normalisation and ReLU;
    nearest ×2 upsampling without weights. With one heatmap and two classes: 11,572,562 parameters.
    See `OverviewNetwork` for the arguments.
    """

    family = "unet-lr"
    window_place = 80

    def __init__(
        self,
        n_classes: int,
        size: int = 1024,
        heatmaps: int = 0,
        filters: Sequence[int] = FILTERS,
        spacing_um: float = 32.0,
    ) -> None:
        super().__init__(n_classes, size, heatmaps, filters, spacing_um)
        self.encoder = Encoder(3 + heatmaps, filters)
        self.decoder = Decoder(filters[-1], filters[:-1])
        self.head = nn.Conv2d(filters[0], n_classes, 1)
        initialise(self)

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        (overview,) = images
        *skips, bottom = self.encoder(overview)
        return [self.head(self.decoder(bottom, skips))]
