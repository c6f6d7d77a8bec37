"""A loop that begins with a model that is there already: it counts as that of the first round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hookpath.atomic_files import make_folder, replace_bytes
from hookpath.errors import LoopError, write_code
from hookpath.loop.state.loop_folder import RoundFolder, now, write_json
from hookpath.models import model_at, read_card
from hookpath.models.storage.folder_or_zip import CARD_NAME, KNOWN, WEIGHTS_NAME, files_of
from hookpath.projects import Project


def refuse_untrainable(model: Path) -> None:
    """The next rounds start from its weights.

    Raises:
        LoopError: it was exported and has none, or it learns no classes.
        ModelFolderError: no model.
    """
    card = read_card(model_at(model))
    if not files_of(model_at(model)).has(WEIGHTS_NAME):
        raise LoopError(
            f"{model}: an exported model cannot be trained on; choose the one that it was made of"
        )
    if card.scores == "magnification":
        raise LoopError(f"{model}: a {card.family} learns no classes, so nothing could be proposed")


def adopt(target: RoundFolder, project: Project, model: Path) -> dict[str, list[str]]:
    """Copy a model into a loop as its first round's.

    Returns:
        Ids of the project's images by the part (``train``, ``val``, ``test``) that they had in its
        training.

    Raises:
        ModelFolderError: the model cannot be read.
        LoopError: the loop's folder cannot be written.
    """
    source = model_at(model)
    card, files = read_card(source), files_of(source)
    try:
        # The card comes last: without it the folder is no model.
        for name in sorted(filter(files.has, KNOWN), key=lambda n: n == CARD_NAME):
            make_folder((target.model / name).parent)
            replace_bytes(target.model / name, files.read(name))
    except OSError as error:
        raise LoopError(
            f"{target.model}: cannot be written ({error.strerror})", code=write_code(error)
        ) from error
    slides = _learned(project, card.training.get("split") or {})
    found = {
        "round": target.number,
        "f1": card.metrics.get("validation_macro_f1"),
        "f1_by_class": dict(card.metrics.get("validation_f1", {})),
        "slides": slides,
        "labelled_mm2": {},
        "warm": False,
    }
    write_json(
        target.result_file,
        {**found, "model": "run/model", "adopted": str(model), "finished": now()},
    )
    return slides


def _learned(project: Project, split: dict[str, Any]) -> dict[str, list[str]]:
    """Ids of the project's images by the part that they had; cards name images."""
    return {
        part: [e.id for e in project.images if e.name in (split.get(part) or ())]
        for part in ("train", "val", "test")
    }
