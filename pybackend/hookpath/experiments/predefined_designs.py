"""The designs that come with hookpath."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hookpath.events import Reporter
from hookpath.experiments.design import Contestant, Design, Expectation, SyntheticSlides
from hookpath.experiments.real_slides_design import REAL
from hookpath.projects import Project
from hookpath.sampling import AugmentationConfig

_HOOKNET_DESIGN = {"input_size": 284, "depth": 4}


def _unet(spacing: float) -> Contestant:
    return Contestant(
        f"U-Net({spacing:g})",
        {"family": "unet", "model": {"spacings": [spacing], **_HOOKNET_DESIGN}},
        {"model": "U-Net", "target µm/px": f"{spacing:g}", "context µm/px": "–", "λ": "–"},
    )


def _mrn(context: float, input_size: int) -> Contestant:
    return Contestant(
        f"MRN(0.5, {context:g})",
        # Same padding: larger outputs; the paper halves the batch for it.
        {
            "family": "mrn",
            "model": {"spacings": [0.5, context], "input_size": input_size, "depth": 4},
            "batch_size": 6,
        },
        {"model": "MRN", "target µm/px": "0.5", "context µm/px": f"{context:g}", "λ": "–"},
    )


def _hooknet(context: float, weight: float) -> Contestant:
    return Contestant(
        f"HookNet(0.5, {context:g}) λ={weight:g}",
        {
            "family": "hooknet",
            "model": {"spacings": [0.5, context], **_HOOKNET_DESIGN},
            "loss_weight": weight,
        },
        {"model": "HookNet", "target µm/px": "0.5", "context µm/px": f"{context:g}",
         "λ": f"{weight:g}"},
    )  # fmt: skip


HOOKNET_PAPER = Design(
    name="hooknet-paper",
    about="The experiment of HookNet (van Rijthoven et al. 2021, section 4): U-Nets at five "
    "resolutions, MRN, and HookNet at the paper's pairs and weights of the two losses; k-fold "
    "cross-validation by slide, F1 per class, Wilcoxon tests over slides.",
    contestants=(
        *(_unet(spacing) for spacing in (0.5, 1, 2, 4, 8)),
        _mrn(2, 256),
        # The paper's 256 px would leave a map of 16 px, whose centre lies between two.
        _mrn(8, 512),
        *(_hooknet(2, weight) for weight in (1, 0.75, 0.5, 0.25)),
        *(_hooknet(8, weight) for weight in (1, 0.75, 0.5, 0.25)),
    ),
    parameters=50e6,
)


def _context_slides(
    folder: Path, slides: Mapping[str, int], seed: int, reporter: Reporter
) -> Project:
    from hookpath.demo.slide_folder import make_slides

    return make_slides(folder, dict(slides), 4096, seed, reporter)


_SMALL = {"depth": 3, "filters": 8}

#: What all networks of the small designs share: the demo's budget and colours as they are.
_BUDGET: dict[str, Any] = {
    "preset": "fast",
    "epochs": 6,
    "steps_per_epoch": 50,
    "augmentation": AugmentationConfig.light().model_dump(),
}

CONTEXT = Design(
    name="context",
    about="Classes that only a wide view tells apart (tumour nests inside and outside of ducts), "
    "and one that only a close look does (stroma, by its texture). The order of HookNet's paper: "
    "HookNet above MRN above the U-Net at a fine resolution, and above the U-Net at a coarse one "
    "on the class of texture.",
    contestants=(
        Contestant(
            "U-Net(1)",
            {"family": "unet", "model": {"spacings": [1.0], "input_size": 172, **_SMALL}},
            {"model": "U-Net", "target µm/px": "1", "context µm/px": "–"},
        ),
        Contestant(
            "U-Net(8)",
            {"family": "unet", "model": {"spacings": [8.0], "input_size": 172, **_SMALL}},
            {"model": "U-Net", "target µm/px": "8", "context µm/px": "–"},
        ),
        Contestant(
            "MRN(1, 8)",
            # One pooling more: MRN hands on its context encoder's maps, which see half as far as
            # HookNet's, that come out of a decoder. Half the batch, as in the paper: same padding
            # makes the outputs larger.
            {
                "family": "mrn",
                "model": {"spacings": [1.0, 8.0], "input_size": 256, "depth": 4, "filters": 8},
                "batch_size": 4,
            },
            {"model": "MRN", "target µm/px": "1", "context µm/px": "8"},
        ),
        Contestant(
            "HookNet(1, 8)",
            {"family": "hooknet", "model": {"spacings": [1.0, 8.0], "input_size": 172, **_SMALL}},
            {"model": "HookNet", "target µm/px": "1", "context µm/px": "8"},
        ),
    ),
    settings=_BUDGET,
    expectations=(
        Expectation("HookNet(1, 8)", "MRN(1, 8)"),
        Expectation("MRN(1, 8)", "U-Net(1)"),
        Expectation("HookNet(1, 8)", "U-Net(1)"),
        Expectation("HookNet(1, 8)", "U-Net(8)", "Stroma"),
    ),
    synthetic=SyntheticSlides(_context_slides, {"train": 4, "val": 1, "test": 4}),
)

#: Patches of 64 µm and of 512 µm about the same centre. Strokes are small in the wide ones, so a
#: patch has a class if a fiftieth of it is annotated. No weights: the same on every machine.
_PATCHES: dict[str, Any] = {"input_size": 64, "backbone": "resnet34", "label_share": 0.02}


def _one_scale(spacing: float) -> Contestant:
    return Contestant(
        f"one scale ({spacing:g})",
        {"family": "classifier", "model": {"spacings": [spacing], **_PATCHES}},
        {"scales µm/px": f"{spacing:g}", "combines": "–", "losses": "1"},
    )


def _two_scales(combine: str) -> Contestant:
    return Contestant(
        f"two scales, {combine}",
        {
            "family": "multiscale",
            "model": {"spacings": [1.0, 8.0], "combine": combine, **_PATCHES},
            "loss_weight": None,
        },
        {"scales µm/px": "1, 8", "combines": combine, "losses": "n + 1"},
    )


SCALES = Design(
    name="scales",
    about="The same classes for patches instead of pixels. The order of the multi-scale tools "
    "(Marini et al. 2021, section 3.1.3): two scales above one, by Cohen's κ.",
    contestants=(_one_scale(1.0), _one_scale(8.0), _two_scales("features")),
    settings={**_BUDGET, "epochs": 4, "learning_rate": 1e-3, "backbone_weights": None},
    expectations=(
        Expectation("two scales, features", "one scale (1)", "κ"),
        Expectation("two scales, features", "one scale (8)", "κ"),
    ),
    synthetic=SyntheticSlides(_context_slides, {"train": 4, "val": 1, "test": 4}),
    metric="kappa",
)


def _blob_slides(folder: Path, slides: Mapping[str, int], seed: int, reporter: Reporter) -> Project:
    from hookpath.demo.smooth_tumor_slides import make_blob_slides

    return make_blob_slides(folder, slides, seed=seed, reporter=reporter)


_OVERVIEW: dict[str, Any] = {"size": 128, "filters": [8, 16, 32, 64, 64]}
_SECOND_STAGE: dict[str, Any] = {"epochs": 10, "steps_per_epoch": 20, "batch_size": 4}

OUTLINE = Design(
    name="outline",
    about="Tumours with smooth outlines and fragmentary insides. The order of H2G-Net (Pedersen et "
    "al. 2022, section 4): the refined heatmap above the classifier's own, and that above all that "
    "is tissue (Otsu).",
    contestants=(
        Contestant("Otsu", {"family": "otsu", "background": "Other"}, {"sees": "grey"}),
        Contestant(
            "UNet-LR",
            {"family": "unet-lr", "model": _OVERVIEW, **_SECOND_STAGE},
            {"sees": "overview"},
        ),
        Contestant(
            "Mob-PW",
            columns={"sees": "patches"},
            part_of=("Mob-PW-UNet (H2G-Net)", "stages/classifier/model"),
        ),
        Contestant(
            "Mob-PW-UNet (H2G-Net)",
            {
                "family": "h2gnet",
                "background": "Other",
                "model": {
                    "patch": {"spacings": [1.0], "input_size": 64, "backbone": "mobilenet_v2"},
                    "refine": _OVERVIEW,
                },
                "stages": {
                    "folds": 2,
                    "classifier": {
                        "epochs": 4,
                        "steps_per_epoch": 50,
                        "batch_size": 16,
                        "backbone_weights": None,
                    },
                },
                **_SECOND_STAGE,
            },
            {"sees": "patches, overview"},
        ),
    ),
    settings={"preset": "fast", "backbone_weights": None},
    expectations=(
        Expectation("Mob-PW-UNet (H2G-Net)", "Mob-PW", "Tumour"),
        Expectation("Mob-PW", "Otsu", "Tumour"),
        Expectation("Mob-PW-UNet (H2G-Net)", "UNet-LR", "Tumour"),
    ),
    synthetic=SyntheticSlides(_blob_slides, {"train": 6, "val": 2, "test": 4}),
)

DESIGNS: dict[str, Design] = {d.name: d for d in (HOOKNET_PAPER, CONTEXT, OUTLINE, SCALES, REAL)}
"""The experiments by name."""
