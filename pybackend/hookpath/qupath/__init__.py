"""What the QuPath extension talks to while it runs: the worker behind the live preview."""

from hookpath.qupath.preview import CancelledError, Preview, View

__all__ = ["CancelledError", "Preview", "View"]
