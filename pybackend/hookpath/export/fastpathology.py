"""``--to fastpathology``: a model folder with ``pipeline.fpl`` for FastPathology (and FAST).

FastPathology (Pedersen et al., IEEE Access 2021) lists every folder in its data folder's
``datahub`` that holds a ``pipeline.fpl``; networks lie beside it. H2G-Net (Pedersen et al. 2022)
is published so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from hookpath.errors import ExportError
from hookpath.export.export_folder import write_files
from hookpath.export.fastpathology_graphs import PatchProbabilities, PixelProbabilities
from hookpath.export.fastpathology_overview import RefinedProbabilities
from hookpath.export.fastpathology_pipeline import WSI, Block, Pipeline, colours
from hookpath.export.network_and_trial_images import Subject
from hookpath.export.onnx_conversion import Verified, verified_onnx
from hookpath.export.onnx_folder import METADATA_KEY, metadata
from hookpath.geometry import UM_AT_ONE, BranchSpec
from hookpath.models import H2GNet, Network

PIPELINE_NAME = "pipeline.fpl"
NETWORK_NAME = "network.onnx"
REFINEMENT_NAME = "refinement.onnx"

OPSET = 17
"""OpenVINO 2022.3, which FAST brings along, reads no later one rightly (ReduceMean)."""

TISSUE_SHARE = 0.25
"""Least share of tissue in a patch that is classified, as in `hookpath predict`."""

SAME_OVERLAP = 0.25
"""Share of a patch that is cut off at each side where a network pads its convolutions."""

_ENGINE = ("inference-engine", "ONNXRuntime")
"""Computes in float32; OpenVINO takes bfloat16 where the processor has it (7e-3 off in one try)."""

_SCALE = ("scale-factor", "0.00392156862745098")


Made = tuple[dict[str, Verified], Pipeline]
"""The networks by name of file, and the pipeline that runs them."""


def export_fastpathology(subject: Subject, out: Path) -> tuple[list[Path], float]:
    """Write the folder; the files, and the largest difference to torch.

    Raises:
        ExportError: FAST cannot feed this network, or it computes something else.
        OutputError: `out` cannot be written to.
    """
    networks, pipeline = _maker(subject.model)(subject)
    files = {name: made.data for name, made in networks.items()}
    written = write_files(out, {**files, PIPELINE_NAME: pipeline.text().encode()})
    return written, max(made.difference for made in networks.values())


def _maker(model: Network) -> Callable[[Subject], Made]:
    reason = None
    if model.scores == "magnification":
        reason = "gives a magnification, for which FastPathology has no place"
    elif model.reads == "patches" and len(model.branches) > 1:
        reason = (
            f"reads {len(model.branches)} resolutions at once, and FastPathology cuts out patches "
            "of one"
        )
    elif model.reads == "overview" and not isinstance(model, H2GNet):
        reason = "needs a slide's proportions, which FastPathology does not tell it"
    if reason is not None:
        raise ExportError(f"{model.family} {reason}; export it to onnx")
    if isinstance(model, H2GNet):
        return _two_stages
    return _classifier if model.scores == "patches" else _segmentation


def _classifier(subject: Subject) -> Made:
    (branch,) = subject.model.branches
    return {NETWORK_NAME: _patch_network(subject)}, Pipeline(
        subject.name,
        f"Classes of patches of {branch.input_size * branch.spacing_um:g} µm.",
        {"heatmap": "stitcher"},
        subject.class_names,
        _heatmap_blocks(branch),
        [_SLIDE, _heatmap_renderer(subject)],
    )


def _segmentation(subject: Subject) -> Made:
    (branch,) = subject.model.branches
    margin = patch_margin(branch)
    made = _network(subject, PixelProbabilities(subject.model))
    options = (_ENGINE, _model(NETWORK_NAME), _SCALE, ("threshold", "0"))
    return {NETWORK_NAME: made}, Pipeline(
        subject.name,
        f"A class for every pixel of {branch.spacing_um:g} µm.",
        {"segmentation": "stitcher"},
        ["Background", *subject.class_names],
        [
            Block("TissueSegmentation", "tissue", (WSI,)),
            _patches(branch, margin, (("mask-threshold", "0.01"),)),
            Block("SegmentationNetwork", "network", ("patch",), options),
            Block("PatchStitcher", "stitcher", ("network",)),
        ],
        [_SLIDE, _segmentation_renderer(subject, "stitcher")],
    )


def _two_stages(subject: Subject) -> Made:
    """H2G-Net: the heatmap runs to its end, then the slide's lowest level is refined with it."""
    first = subject.first_stage
    assert first is not None
    options = (_ENGINE, _model(REFINEMENT_NAME), _SCALE)
    networks = {NETWORK_NAME: _patch_network(first), REFINEMENT_NAME: _refinement(subject)}
    return networks, Pipeline(
        subject.name,
        "H2G-Net: classes of patches, refined with the whole slide in view.",
        {"segmentation": "refinement"},
        ["Background", *subject.class_names],
        [
            *_heatmap_blocks(first.model.branches[0]),
            Block("RunUntilFinished", "finish", ("stitcher",)),
            Block("ImagePyramidLevelExtractor", "lowRes", (WSI,), (("level", "-1"),)),
            Block(
                "SegmentationNetwork",
                "refinement",
                ("lowRes", "finish"),
                (*options, ("threshold", "0")),
            ),
        ],
        [_SLIDE, _heatmap_renderer(first), _segmentation_renderer(subject, "refinement")],
    )


