"""What is exported: a network, its card, and images to try it on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from hookpath.errors import ExportError, ModelDesignError
from hookpath.models import ModelCard, Network, build_model, load_model
from hookpath.models.h2gnet import H2GNet
from hookpath.models.storage.model_folder import BranchEntry


@dataclass(frozen=True)
class Subject:
    """A network in evaluation mode on the CPU, its card, and the folder that it came from."""

    model: Network
    card: ModelCard
    folder: Path

    @classmethod
    def load(cls, folder: Path, input_size: int | None = None) -> Subject:
        """The model of a folder, built for another input size if one is given.

        Raises:
            ModelFolderError: no usable model there.
            ExportError: not a size that the family can take; names the nearest that are.
        """
        model, card = load_model(folder)
        if input_size is None or input_size == model.branches[0].input_size:
            return cls(model, card, folder)
        resized = _resized(model, card, input_size)
        branches = [BranchEntry(**vars(b)) for b in resized.branches]
        changed = {"config": resized.config, "branches": branches, "output_um": resized.output_um}
        return cls(resized, card.model_copy(update=changed), folder)

    @property
    def class_names(self) -> list[str]:
        """Names in the order of the output's channels."""
        return [entry.name for entry in self.card.classes]

    @property
    def first_stage(self) -> Subject | None:
        """The patch classifier of a network in two stages; None: it has one."""
        if not isinstance(self.model, H2GNet):
            return None
        patch = self.model.patch.eval()
        kept = {"weights_sha256": self.card.weights_sha256, "training": self.card.training}
        return Subject(patch, ModelCard.describe(patch, self.card.classes, **kept), self.folder)

    @property
    def name(self) -> str:
        """What people are shown: the family, and what it tells apart."""
        return f"{self.card.family}: {', '.join(self.class_names)}"

    def images(self, batch: int) -> list[Tensor]:
        """Per input ``(batch, channels, S, S)`` float32 noise in [0, 1], the same at every call."""
        random = torch.Generator().manual_seed(batch)
        sizes = [
            (batch, channels, branch.input_size, branch.input_size)
            for channels, branch in zip(self.model.channels, self.model.branches, strict=True)
        ]
        return [torch.rand(*size, generator=random) for size in sizes]


def _resized(model: Network, card: ModelCard, input_size: int) -> Network:
    argument = "size" if model.reads == "overview" else "input_size"
    try:
        resized = build_model(card.family, **{**card.config, argument: input_size})
        resized.load_state_dict(model.state_dict())
    except ModelDesignError as error:
        raise ExportError(f"--input-size {input_size}: {error}", code=error.code) from error
    except RuntimeError as error:
        raise ExportError(
            f"--input-size {input_size}: the weights of {card.family} belong to inputs of "
            f"{model.branches[0].input_size} px; leave the option out"
        ) from error
    return resized.eval()


class TargetOnly(nn.Module):
    """A network's first output alone: what training added for its losses is left out."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: list[Tensor]) -> Tensor:
        scores: Tensor = self.model(images)[0]
        return scores
