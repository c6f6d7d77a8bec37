"""The kinds of contestants by name; a further one is a file with a `Method` and a line here."""

from __future__ import annotations

from hookpath.experiments.method import Method
from hookpath.experiments.networks import Networks
from hookpath.experiments.pixels import PixelClassifiers
from hookpath.experiments.qupath_own import QuPathsOwn

METHODS: dict[str, Method] = {
    "network": Networks(),
    "pixel-classifier": PixelClassifiers(),
    "qupath": QuPathsOwn(),
}
