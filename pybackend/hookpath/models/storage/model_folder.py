"""A model on disk: ``model.json`` + ``weights.safetensors`` or, after export, ``model.onnx``.

A folder, or one ``.zip`` of it: wherever a model is opened, either may be named. Data only: opening
one runs nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hookpath import limits
from hookpath.atomic_files import flush_folder, replace_bytes
from hookpath.errors import ModelDesignError, ModelFolderError, write_code
from hookpath.models.network_base import Reads, Scores
from hookpath.models.registry import build_model
from hookpath.models.storage.folder_or_zip import (
    CARD_NAME,
    NEXT_WEIGHTS_NAME,
    ONNX_NAME,
    WEIGHTS_NAME,
    files_of,
)
from hookpath.models.storage.untrusted_model_checks import refuse_no_numbers, refuse_other_size
from hookpath.untrusted_files import parse_json, reason

if TYPE_CHECKING:
    from hookpath.models.network_base import Network

FORMAT_VERSION = 1
STAIN_KEY = "stain"
"""In `ModelCard.normalisation`: what slides are recoloured to (`sampling.stain_profiles`)."""


CHANNELS_KEY = "channels"
"""In `ModelCard.normalisation`: which channels it takes, and what becomes 0 and 255 of each."""


class Named(Protocol):
    """A class as the card needs it: `hookpath.annotations.PathClass` is one."""

    @property
    def name(self) -> str: ...

    @property
    def color(self) -> tuple[int, int, int] | None: ...


_Byte = Annotated[int, Field(ge=0, le=255)]


class ClassEntry(BaseModel):
    """One class; its position is its output channel."""

    model_config = ConfigDict(frozen=True)
    name: str = Field(min_length=1, max_length=limits.NAME_LENGTH)
    color: tuple[_Byte, _Byte, _Byte]


class BranchEntry(BaseModel):
    """One input branch, for those who read the card without building the network."""

    model_config = ConfigDict(frozen=True)
    spacing_um: float = Field(gt=0, allow_inf_nan=False)
    input_size: int = Field(ge=1, le=limits.DESIGN_NUMBER)
    output_size: int = Field(ge=1, le=limits.DESIGN_NUMBER)


class ModelCard(BaseModel):
    """All that is known of a model besides its weights (``model.json``).

    `glass`: classes were annotated on glass, so prediction covers it unless asked otherwise.
    """

    model_config = ConfigDict(extra="forbid")
    format_version: int = FORMAT_VERSION
    family: str
    config: dict[str, Any]
    classes: list[ClassEntry] = Field(max_length=limits.CLASSES)
    branches: list[BranchEntry] = Field(max_length=limits.BRANCHES)
    reads: Reads = "patches"
    scores: Scores = "pixels"
    output_um: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    normalisation: dict[str, Any] = Field(default_factory=lambda: {"scale": 1 / 255})
    training: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)
    glass: bool = False
    weights_sha256: str = ""
    onnx_sha256: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [entry.name for entry in self.classes]
        if len(set(names)) != len(names):
            twice = Counter(names).most_common(1)[0][0]
            raise ValueError(f"the class {twice!r} is there twice")
        scale = self.normalisation.get("scale", 1.0)
        if not isinstance(scale, (int, float)) or not 0 < scale < math.inf:
            raise ValueError("normalisation.scale is no number above 0")
        for name in ("config", "split", "versions"):
            if not isinstance(self.training.get(name) or {}, dict):
                raise ValueError(f"training.{name} is no object")
        if not self.output_um and not self.branches:
            raise ValueError("neither branches nor output_um tell the µm/px")
        return self

    @classmethod
    def describe(cls, model: Network, classes: Iterable[Named], **extra: Any) -> ModelCard:
        """The card of a network with these classes (a `ClassTable`); back: `ClassTable.of`."""
        return cls(
            family=model.family,
            config=model.config,
            classes=[ClassEntry(name=c.name, color=c.color or (128, 128, 128)) for c in classes],
            branches=[BranchEntry(**vars(b)) for b in model.branches],
            reads=model.reads,
            scores=model.scores,
            output_um=model.output_um,
            **extra,
        )

    def with_metrics(self, more: Mapping[str, Any]) -> ModelCard:
        """The card with further metrics."""
        return self.model_copy(update={"metrics": {**self.metrics, **more}})

    @property
    def spacing_um(self) -> float:
        """µm/px of the output."""
        return self.output_um or self.branches[0].spacing_um


def save_model(folder: Path, model: Network, card: ModelCard) -> ModelCard:
    """Write a model folder; at every instant it holds the old model or the new one, whole.

    Weights that replace others wait beside them until their card is there.

    Returns:
        The card as written, with the weights' hash.
    """
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    weights = save({k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()})
    written = card.model_copy(update={"weights_sha256": hashlib.sha256(weights).hexdigest()})
    waiting = folder / NEXT_WEIGHTS_NAME
    try:
        _replace(waiting, weights)
        write_card(folder, written)
    except ModelFolderError:
        waiting.unlink(missing_ok=True)
        raise
    _rename(waiting, folder / WEIGHTS_NAME)
    return written


def write_card(folder: Path, card: ModelCard) -> None:
    """Write ``model.json``, complete or not at all; the weights must be those it describes.

    Raises:
        ModelFolderError: it cannot be written.
    """
    _replace(folder / CARD_NAME, card.model_dump_json(indent=2).encode())


def _replace(path: Path, data: bytes) -> None:
    with _write_errors(path):
        replace_bytes(path, data)


def _rename(path: Path, to: Path) -> None:
    with _write_errors(to):
        path.replace(to)
        flush_folder(to.parent)


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelFolderError(
            f"{path}: cannot be written ({error.strerror})", code=write_code(error)
        ) from error


def read_card(folder: Path) -> ModelCard:
    """The card of a model folder, or of a ``.zip`` of one.

    Raises:
        ModelFolderError: no such folder, not a model, or of a later version.
    """
    path, files = folder / CARD_NAME, files_of(folder)
    if not files.has(CARD_NAME):
        raise ModelFolderError(
            f"{folder}: no {CARD_NAME} here; give a model folder (a run's is RUN/model)"
        )
    try:
        raw = parse_json(files.read(CARD_NAME))
        if not isinstance(raw, dict):
            raise ValueError("no object")
        version = raw.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise ModelFolderError(
                f"{path}: format version {version} is newer than this hookpath reads "
                f"({FORMAT_VERSION}); update hookpath"
            )
        return ModelCard.model_validate(raw)
    except ValueError as error:
        raise ModelFolderError(
            f"{path}: not a valid model card ({reason(error)}); copy the model folder again"
        ) from error


def load_model(folder: Path, device: str = "cpu") -> tuple[Network, ModelCard]:
    """The network in evaluation mode, and its card.

    Raises:
        ModelFolderError: see `read_card`; also weights that are missing, damaged or of another
            network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    card = read_card(folder)
    path = folder / WEIGHTS_NAME
    if only_exported(folder):
        raise ModelFolderError(
            f"{folder}: an exported network without {WEIGHTS_NAME}: it predicts, and nothing else; "
            "give the folder that it was exported from"
        )
    try:
        data = files_of(folder).read(WEIGHTS_NAME)
        if card.weights_sha256 and hashlib.sha256(data).hexdigest() != card.weights_sha256:
            raise ModelFolderError(f"{path}: not the weights that {CARD_NAME} describes; copy both")
        weights = load(data)
        refuse_other_size(card.family, card.config, weights)
        model = build_model(card.family, **card.config)
        model.load_state_dict(weights)
    except (SafetensorError, RuntimeError, ModelDesignError, ValueError, MemoryError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
        raise ModelFolderError(
            f"{path}: does not fit {CARD_NAME} ({said}); copy the model folder again, or update "
            "hookpath"
        ) from error
    refuse_no_numbers(path, model.state_dict())
    return model.to(device).eval(), card


def only_exported(folder: Path) -> bool:
    """Whether the folder holds a network as ``model.onnx`` only."""
    files = files_of(folder)
    return files.has(ONNX_NAME) and not files.has(WEIGHTS_NAME)


def read_onnx(folder: Path) -> tuple[bytes, ModelCard]:
    """Content of ``model.onnx``, and the card.

    Raises:
        ModelFolderError: see `read_card`; also a file that is missing, damaged or another's.
    """
    card = read_card(folder)
    path = folder / ONNX_NAME
    data = files_of(folder).read(ONNX_NAME)
    if card.onnx_sha256 != hashlib.sha256(data).hexdigest():
        raise ModelFolderError(f"{path}: not the network that {CARD_NAME} describes; copy both")
    return data, card
