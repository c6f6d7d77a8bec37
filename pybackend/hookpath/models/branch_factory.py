"""The encoder-decoder of a branch, the paper's own or one with a pretrained encoder."""

from __future__ import annotations

from typing import Any

from torch import nn

from hookpath.models.encoder_decoder import EncoderDecoder
from hookpath.models.encoders import PAPER, EncodedShape, facts_of
from hookpath.models.pretrained_branch import EncodedBranch
from hookpath.models.unet_arithmetic import BranchShape, UNetShape


def body_shape(encoder: str, depth: int) -> BranchShape:
    """The map sizes of `make_body`'s branch.

    Raises:
        ModelDesignError: there is no such encoder.
    """
    return UNetShape(depth) if encoder == PAPER else EncodedShape.of(facts_of(encoder, depth))


def make_body(encoder: str, filters: int, depth: int, **hooked: Any) -> nn.Module:
    """A branch without its head: image (and hook) to decoder maps by depth.

    Args:
        encoder: ``paper``, or a timm name.
        hooked: see `EncoderDecoder`.
    """
    if encoder == PAPER:
        return EncoderDecoder(filters, depth, **hooked)
    return EncodedBranch(encoder, filters, depth, **hooked)
