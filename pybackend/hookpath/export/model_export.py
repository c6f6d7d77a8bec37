"""One way out: a model folder to the files of another program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from hookpath.errors import ExportError, UsageError
from hookpath.export.bioimageio import export_bioimageio
from hookpath.export.export_folder import refuse_unwritable
from hookpath.export.fastpathology import export_fastpathology
from hookpath.export.model_zip import pack_model
from hookpath.export.network_and_trial_images import Subject
from hookpath.export.onnx_folder import export_onnx
from hookpath.export.wsinfer import export_wsinfer
from hookpath.models.storage.model_folder import CHANNELS_KEY, STAIN_KEY

Format = Literal["onnx", "fastpathology", "wsinfer", "bioimageio", "zip"]
"""What a model can be exported to."""

FORMATS: tuple[Format, ...] = get_args(Format)
"""All that a model can be exported to."""

_WRITERS: Mapping[Format, Callable[[Subject, Path], tuple[list[Path], float]]] = {
    "onnx": export_onnx,
    "fastpathology": export_fastpathology,
    "wsinfer": export_wsinfer,
}


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        difference: largest difference to torch on the trial images, as a share of the largest
            output (at least 1).
    """

    format: Format
    out: Path
    files: tuple[Path, ...]
    difference: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        files = [str(path) for path in self.files]
        return {**vars(self), "out": str(self.out), "files": files}


def export_model(
    model_dir: Path,
    out: Path,
    to: Format = "onnx",
    input_size: int | None = None,
    authors: Sequence[str] = (),
    licence: str | None = None,
) -> Exported:
    """Write a trained model for another program; it has been run there and compared by then.

    Args:
        model_dir: a model folder with weights.
        out: folder for the files; made if absent. Of ``zip`` and ``bioimageio`` the file itself.
        to: the format.
        input_size: side of the inputs in px; None: as trained.
        authors, licence: of ``bioimageio``, see `export_bioimageio`.

    Raises:
        ModelFolderError: no usable model in `model_dir`.
        UsageError: `out` is no name for a ``zip``, or the format names no authors.
        ExportError: the format cannot hold this network, or it computes something else there.
        OutputError: `out` cannot be written to.
    """
    if (authors or licence) and to != "bioimageio":
        raise UsageError("--author and --license are for --to bioimageio; leave them out")
    if to == "zip":
        if input_size is not None:
            raise UsageError("--to zip packs a model as it is; leave --input-size out")
        return Exported(to, out, (pack_model(model_dir, out),), 0.0)
    refuse_unwritable(out)
    subject = Subject.load(model_dir, input_size)
    if to != "onnx" and STAIN_KEY in subject.card.normalisation:
        raise ExportError(
            f"{model_dir}: trained on slides recoloured to one stain, which {to} does not do; "
            "export it as onnx, or train without normalisation"
        )
    if to != "onnx" and CHANNELS_KEY in subject.card.normalisation:
        raise ExportError(
            f"{model_dir}: takes channels of images that are no RGB, which {to} does not give; "
            "export it as onnx"
        )
    if to == "bioimageio":
        files, difference = export_bioimageio(subject, out, authors, licence)
    else:
        files, difference = _WRITERS[to](subject, out)
    return Exported(to, out, tuple(files), difference)
