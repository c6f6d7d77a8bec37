"""A branch of HookNet, or a U-Net, whose encoder is pretrained."""

from __future__ import annotations

from torch import Tensor, nn

from hookpath.models.encoder_decoder import Upsample, conv_block, decode
from hookpath.models.encoders.pretrained_encoder import Encoder


class EncodedBranch(nn.Module):
    """As `EncoderDecoder`, with a pretrained network for its encoder.

    The decoder is the paper's. Its last step, at the input's resolution, takes the image itself for
    a skip connection, since the encoder's finest map has half of that.

    Args:
        encoder: timm's name.
        filters: n; the decoder has n·2^d filters at depth d.
        depth: most halvings of an encoder's map.
        hook_depth, hook_channels, stop_depth, in_channels: as there.
    """

    def __init__(
        self,
        encoder: str,
        filters: int,
        depth: int,
        hook_depth: int | None = None,
        hook_channels: int = 0,
        stop_depth: int = 0,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(encoder, depth, in_channels)
        self.bottleneck = nn.Identity()  # `Network.deepest` listens here
        self.depth, self.hook_depth, self.stop_depth = self.encoder.deepest, hook_depth, stop_depth
        skips = {0: in_channels, **self.encoder.channels}
        given = [filters << d for d in range(self.depth)] + [skips[self.depth]]

        def up_inputs(d: int) -> int:
            return given[d + 1] + (hook_channels if d + 1 == hook_depth else 0)

        self.up = nn.ModuleList(Upsample(up_inputs(d), given[d]) for d in self.depths_up)
        self.decoder = nn.ModuleList(
            conv_block(given[d] + skips.get(d, 0), given[d]) for d in self.depths_up
        )

    @property
    def depths_up(self) -> range:
        """Depths of the decoder's steps, in their order."""
        return range(self.depth - 1, self.stop_depth - 1, -1)

    def forward(self, x: Tensor, hook: Tensor | None = None) -> dict[int, Tensor]:
        """The decoder's maps by depth (see `EncoderDecoder.forward`)."""
        maps = self.encoder(x)
        skips = {**maps, 0: self.encoder.scaled(x)}
        return decode(self, self.bottleneck(maps[self.depth]), skips, hook)
