"""Which µm/px, which network: asked of frozen features before anything is trained."""

from hookpath.suggestion.settling import settled
from hookpath.suggestion.suggest import Suggestion, suggest

__all__ = ["Suggestion", "settled", "suggest"]
