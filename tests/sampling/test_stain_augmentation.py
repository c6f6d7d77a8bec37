"""Stains as Macenko et al. 2009 find them, and what changing them does, against plain numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from hookpath.sampling import Augmentation, AugmentationConfig, Batch
from hookpath.sampling.augmentation.stain_augmentation import (
    StainChange,
    fixed_stains,
    macenko_stains,
)
from support.annotated import BRANCHES

Floats = npt.NDArray[np.float64]

#: Of a slide on which the stains took otherwise than in the textbook.
STAINS = np.array([(0.55, 0.76, 0.34), (0.18, 0.95, 0.26)])
STAINS /= np.linalg.norm(STAINS, axis=1, keepdims=True)


def tissue(seed: int, size: int = 64, glass: float = 0.3) -> Floats:
    """``(size, size, 3)`` of random amounts of both stains, some of each alone, and glass."""
    rng = np.random.default_rng(seed)
    amounts = rng.uniform(0.3, 1.5, (size * size, 2))
    kind = rng.random(size * size)
    amounts[kind < 0.1, 0] = 0
    amounts[(kind >= 0.1) & (kind < 0.2), 1] = 0
    amounts[kind > 1 - glass] = 0
    return np.exp(-amounts @ STAINS).reshape(size, size, 3)


def tensor(*images: Floats) -> torch.Tensor:
    """``(N, 3, size, size)``."""
    return torch.tensor(np.stack(images)).permute(0, 3, 1, 2).float()


def reference(*views: Floats) -> Floats:
    """Macenko's method, step by step, on all pixels of all views of a sample."""
    density = -np.log(np.concatenate([view.reshape(-1, 3) for view in views]))
    density = density[density.max(axis=1) >= 0.15]
    _, _, rows = np.linalg.svd(density, full_matrices=False)
    plane = rows[:2] * np.where(rows[:2].sum(axis=1, keepdims=True) < 0, -1, 1)
    x, y = plane @ density.T
    ends = np.percentile(np.arctan2(y, x), (1, 99))
    found = np.stack([np.cos(ends), np.sin(ends)], axis=1) @ plane
    found = np.maximum(found, 0)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found[np.argsort(-found[:, 0])]


def test_stains_are_those_of_the_reference() -> None:
    images = [tissue(seed) for seed in range(4)]
    found = macenko_stains([tensor(*images)])
    expected = np.stack([reference(image) for image in images])
    assert np.allclose(found, expected, atol=1e-4)


def test_stains_that_are_there_alone_are_found() -> None:
    """A tenth of the pixels has one stain only, more than the 1 % beyond each direction."""
    (found,) = macenko_stains([tensor(tissue(0))])
    assert np.allclose(found, STAINS, atol=1e-3)


def test_all_branches_of_a_sample_are_looked_at_together() -> None:
    """The target shows one stain alone, the context both: the target's change is of both."""
    eosin = np.exp(-np.random.default_rng(0).uniform(0.3, 1.5, (64, 64, 1)) * STAINS[1])
    views = [eosin, tissue(1)]
    (found,) = macenko_stains([tensor(view) for view in views])
    assert np.allclose(found, reference(*views), atol=1e-4)


@pytest.mark.parametrize("what", ["glass", "one stain", "too little tissue"])
def test_where_two_stains_do_not_show_they_are_the_published_ones(what: str) -> None:
    glass = np.full((64, 64, 3), 0.95)
    one = np.exp(-np.random.default_rng(0).uniform(0.2, 1.5, (64, 64, 1)) * STAINS[0])
    speck = glass.copy()
    speck[:7, :9] = tissue(0, glass=0)[:7, :9]
    image = {"glass": glass, "one stain": one, "too little tissue": speck}[what]
    found = macenko_stains([tensor(image, tissue(1))])
    assert torch.equal(found[0], fixed_stains()[:2])
    assert np.allclose(found[1], reference(tissue(1)), atol=1e-4)


def test_amounts_of_the_stains_are_scaled_and_shifted() -> None:
    """Concentrations by least squares, changed, and the change put back; the rest stays."""
    images = [tissue(seed) * np.array((1, 0.97, 1)) for seed in range(3)]
    rng = np.random.default_rng(3)
    a, b = rng.uniform(-0.1, 0.1, (2, 3, 3))
    change = StainChange(torch.tensor(a).float(), torch.tensor(b).float(), "macenko")
    (found,) = change.apply([tensor(*images)])
    for i, image in enumerate(images):
        stains = reference(image)
        density = -np.log(image.reshape(-1, 3))
        amounts = np.linalg.lstsq(stains.T, density.T, rcond=None)[0].T
        changed = density + ((1 + a[i, :2]) * amounts + b[i, :2] - amounts) @ stains
        expected = np.clip(np.exp(-changed), 0, 1).reshape(image.shape)
        assert np.allclose(found[i].permute(1, 2, 0), expected, atol=2e-4)
    assert float((found - tensor(*images)).abs().max()) > 0.02


def test_no_change_is_none() -> None:
    image = tensor(tissue(0))
    zero = torch.zeros((1, 3))
    for basis in ("fixed", "macenko"):
        (found,) = StainChange(zero, zero, basis).apply([image])  # type: ignore[arg-type]
        assert torch.allclose(found, image, atol=1e-6)


def test_branches_of_a_batch_keep_the_same_colours() -> None:
    """Target and context show the same four colours; whatever happens to them is the same."""
    colours = np.round(tissue(2)[0, :4] * 255).astype(np.uint8)
    at = np.random.default_rng(0).integers(0, 4, (2, 8, 48, 48))
    images = [torch.tensor(colours[chosen]).permute(0, 3, 1, 2) for chosen in at]
    labels = [torch.ones((8, 16, 16), dtype=torch.uint8)] * 2
    batch = Batch(images, labels, torch.zeros(8, dtype=torch.int64), BRANCHES)
    config = AugmentationConfig.off().model_copy(update={"stain": 0.1, "stain_basis": "macenko"})
    after, _ = Augmentation(config, 0)(batch, "cpu", 0)
    for i in range(8):
        for colour in range(4):
            seen = [image[i][:, at[b, i] == colour] for b, image in enumerate(after)]
            together = torch.cat(seen, dim=1)
            assert (together - together[:, :1]).abs().max() < 1e-5
    before = [image.float() / 255 for image in images]
    assert (after[0] - before[0]).abs().amax((1, 2, 3)).min() > 0.005
