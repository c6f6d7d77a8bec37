"""Networks matched by their number of parameters."""

from __future__ import annotations

from hookpath.experiments.parameter_matching import filters_for, trainable

HOOKNET = {"n_classes": 6, "spacings": [0.5, 8.0], "input_size": 284, "depth": 4}
UNET = {"n_classes": 6, "spacings": [0.5], "input_size": 284, "depth": 4}


def test_hooknet_of_50_million_has_64_filters() -> None:
    assert filters_for("hooknet", HOOKNET, 50e6) == 64
    assert trainable({**HOOKNET, "filters": 64}, "hooknet") == 50_761_350


def test_no_other_number_of_filters_comes_nearer() -> None:
    best = filters_for("unet", UNET, 50e6)
    sizes = {n: trainable({**UNET, "filters": n}, "unet") for n in (best - 1, best, best + 1)}
    assert min(sizes, key=lambda n: abs(sizes[n] - 50e6)) == best
    assert abs(sizes[best] - 50e6) < 2e6
