"""Which µm/px, which network: asked of frozen features before anything is trained.

In: a project. Out: which resolutions and network to train, and a ``run.toml`` that says so.

Uses: annotations, inference, models, probing, projects, sampling, training.
"""

from hookpath.suggestion.auto_preset import settled
from hookpath.suggestion.view_comparison import Suggestion, suggest

__all__ = ["Suggestion", "settled", "suggest"]
