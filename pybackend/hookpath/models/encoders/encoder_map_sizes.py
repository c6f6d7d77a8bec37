"""Map sizes of a branch whose encoder is pretrained."""

from __future__ import annotations

from dataclasses import dataclass

from hookpath.errors import ModelDesignError
from hookpath.models.encoders.timm_networks import EncoderFacts
from hookpath.models.unet_arithmetic import (
    BLOCK_LOSS,
    UP_LOSS,
    BranchShape,
    MapSizes,
    decoder_sizes,
)


@dataclass(frozen=True)
class EncodedShape(BranchShape):
    """The encoder's maps, cut, and a decoder above the coarsest of them.

    Attributes:
        cut: px cut from each side of the coarsest map.
        loss: px that one step of the decoder takes off: 2m − `loss` out of m.
        side: px that an input has beyond a multiple of `phase`.
    """

    depth: int
    phase: int
    cut: int
    loss: int = UP_LOSS + BLOCK_LOSS
    side: int = 0

    @classmethod
    def of(cls, facts: EncoderFacts, loss: int = UP_LOSS + BLOCK_LOSS) -> EncodedShape:
        """The shape of a branch with this encoder."""
        depth, windows = facts.depths[-1], facts.windows
        if windows is None:
            return cls(depth, 2**depth, facts.cut(depth), loss)
        side = 2 * windows.cut % windows.step
        return cls(depth, windows.step, windows.cut >> depth, loss, side)

    def sizes(self, input_size: int) -> MapSizes:
        """See `BranchShape`."""
        if input_size % self.phase != self.side:
            beyond = f" and {self.side} more" if self.side else ""
            raise ModelDesignError(
                f"an input of {input_size} px is no multiple of {self.phase} px{beyond}"
            )
        whole = tuple(input_size >> d for d in range(self.depth))
        bottom = (input_size >> self.depth) - 2 * self.cut
        decoder = decoder_sizes(bottom, self.depth, self.loss)
        if min(decoder) < 1:
            raise ModelDesignError(
                f"an input of {input_size} px is too small: the encoder's {self.cut} px at each "
                f"side of its coarsest map, and what the decoder takes off, leave nothing"
            )
        return MapSizes(whole, decoder)
