"""Training of systems of several networks, of which the later ones learn from the earlier ones.

In: a configuration. Out: a finished run: `train` is the one way to train every family.

Uses: inference, models, probing, projects, sampling, training.
"""

from hookpath.stages.train_family import train

__all__ = ["train"]
