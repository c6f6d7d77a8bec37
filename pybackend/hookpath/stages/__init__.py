"""Training of systems of several networks, of which the later ones learn from the earlier ones."""

from hookpath.stages.train import train

__all__ = ["train"]
