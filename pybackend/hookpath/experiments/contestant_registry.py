"""The kinds of contestants by name; a further one is a file with a `Method` and a line here."""

from __future__ import annotations

from hookpath.experiments.contestant import Method
from hookpath.experiments.network_contestants import Networks
from hookpath.experiments.pixel_classifier_contestants import PixelClassifiers
from hookpath.experiments.qupath_contestants import QuPathClassifiers

METHODS: dict[str, Method] = {
    "network": Networks(),
    "pixel-classifier": PixelClassifiers(),
    "qupath": QuPathClassifiers(),
}
