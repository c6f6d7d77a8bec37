"""What the QuPath extension talks to while it runs: the worker behind the live preview.

In: requests of the QuPath extension. Out: probabilities of views, and a network that learns while a
person draws.

Uses: annotations, geometry, inference, models, probing, projects, sampling, slides, stages,
training.
"""

from hookpath.qupath.live_preview import CancelledError, Preview, View

__all__ = ["CancelledError", "Preview", "View"]
