"""What every family must do: learn, come back from disk unchanged, run as ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hookpath.annotations import ClassTable, PathClass
from hookpath.models import ModelCard, Network, load_model, save_model
from hookpath.training.losses import hooknet_loss


def patches(model: Network, n: int = 1, seed: int = 1) -> list[Tensor]:
    """Random inputs of every branch."""
    draw = torch.Generator().manual_seed(seed)
    inputs = zip(model.channels, model.branches, strict=True)
    return [torch.rand(n, c, b.input_size, b.input_size, generator=draw) for c, b in inputs]


def accuracy_after_overfit(
    model: Network, images: list[Tensor], labels: list[Tensor], steps: int, rate: float = 1e-2
) -> float:
    """Share of labels (of the target's output) that the network gets right after `steps` of Adam.

    Args:
        labels: per branch, as `Network.targets` makes them of label maps; 0 = ignore.
    """
    optimiser = torch.optim.Adam(model.parameters(), rate)
    model.train()
    for _ in range(steps):
        optimiser.zero_grad()
        hooknet_loss(model(images), labels, model.heads, 0.75).backward()
        optimiser.step()
    with torch.no_grad():
        found = model(images)[0].argmax(1) + 1
    known = labels[0] > 0
    return float((found == labels[0])[known].float().mean())


def assert_survives_the_disk(model: Network, folder: Path) -> None:
    """Saved and loaded, the network gives the same numbers."""
    model.eval()
    names = [PathClass(f"class {i}", (i, 0, 0)) for i in range(model.n_classes)]
    save_model(folder, model, ModelCard.describe(model, ClassTable(names)))
    again, card = load_model(folder)
    images = patches(model)
    with torch.no_grad():
        for ours, theirs in zip(model(images), again(images), strict=True):
            assert torch.equal(ours, theirs)
    assert card.family == model.family
    assert again.config == model.config


def onnx_difference(model: Network, path: Path, batch: int = 2) -> float:
    """Largest difference of any output between torch and ONNX Runtime; inputs `image_0`…"""
    import onnxruntime

    model.eval()
    images = patches(model, batch)
    names = [f"image_{i}" for i in range(len(images))]
    free = torch.export.Dim("batch", min=1, max=1024)
    torch.onnx.export(
        _Listed(model).eval(), tuple(images), path, input_names=names, dynamo=True, verbose=False,
        dynamic_shapes={"images": tuple({0: free} for _ in images)},
    )  # fmt: skip
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, {n: i.numpy() for n, i in zip(names, images, strict=True)})
    with torch.no_grad():
        wanted = model(images)
    assert len(found) == len(wanted)
    return max(float(np.abs(f - w.numpy()).max()) for f, w in zip(found, wanted, strict=True))


class _Listed(torch.nn.Module):
    """Takes the images one by one, as an ONNX file does."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, *images: Tensor) -> list[Tensor]:
        return self.model(images)
