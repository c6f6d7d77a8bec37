"""Networks that were trained elsewhere, as encoders: from timm, cut to exactness."""

from hookpath.models.encoders.encoder import PAPER, Encoder
from hookpath.models.encoders.networks import EncoderFacts, facts_of
from hookpath.models.encoders.shape import EncodedShape
from hookpath.models.encoders.weights import DEFAULT_ENCODER, load_encoders

__all__ = [
    "DEFAULT_ENCODER",
    "PAPER",
    "EncodedShape",
    "Encoder",
    "EncoderFacts",
    "facts_of",
    "load_encoders",
]
