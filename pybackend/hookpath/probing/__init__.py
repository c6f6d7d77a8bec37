"""Fitting a head to frozen features of all annotated places at once (family ``probe``).

In: annotated slides and a frozen encoder. Out: a fitted head, within seconds.

Uses: geometry, inference, models, sampling, slides, training.
"""

from hookpath.probing.probe_cost import TileCost, tile_cost
from hookpath.probing.probe_run import fit_probe

__all__ = ["TileCost", "fit_probe", "tile_cost"]
