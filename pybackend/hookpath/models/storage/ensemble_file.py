"""Models that answer together: ``ensemble.json`` names them, their answers are averaged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hookpath.atomic_files import replace_text
from hookpath.errors import ModelDesignError, ModelFolderError
from hookpath.models.storage.folder_or_zip import CARD_NAME, model_at
from hookpath.models.storage.model_folder import CHANNELS_KEY, ModelCard, read_card
from hookpath.untrusted_files import read_bytes, reason

ENSEMBLE_NAME = "ensemble.json"
"""The file that names the members of an ensemble."""

ENSEMBLE = "ensemble"
"""In place of a family's name."""

#: More than anybody trains.
_MOST = 64

#: A folder beside the file, so that a stranger's names nothing elsewhere.
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class EnsembleFile(BaseModel):
    """Content of ``ensemble.json``: names of folders beside it, each a run or a model."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    format: int = Field(default=1, le=1)
    members: tuple[_Name, ...] = Field(min_length=1, max_length=_MOST)

    def save(self, folder: Path) -> None:
        """Write it, atomically."""
        replace_text(folder / ENSEMBLE_NAME, self.model_dump_json(indent=2) + "\n")


def is_ensemble(folder: Path) -> bool:
    """Whether a folder says so; one that is a model itself is that."""
    return (folder / ENSEMBLE_NAME).is_file() and not (folder / CARD_NAME).is_file()


def members_of(folder: Path) -> list[Path]:
    """Model folders of an ensemble; of any other folder itself.

    Raises:
        ModelFolderError: ``ensemble.json`` is damaged.
    """
    if not is_ensemble(folder):
        return [model_at(folder)]
    path = folder / ENSEMBLE_NAME
    try:
        found = EnsembleFile.model_validate_json(read_bytes(path))
    except (OSError, ValueError) as error:
        raise ModelFolderError(
            f"{path}: is not what hookpath wrote ({reason(error)}); train the folds again"
        ) from error
    return [model_at(folder / name) for name in found.members]


def card_at(folder: Path) -> ModelCard:
    """The card of a model folder, or what the models of an ensemble's are together.

    Raises:
        ModelFolderError, ModelDesignError: see `ensemble_card`.
    """
    return ensemble_card(members_of(folder))


def ensemble_card(folders: Sequence[Path]) -> ModelCard:
    """What several models are together.

    Classes are in the order of the first; the hash is that of all weights, whatever their order.

    Raises:
        ModelFolderError: one is not a model.
        ModelDesignError: they do not tell the same classes apart.
    """
    cards = [read_card(folder) for folder in folders]
    first = cards[0]
    for folder, card in zip(folders, cards, strict=True):
        refuse_other_classes(folders[0], first, folder, card)
    if len(cards) == 1:
        return first
    hashes = "".join(sorted(card.weights_sha256 or card.onnx_sha256 for card in cards))
    return first.model_copy(
        update={
            "family": ENSEMBLE,
            "weights_sha256": hashlib.sha256(hashes.encode()).hexdigest(),
            "onnx_sha256": "",
            "glass": any(card.glass for card in cards),
            "metrics": {},
            "training": {**first.training, **_taught_by(cards)},
        }
    )


def _taught_by(cards: Sequence[ModelCard]) -> dict[str, dict[str, list[str]]]:
    """Which slides taught any of them; those that only chose among weights validated all."""
    found: dict[str, dict[str, list[str]]] = {}
    for key in ("contents", "split"):
        parts = [p for c in cards if isinstance(p := c.training.get(key), dict)]
        train, val = ({str(v) for p in parts for v in p.get(n) or ()} for n in ("train", "val"))
        if len(parts) == len(cards):
            found[key] = {"train": sorted(train), "val": sorted(val - train)}
    return found


def refuse_other_classes(one: Path, card: ModelCard, other: Path, its: ModelCard) -> None:
    """Models that answer together must be asked the same.

    Raises:
        ModelDesignError: their classes differ.
    """
    ours, theirs = ({entry.name for entry in c.classes} for c in (card, its))
    if ours != theirs:
        raise ModelDesignError(
            f"{other} tells {', '.join(sorted(theirs))} apart, {one} {', '.join(sorted(ours))}: "
            "models that are averaged need the same classes"
        )
    of_rgb = [CHANNELS_KEY not in c.normalisation for c in (card, its)]
    if of_rgb[0] != of_rgb[1]:
        kinds = ["RGB" if rgb else "other channels" for rgb in of_rgb]
        raise ModelDesignError(
            f"{other} is of {kinds[1]}, {one} of {kinds[0]}: models that are averaged look at the "
            "same images"
        )
