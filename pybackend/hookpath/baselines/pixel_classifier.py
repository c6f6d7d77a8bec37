"""A fitted pixel classifier, and its folder on disk: data only, as a network's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable
from hookpath.atomic_files import replace_bytes
from hookpath.baselines.pixel_features import FeatureBank
from hookpath.baselines.trees_and_ann import HEADS, Head
from hookpath.errors import ModelFolderError, write_code
from hookpath.models import ModelCard, read_card
from hookpath.models.storage.folder_or_zip import CARD_NAME, WEIGHTS_NAME
from hookpath.models.storage.model_folder import BranchEntry, ClassEntry

FAMILY = "pixel-classifier"

#: Pixels that a head is given at a time: their features stay in the processor's cache.
_AT_ONCE = 4096

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PixelClassifier:
    """Features, brought to mean 0 and deviation 1, and a head that tells the classes apart.

    Attributes:
        kind: of `head`: ``trees`` or ``ann``.
        mean, deviation: ``(F,)`` float32, of the pixels that were learned from.
    """

    bank: FeatureBank
    kind: str
    head: Head
    mean: FloatArray
    deviation: FloatArray
    n_classes: int

    def probabilities(self, features: FloatArray) -> FloatArray:
        """``(classes, h, w)`` float32 of feature maps ``(F, h, w)`` (`FeatureBank.maps`)."""
        flat = features.reshape(len(features), -1)
        found = np.empty((self.n_classes, flat.shape[1]), np.float32)
        for start in range(0, flat.shape[1], _AT_ONCE):
            rows = flat[:, start : start + _AT_ONCE].T
            scaled = np.ascontiguousarray((rows - self.mean) / self.deviation)
            found[:, start : start + _AT_ONCE] = self.head(scaled).T
        return found.reshape(-1, *features.shape[1:])


def save_classifier(
    folder: Path, classifier: PixelClassifier, classes: ClassTable, training: dict[str, Any]
) -> ModelCard:
    """Write a model folder; the card comes last and says that it is complete.

    Raises:
        ModelFolderError: it cannot be written.
    """
    from safetensors.numpy import save

    bank = classifier.bank
    arrays = {"mean": classifier.mean, "deviation": classifier.deviation}
    arrays |= {f"head.{name}": value for name, value in classifier.head.arrays().items()}
    weights = save({name: np.ascontiguousarray(value) for name, value in arrays.items()})
    card = ModelCard(
        family=FAMILY,
        config={
            "spacing_um": bank.spacing_um,
            "sigmas": list(bank.sigmas),
            "head": classifier.kind,
        },
        classes=[ClassEntry(name=c.name, color=c.color or (128, 128, 128)) for c in classes],
        branches=[
            BranchEntry(spacing_um=bank.spacing_um, input_size=2 * bank.margin + 1, output_size=1)
        ],
        training=training,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_bytes(folder / WEIGHTS_NAME, weights)
        text = card.model_dump_json(indent=2).encode()
        replace_bytes(folder / CARD_NAME, text)
    except OSError as error:
        raise ModelFolderError(
            f"{folder}: cannot be written ({error.strerror})", code=write_code(error)
        ) from error
    return card


def load_classifier(folder: Path) -> tuple[PixelClassifier, ModelCard]:
    """A fitted classifier and its card.

    Raises:
        ModelFolderError: no such folder, of another family, or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    card = read_card(folder)
    path = folder / WEIGHTS_NAME
    if card.family != FAMILY:
        raise ModelFolderError(f"{folder}: a {card.family}, no {FAMILY}; give another folder")
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != card.weights_sha256:
            raise ModelFolderError(f"{path}: not what {CARD_NAME} describes; copy both")
        arrays = load(data)
        kind = card.config["head"]
        head = HEADS[kind](**{n[5:]: v for n, v in arrays.items() if n.startswith("head.")})
        bank = FeatureBank(float(card.config["spacing_um"]), tuple(card.config["sigmas"]))
        mean, deviation = arrays["mean"], arrays["deviation"]
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelFolderError(
            f"{path}: does not fit {CARD_NAME} ({error}); copy the model folder again"
        ) from error
    return PixelClassifier(bank, kind, head, mean, deviation, len(card.classes)), card
