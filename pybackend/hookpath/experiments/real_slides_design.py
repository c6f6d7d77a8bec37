"""The design for real slides: pixel classifiers, networks from scratch, networks pretrained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hookpath.experiments.design import Contestant, Design, Expectation
from hookpath.models.encoders import DEFAULT_ENCODER


def _columns(features: str, spacings: Sequence[float], field_um: float) -> dict[str, str]:
    target, *context = (f"{s:g}" for s in spacings)
    return {
        "features": features,
        "target µm/px": target,
        "context µm/px": ", ".join(context) or "–",
        "sees µm": f"{field_um:.0f}",
    }


def _pixels(title: str, head: str) -> Contestant:
    sigmas = [1.0, 2.0, 4.0]
    return Contestant(
        f"pixel classifier, {title}",
        {"head": head, "spacing_um": 1.0, "sigmas": sigmas},
        _columns("hand-made", [1.0], 2 * 2 * 4 * max(sigmas)),
        method="pixel-classifier",
    )


def _qupath(title: str, model: str, **chosen: Any) -> Contestant:
    widest = max(chosen.get("scales", (4.0,)))
    return Contestant(
        f"QuPath, {title}",
        {"model": model, "spacing_um": 1.0, **chosen},
        _columns("hand-made", [1.0], 2 * 2 * 4 * widest),
        method="qupath",
    )


#: What the window of QuPath's *Train pixel classifier* starts with.
_AS_OPENED: dict[str, Any] = {"features": ["GAUSSIAN"], "scales": [1.0]}

#: The U-Net's margin of 51 px at 3 poolings, on both sides (`hookpath.models.unet_arithmetic`).
_SCRATCH_PX = 2 * 51


def _from_scratch(title: str, family: str, spacings: list[float]) -> Contestant:
    design = {"spacings": spacings, "input_size": 172, "depth": 3, "filters": 8}
    return Contestant(
        title,
        {"family": family, "model": design},
        _columns("learned here", spacings, _SCRATCH_PX * max(spacings)),
    )


#: Px that a network with the default encoder sees at 3 and at 4 halvings, and an input for each.
_ENCODED = {3: (2 * 61, 256), 4: (2 * 221, 512)}


def _pretrained(title: str, family: str, spacings: list[float], depth: int = 3) -> Contestant:
    sees_px, input_size = _ENCODED[depth]
    design = {
        "spacings": spacings,
        "input_size": input_size,
        "depth": depth,
        "filters": 16,
        "encoder": DEFAULT_ENCODER,
    }
    return Contestant(
        f"pretrained {title}",
        {"preset": "auto", "family": family, "model": design},
        _columns("ImageNet", spacings, sees_px * max(spacings)),
    )


REAL = Design(
    name="real",
    about="What a few strokes on a few slides teach: every slide (or group of slides) is left out "
    "once, all contestants learn from the same strokes on the others, and nothing chooses among "
    "their epochs. Of the networks with pretrained encoders one sees near, one far, one near and "
    "as far in one resolution, and HookNet near and far in two.",
    contestants=(
        _pixels("trees", "trees"),
        _pixels("ANN", "ann"),
        _qupath("trees", "trees"),
        _qupath("ANN", "ann"),
        _qupath("ANN as opened", "ann", **_AS_OPENED),
        _from_scratch("U-Net(1)", "unet", [1.0]),
        _from_scratch("U-Net(8)", "unet", [8.0]),
        _from_scratch("HookNet(1, 8)", "hooknet", [1.0, 8.0]),
        _pretrained("U-Net(1)", "unet", [1.0]),
        _pretrained("U-Net(4)", "unet", [4.0]),
        _pretrained("U-Net(1), deeper", "unet", [1.0], depth=4),
        _pretrained("HookNet(1, 4)", "hooknet", [1.0, 4.0]),
        _pretrained("HookNet(1, 8)", "hooknet", [1.0, 8.0]),
    ),
    settings={"preset": "fast"},
    expectations=(
        Expectation("HookNet(1, 8)", "U-Net(1)"),
        *(
            Expectation("pretrained HookNet(1, 4)", other)
            for other in (
                "pretrained U-Net(1)",
                "pretrained U-Net(4)",
                "pretrained U-Net(1), deeper",
                "pixel classifier, trees",
                "pixel classifier, ANN",
                "HookNet(1, 8)",
            )
        ),
    ),
    folds=None,
    validation=0.0,
)
