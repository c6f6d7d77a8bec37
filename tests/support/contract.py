"""What every family must do: learn, come back from disk unchanged, run as ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hookpath.annotations import ClassTable, PathClass
from hookpath.export.onnx_folder import network_onnx
from hookpath.export.subject import Subject
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
    save_model(folder, model, ModelCard.describe(model, _names(model)))
    again, card = load_model(folder)
    images = patches(model)
    with torch.no_grad():
        for ours, theirs in zip(model(images), again(images), strict=True):
            assert torch.equal(ours, theirs)
    assert card.family == model.family
    assert again.config == model.config


def onnx_difference(model: Network, path: Path, batch: int = 2) -> float:
    """Largest difference of the target between torch and the file that is exported."""
    import onnxruntime

    model.eval()
    card = ModelCard.describe(model, _names(model))
    path.write_bytes(network_onnx(Subject(model, card, path.parent)).data)
    images = patches(model, batch)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {f"image_{i}": x.numpy() for i, x in enumerate(images)})
    with torch.no_grad():
        wanted = model(images)[0].numpy()
    assert found.shape == wanted.shape
    return float(np.abs(found - wanted).max())


def _names(model: Network) -> ClassTable:
    return ClassTable([PathClass(f"class {i}", (i, 0, 0)) for i in range(model.n_classes)])
