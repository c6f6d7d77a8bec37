"""``--to onnx``: ``model.onnx`` and ``model.json``, which `hookpath predict` and others run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from hookpath.errors import ExportError
from hookpath.export.export_folder import write_files
from hookpath.export.network_and_trial_images import Subject, TargetOnly
from hookpath.export.onnx_conversion import Verified, verified_onnx
from hookpath.models.storage.folder_or_zip import (
    CARD_NAME,
    FIRST_STAGE_NAME,
    ONNX_NAME,
    WEIGHTS_NAME,
)
from hookpath.models.storage.model_folder import ModelCard, read_card

METADATA_KEY = "hookpath"
"""Key in the file's ``metadata_props``; its value is JSON (docs/export.md)."""

_CARD_FIELDS = {
    "format_version",
    "family",
    "classes",
    "branches",
    "reads",
    "scores",
    "output_um",
    "normalisation",
}


def export_onnx(subject: Subject, out: Path) -> tuple[list[Path], float]:
    """Write the folder; the files, and the largest difference to torch.

    Raises:
        ExportError: see `verified_onnx`; or `out` holds another model.
        OutputError: `out` cannot be written to.
    """
    refuse_other_model(out, subject.card)
    first = subject.first_stage
    stages = [(out, subject)] + ([(out / FIRST_STAGE_NAME, first)] if first else [])
    made = [(folder, stage, network_onnx(stage)) for folder, stage in stages]
    written = [path for stage in reversed(made) for path in _write(*stage)]
    return written, max(verified.difference for _, _, verified in made)


def _write(folder: Path, subject: Subject, made: Verified) -> list[Path]:
    digest = hashlib.sha256(made.data).hexdigest()
    card = subject.card.model_copy(update={"onnx_sha256": digest})
    files = {ONNX_NAME: made.data, CARD_NAME: card.model_dump_json(indent=2).encode()}
    return write_files(folder, files)


def network_onnx(subject: Subject) -> Verified:
    """The whole network: ``image_0…`` (N, 3, S, S) in [0, 1] to ``target`` (N, C, h, w) logits."""
    return verified_onnx(
        TargetOnly(subject.model).eval(),
        [subject.images(batch) for batch in (2, 1, 3)],
        [f"image_{index}" for index in range(len(subject.model.branches))],
        "target",
        {METADATA_KEY: metadata(subject)},
    )


def metadata(subject: Subject) -> str:
    """JSON of what a consumer must know; of the heads only the target's is in the file."""
    fields = subject.card.model_dump(mode="json", include=_CARD_FIELDS)
    return json.dumps({**fields, "heads": [0]}, ensure_ascii=False)


def refuse_other_model(out: Path, card: ModelCard) -> None:
    """Leave a folder alone that holds the weights of a model that is not the exported one.

    Raises:
        ExportError: it does.
    """
    if not (out / WEIGHTS_NAME).exists():
        return
    theirs = read_card(out)
    if (theirs.weights_sha256, theirs.config) != (card.weights_sha256, card.config):
        raise ExportError(f"{out}: holds another model; give another folder with -o")
