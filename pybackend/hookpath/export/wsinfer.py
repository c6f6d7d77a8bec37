"""``--to wsinfer``: a patch classifier for WSInfer and for QuPath's WSInfer extension.

The folder is one of the WSInfer model zoo (Kaczmarzyk et al., npj Precision Oncology 2024): the
network as TorchScript, and ``config.json`` after the zoo's ``model-config.schema.json``, version
1.0. The program that runs it scales 8-bit pixels to [0, 1] (``ToTensor``) and applies softmax;
everything between happens in the network.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hookpath.errors import ExportError
from hookpath.export.export_folder import write_files
from hookpath.export.network_and_trial_images import Subject
from hookpath.export.onnx_conversion import Verified, difference
from hookpath.models import Network

SCRIPT_NAME = "torchscript_model.pt"
CONFIG_NAME = "config.json"


def export_wsinfer(subject: Subject, out: Path) -> tuple[list[Path], float]:
    """Write the folder; the files, and the largest difference to torch.

    Raises:
        ExportError: not a classifier of patches at one resolution, or it computes something else.
        OutputError: `out` cannot be written to.
    """
    refuse_unfit(subject)
    made = torchscript(subject)
    config = json.dumps(configuration(subject), indent=2, ensure_ascii=False)
    files = {SCRIPT_NAME: made.data, CONFIG_NAME: config.encode()}
    return write_files(out, files), made.difference


def refuse_unfit(subject: Subject) -> None:
    """Raise `ExportError` for what WSInfer has no place for."""
    model = subject.model
    what = None
    if model.scores != "patches":
        what = {"pixels": "a class for every pixel", "magnification": "a magnification"}[
            model.scores
        ]
    elif len(model.branches) > 1:
        what = f"one from {len(model.branches)} resolutions"
    if what is not None:
        raise ExportError(
            f"WSInfer runs networks that give one class for a patch; {model.family} gives {what}; "
            "export it to onnx"
        )


def configuration(subject: Subject) -> dict[str, Any]:
    """Content of ``config.json``."""
    (branch,) = subject.model.branches
    return {
        "spec_version": "1.0",
        "architecture": subject.card.config.get("backbone", subject.card.family),
        "num_classes": subject.model.n_classes,
        "patch_size_pixels": branch.input_size,
        "spacing_um_px": branch.spacing_um,
        "class_names": subject.class_names,
        # A patch that was cut out of another µm/px may be a pixel larger or smaller.
        "transform": [
            {"name": "Resize", "arguments": {"size": branch.input_size}},
            {"name": "ToTensor"},
        ],
    }


class PatchScores(nn.Module):
    """``(N, 3, S, S)`` in [0, 1] → ``(N, C)`` logits."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.model([image])[0]
        return scores.flatten(1)


def torchscript(subject: Subject) -> Verified:
    """The network as the bytes of a TorchScript file, loaded again and compared with torch.

    Raises:
        ExportError: it cannot be traced, or computes something else.
    """
    module = PatchScores(subject.model).eval()
    try:
        data = _traced(module, subject.images(2)[0])
        again = _loaded(data)
    except Exception as error:  # tracer and loader have no common class
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ExportError(f"this network cannot be written as TorchScript: {reason}") from error
    found = []
    for batch in (1, 3):
        (image,) = subject.images(batch)
        with torch.inference_mode():
            found.append(difference(again(image).numpy(), module(image)))
    return Verified(data, max(found))


def _traced(module: nn.Module, image: Tensor) -> bytes:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; WSInfer wants it
        script = torch.jit.trace(module, image)  # type: ignore[no-untyped-call]
        saved = io.BytesIO()
        torch.jit.save(script, saved)
    return _without_debugging(saved.getvalue())


def _loaded(data: bytes) -> torch.jit.ScriptModule:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded: torch.jit.ScriptModule = torch.jit.load(io.BytesIO(data))  # type: ignore[no-untyped-call]
    return loaded


def _without_debugging(data: bytes) -> bytes:
    """Take out the notes on source lines: paths of this machine are among them."""
    stripped = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(stripped, "w", zipfile.ZIP_STORED) as target,
    ):
        for entry in source.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry))
    return stripped.getvalue()
