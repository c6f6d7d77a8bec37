"""Fitting a head to frozen features of all drawn places at once (family ``probe``)."""

from hookpath.probing.run import fit_probe

__all__ = ["fit_probe"]
