"""``--to bioimageio``: one ``.zip`` after the BioImage.IO model specification, version 0.5.

The network as ONNX, ``rdf.yaml`` that describes its tensors (JSON, which is YAML), a page about the
model, and one input with the output that belongs to it, so that its users can check that
it does the same. Pixels go in with their values 0…255, as floats (runners hand on the type that
is described); the description scales them. Softmax is part of the network: probabilities come out.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from hookpath import __version__
from hookpath.errors import ExportError, UsageError
from hookpath.export.export_folder import write_checked, zip_of
from hookpath.export.network_and_trial_images import Subject
from hookpath.export.onnx_conversion import TOLERANCE, Verified, verified_onnx
from hookpath.models import Network
from hookpath.models.storage.model_card_page import card_page
from hookpath.safe_names import printable

RDF_NAME, PAGE_NAME, ONNX_NAME, OUTPUT_NAME = "rdf.yaml", "README.md", "model.onnx", "output.npy"

#: The oldest version that has all that is said here; later readers take it as it is.
FORMAT_VERSION = "0.5.3"

OUTPUT_ID = "probabilities"


_Array = npt.NDArray[Any]

#: Papers of the families: text and DOI.
_PAPERS: Mapping[str, tuple[str, str]] = {
    "hooknet": (
        "van Rijthoven et al., HookNet: multi-resolution convolutional neural networks for "
        "semantic segmentation in histopathology whole-slide images, Medical Image Analysis 2021",
        "10.1016/j.media.2020.101890",
    ),
    "unet": (
        "Ronneberger et al., U-Net: convolutional networks for biomedical image segmentation, "
        "MICCAI 2015",
        "10.1007/978-3-319-24574-4_28",
    ),
}


def export_bioimageio(
    subject: Subject, out: Path, authors: Sequence[str] = (), licence: str | None = None
) -> tuple[list[Path], float]:
    """Write the package; its path, and the largest difference to torch.

    Args:
        out: the file, ending in ``.zip``.
        authors: names to put into the description; none: nobody is named.
        licence: SPDX identifier of the model's licence (``CC-BY-4.0``); None: none is stated.

    Raises:
        UsageError: `out` is no name for a ``.zip``.
        ExportError: not one network over patches, or it computes something else in ONNX Runtime.
        OutputError: `out` cannot be written.
    """
    if out.suffix.lower() != ".zip" or out.is_dir():
        raise UsageError(f"{out}: name the file to write, ending in .zip")
    refuse_unfit(subject)
    made = _network(subject)
    pixels = [(image.numpy() * 255).round().astype(np.float32) for image in subject.images(1)]
    expected = _run(made.data, pixels)
    files = {f"image_{i}.npy": _npy(array) for i, array in enumerate(pixels)}
    files |= {OUTPUT_NAME: _npy(expected), ONNX_NAME: made.data}
    files |= {PAGE_NAME: card_page(subject.card, _USE).encode()}
    about = description(subject, files, expected.shape, authors, licence)
    text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    _write(out, {RDF_NAME: text.encode(), **files})
    return [out], made.difference


_USE = (
    "Use it with `bioimageio.core` or whatever else runs BioImage.IO models. Inputs are RGB "
    "patches about one centre, the first the finest; the output tells of the middle of the first.\n"
)


def refuse_unfit(subject: Subject) -> None:
    """Raise `ExportError` for what one network over patches cannot do."""
    model = subject.model
    what = None
    if subject.first_stage is not None:
        what = "is two networks, one after the other"
    elif model.reads != "patches":
        what = "reads whole slides" if model.reads == "overview" else "reads patches of any µm/px"
    if what is not None:
        raise ExportError(
            f"BioImage.IO describes one network over patches; {model.family} {what}; export it "
            "to onnx"
        )


class Probabilities(nn.Module):
    """A network's first output after softmax."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: list[Tensor]) -> Tensor:
        scores: Tensor = self.model(images)[0]
        return scores.softmax(dim=1)


def _network(subject: Subject) -> Verified:
    return verified_onnx(
        Probabilities(subject.model).eval(),
        [subject.images(batch) for batch in (2, 1, 3)],
        [f"image_{index}" for index in range(len(subject.model.branches))],
        OUTPUT_ID,
        {},
    )