def _heatmap_blocks(branch: BranchSpec) -> list[Block]:
    return [
        Block("TissueSegmentation", "tissue", (WSI,)),
        _patches(branch, 0, (("mask-threshold", f"{TISSUE_SHARE:g}"),)),
        Block("NeuralNetwork", "network", ("patch",), (_ENGINE, _model(NETWORK_NAME), _SCALE)),
        Block("PatchStitcher", "stitcher", ("network",)),
    ]


def _patch_network(subject: Subject) -> Verified:
    return _network(subject, PatchProbabilities(subject.model))


def _refinement(subject: Subject) -> Verified:
    assert isinstance(subject.model, H2GNet)
    size, draw = subject.model.branches[0].input_size, torch.Generator().manual_seed(0)
    trials = [
        [
            torch.rand(1, 3, size, size, generator=draw),
            torch.rand(rows, columns, subject.model.n_classes, generator=draw),
        ]
        for rows, columns in ((3, 5), (7, 4), (2, 2))
    ]
    return verified_onnx(
        RefinedProbabilities(subject.model).eval(),
        trials,
        ["image_0", "image_1"],
        "probabilities",
        {METADATA_KEY: metadata(subject)},
        OPSET,
        [{}, {0: "rows", 1: "columns"}],
    )


def _heatmap_renderer(subject: Subject) -> Block:
    shown = colours([(i, c.color) for i, c in enumerate(subject.card.classes)])
    return Block("HeatmapRenderer", "heatRenderer", ("stitcher",), (("channel-colors", shown),))


def _segmentation_renderer(subject: Subject, source: str) -> Block:
    shown = colours([(i, c.color) for i, c in enumerate(subject.card.classes, 1)])
    return Block("SegmentationRenderer", "segRenderer", (source,), (("label-colors", shown),))


_SLIDE = Block("ImagePyramidRenderer", "imgRenderer", (WSI,))


def patch_margin(branch: BranchSpec) -> int:
    """Px that FAST is to cut off at each side of a patch.

    At least what has no output, or `SAME_OVERLAP` where all has one; and so many that 16 divides
    what remains, which becomes a tile of a TIFF.

    Raises:
        ExportError: nothing would remain.
    """
    size = branch.input_size
    least = int(branch.margin + 0.5) or round(SAME_OVERLAP * size)
    remaining = (size - 2 * least) // 16 * 16
    if size % 2 or remaining < 16:
        raise ExportError(
            f"FastPathology stitches tiles of multiples of 16 px, and patches of {size} px leave "
            f"{size - 2 * least}; choose a larger, even --input-size"
        )
    return (size - remaining) // 2


def _patches(branch: BranchSpec, margin: int, more: tuple[tuple[str, str], ...]) -> Block:
    size = branch.input_size
    attributes = (
        ("patch-size", f"{size} {size}"),
        ("patch-magnification", f"{UM_AT_ONE / branch.spacing_um:.9g}"),
        ("patch-overlap", f"{margin / size:.9g}"),
        *more,
    )
    return Block("PatchGenerator", "patch", (WSI, "tissue"), attributes)


def _network(subject: Subject, module: nn.Module) -> Verified:
    return verified_onnx(
        module.eval(),
        [subject.images(batch) for batch in (2, 1)],
        ["image_0"],
        "probabilities",
        {METADATA_KEY: metadata(subject)},
        OPSET,
    )


def _model(name: str) -> tuple[str, str]:
    return "model", f'"$CURRENT_PATH$/{name}"'
