"""``--to fastpathology``: a model folder with ``pipeline.fpl`` for FastPathology (and FAST).

FastPathology (Pedersen et al., IEEE Access 2021) lists every folder in its data folder's
``datahub`` that holds a ``pipeline.fpl``; networks lie beside it. H2G-Net (Pedersen et al. 2022)
is published so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import nn

from hookpath.errors import ExportError
from hookpath.export.fast_graphs import PatchProbabilities, PixelProbabilities
from hookpath.export.graph import Verified, verified_onnx
from hookpath.export.onnx_folder import METADATA_KEY, metadata
from hookpath.export.pipeline import WSI, Block, Pipeline, colours
from hookpath.export.subject import Subject
from hookpath.export.writing import write_files
from hookpath.geometry import BranchSpec
from hookpath.models import Network

PIPELINE_NAME = "pipeline.fpl"
NETWORK_NAME = "network.onnx"

OPSET = 17
"""OpenVINO 2022.3, which FAST brings along, reads no later one rightly (ReduceMean)."""

UM_AT_ONE = 10.0
"""FAST's µm/px times magnification."""

TISSUE_SHARE = 0.25
"""Least share of tissue in a patch that is classified, as in `hookpath predict`."""

SAME_OVERLAP = 0.25
"""Share of a patch that is cut off at each side where a network pads its convolutions."""

_SCALE = ("scale-factor", "0.00392156862745098")


def export_fastpathology(subject: Subject, out: Path) -> tuple[list[Path], float]:
    """Write the folder; the files, and the largest difference to torch.

    Raises:
        ExportError: FAST cannot feed this network, or it computes something else.
        OutputError: `out` cannot be written to.
    """
    make = _maker(subject.model)
    made, pipeline = make(subject)
    files = {NETWORK_NAME: made.data, PIPELINE_NAME: pipeline.text().encode()}
    return write_files(out, files), made.difference


def _maker(model: Network) -> Callable[[Subject], tuple[Verified, Pipeline]]:
    reason = None
    if model.scores == "magnification":
        reason = "gives a magnification, for which FastPathology has no place"
    elif len(model.branches) > 1:
        reason = (
            f"reads {len(model.branches)} resolutions at once, and FastPathology cuts out patches "
            "of one"
        )
    elif model.reads != "patches":
        reason = "reads whole slides, which is not written for FastPathology yet"
    if reason is not None:
        raise ExportError(f"{model.family} {reason}; export it to onnx")
    return _classifier if model.scores == "patches" else _segmentation


def _classifier(subject: Subject) -> tuple[Verified, Pipeline]:
    (branch,) = subject.model.branches
    made = _network(subject, PatchProbabilities(subject.model))
    patches = _patches(branch, 0, (("mask-threshold", f"{TISSUE_SHARE:g}"),))
    network = Block("NeuralNetwork", "network", ("patch",), (_model(NETWORK_NAME), _SCALE))
    shown = Block("HeatmapRenderer", "heatmapRenderer", ("stitcher",), (_channels(subject),))
    return made, Pipeline(
        subject.name,
        f"Classes of patches of {branch.input_size * branch.spacing_um:g} µm.",
        {"heatmap": "stitcher"},
        subject.class_names,
        [
            Block("TissueSegmentation", "tissue", (WSI,)),
            patches,
            network,
            Block("PatchStitcher", "stitcher", ("network",)),
        ],
        [_SLIDE, shown],
    )


def _segmentation(subject: Subject) -> tuple[Verified, Pipeline]:
    (branch,) = subject.model.branches
    margin = patch_margin(branch)
    made = _network(subject, PixelProbabilities(subject.model))
    options = (_model(NETWORK_NAME), _SCALE, ("threshold", "0"))
    network = Block("SegmentationNetwork", "network", ("patch",), options)
    shown = Block("SegmentationRenderer", "segRenderer", ("stitcher",), (_labels(subject),))
    return made, Pipeline(
        subject.name,
        f"A class for every pixel of {branch.spacing_um:g} µm.",
        {"segmentation": "stitcher"},
        ["Background", *subject.class_names],
        [
            Block("TissueSegmentation", "tissue", (WSI,)),
            _patches(branch, margin, (("mask-threshold", "0.01"),)),
            network,
            Block("PatchStitcher", "stitcher", ("network",)),
        ],
        [_SLIDE, shown],
    )


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


def _channels(subject: Subject) -> tuple[str, str]:
    return "channel-colors", colours([(i, c.color) for i, c in enumerate(subject.card.classes)])


def _labels(subject: Subject) -> tuple[str, str]:
    return "label-colors", colours([(i, c.color) for i, c in enumerate(subject.card.classes, 1)])