def _run(network: bytes, pixels: Sequence[_Array]) -> _Array:
    """What the network says of values 0…255, scaled as `description` says."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    fed = {f"image_{i}": a * np.float32(1 / 255) for i, a in enumerate(pixels)}
    found: _Array = session.run(None, fed)[0]
    return found


def description(
    subject: Subject,
    files: Mapping[str, bytes],
    shape: Sequence[int],
    authors: Sequence[str] = (),
    licence: str | None = None,
) -> dict[str, Any]:
    """Content of ``rdf.yaml``.

    Args:
        files: what lies beside it.
        shape: of the output, ``(1, C, h, w)``.
    """
    import onnx

    opset = onnx.load_model_from_string(files[ONNX_NAME]).opset_import[0].version
    found: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "type": "model",
        "name": _plain_name(f"hookpath {subject.name}"),
        "description": f"Tissue classes in whole slides, at {subject.card.spacing_um:g} µm/px.",
        "documentation": PAGE_NAME,
        "tags": ["hookpath", "histopathology", "semantic-segmentation", "2d", "rgb"],
        "timestamp": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "inputs": [_input(subject, i, files) for i in range(len(subject.model.branches))],
        "outputs": [_output(subject, shape, files)],
        "weights": {"onnx": {**_source(ONNX_NAME, files), "opset_version": opset}},
        "config": {"hookpath": {"version": __version__, "family": subject.card.family}},
    }
    if authors:
        found["authors"] = [{"name": printable(name, 200).replace("/", "-")} for name in authors]
    if licence:
        found["license"] = licence
    if paper := _PAPERS.get(subject.card.family):
        found["cite"] = [{"text": paper[0], "doi": paper[1]}]
    return found


def _input(subject: Subject, index: int, files: Mapping[str, bytes]) -> dict[str, Any]:
    branch, name = subject.model.branches[index], f"image_{index}"
    size = branch.input_size
    return {
        "id": name,
        "description": f"RGB, {branch.spacing_um:g} µm/px"
        + (", about the same centre as image_0" if index else ""),
        "axes": _axes(["red", "green", "blue"], size, size, branch.spacing_um),
        "test_tensor": _source(f"{name}.npy", files),
        "data": {"type": "float32", "range": [0.0, 255.0]},
        "preprocessing": [{"id": "scale_linear", "kwargs": {"gain": 1 / 255, "offset": 0.0}}],
    }


def _output(subject: Subject, shape: Sequence[int], files: Mapping[str, bytes]) -> dict[str, Any]:
    card, (_, _, height, width) = subject.card, shape
    inner = subject.model.branches[0].input_size * card.branches[0].spacing_um
    middle = "the patch" if card.scores == "patches" else "the middle of image_0"
    spacing_um = card.spacing_um if card.scores == "pixels" else inner / height
    names = [_plain_name(name) for name in subject.class_names]
    return {
        "id": OUTPUT_ID,
        "description": f"probability of each class in {middle}",
        "axes": _axes(names, height, width, spacing_um),
        "test_tensor": _source(OUTPUT_NAME, files),
        "data": {"type": "float32", "range": [0.0, 1.0]},
    }


def _axes(channels: Sequence[str], height: int, width: int, um: float) -> list[dict[str, Any]]:
    space = {"type": "space", "unit": "micrometer", "scale": um}
    return [
        {"type": "batch"},
        {"type": "channel", "channel_names": list(channels)},
        {**space, "id": "y", "size": height},
        {**space, "id": "x", "size": width},
    ]


def _plain_name(text: str) -> str:
    """Letters, digits and what else the specification takes in names."""
    kept = "".join(c if c.isalnum() or c in "_+- ()" else " " for c in text)
    return " ".join(kept.split())[:120] or "class"


def _source(name: str, files: Mapping[str, bytes]) -> dict[str, str]:
    return {"source": name, "sha256": hashlib.sha256(files[name]).hexdigest()}


def _npy(array: _Array) -> bytes:
    target = io.BytesIO()
    np.save(target, np.ascontiguousarray(array), allow_pickle=False)
    return target.getvalue()


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    """Write the package, and run what lies in it before it gets its name."""

    def fill(part: Path) -> None:
        part.write_bytes(zip_of(files))
        check_package(part)

    write_checked(out, fill)


def check_package(path: Path) -> None:
    """Run a package as it lies there on its own input, by what its description says.

    Raises:
        ExportError: a file is not the one described, or another output comes out.
    """
    with zipfile.ZipFile(path) as packed:
        about = json.loads(packed.read(RDF_NAME))
        tensors = [*about["inputs"], *about["outputs"]]
        arrays = [np.load(io.BytesIO(_described(packed, t["test_tensor"]))) for t in tensors]
        network = _described(packed, about["weights"]["onnx"])
    found = _run(network, arrays[:-1])
    if found.shape != arrays[-1].shape or not np.abs(found - arrays[-1]).max() <= TOLERANCE:
        raise ExportError(f"{path.name}: what was written gives another output; nothing was kept")


def _described(packed: zipfile.ZipFile, about: Mapping[str, str]) -> bytes:
    data = packed.read(about["source"])
    if hashlib.sha256(data).hexdigest() != about["sha256"]:
        raise ExportError(f"{about['source']} was not written as it was made; nothing was kept")
    return data
