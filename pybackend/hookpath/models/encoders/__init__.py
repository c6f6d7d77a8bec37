"""Networks that were trained elsewhere, as encoders: from timm, cut to exactness."""

from hookpath.models.encoders.encoder_map_sizes import EncodedShape
from hookpath.models.encoders.encoder_weights import DEFAULT_ENCODER, load_encoders
from hookpath.models.encoders.pretrained_encoder import PAPER, Encoder
from hookpath.models.encoders.timm_networks import EncoderFacts, facts_of

__all__ = [
    "DEFAULT_ENCODER",
    "PAPER",
    "EncodedShape",
    "Encoder",
    "EncoderFacts",
    "facts_of",
    "load_encoders",
]
