"""What every family must do: learn, come back from disk unchanged, run as ONNX."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hookpath.annotations import ClassTable, PathClass
from hookpath.export.network_and_trial_images import Subject
from hookpath.export.onnx_folder import network_onnx
from hookpath.models import ModelCard, Network, load_model, save_model
from hookpath.training.losses.head_losses import hooknet_loss

BY_HEART = 0.98
"""Share of right labels, step after step, of a network that has learned its batch."""

_IN_A_ROW = 5


def patches(model: Network, n: int = 1, seed: int = 1) -> list[Tensor]:
    """Random inputs of every branch."""
    draw = torch.Generator().manual_seed(seed)
    inputs = zip(model.channels, model.branches, strict=True)
    return [torch.rand(n, c, b.input_size, b.input_size, generator=draw) for c, b in inputs]


def right_after_overfit(
    model: Network, images: list[Tensor], labels: list[Tensor], most: int, rate: float = 1e-2
) -> float:
    """Share of the batch's labels that the network gets right after being trained on it alone.

    Of the head and of the step that is worst, of the last five: what is right by chance once is not
    so five times. How many steps it takes to stay above `BY_HEART` depends on seed, threads and
    instruction set. So training ends there, or after `most` steps: several times what any of them
    needs.

    Args:
        labels: per branch, as `Network.targets` makes them of label maps; 0 = ignore.
        rate: of Adam.
    """
    optimiser = torch.optim.Adam(model.parameters(), rate)
    model.train()
    last: deque[float] = deque([0.0] * _IN_A_ROW, maxlen=_IN_A_ROW)
    for _ in range(most):
        optimiser.zero_grad()
        out = model(images)
        last.append(min(_right(o, labels[b]) for o, b in zip(out, model.heads, strict=True)))
        if min(last) > BY_HEART:
            break
        hooknet_loss(out, labels, model.heads, 0.75).backward()
        optimiser.step()
    return min(last)


def _right(logits: Tensor, labels: Tensor) -> float:
    """Share of what is labelled that has the largest logit."""
    known = labels > 0
    return float((logits.argmax(1) + 1 == labels)[known].float().mean())


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
    return ClassTable(tuple(PathClass(f"class {i}", (i, 0, 0)) for i in range(model.n_classes)))
