"""How far features are from those of training."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import ModelFolderError
from hookpath.models.storage.folder_or_zip import REFERENCE_NAME
from hookpath.models.training_slide_distance import DeepFeatures, FeatureReference, fit_reference
from support.networks import random_network


def normal(n: int, seed: int, shift: float = 0.0, size: int = 40) -> np.ndarray:
    """Features of patches: a few directions vary much, the others little."""
    directions = np.random.default_rng(0).normal(size=(4, size))
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 4)) @ directions + 0.3 * rng.normal(size=(n, size)) + shift


def test_training_scores_about_one_and_what_is_shifted_more() -> None:
    found = fit_reference([normal(80, 1), normal(80, 2), normal(80, 3)])
    assert found is not None
    assert found.score(normal(200, 9)) == pytest.approx(1, abs=0.1)
    assert found.score(normal(200, 9, shift=1.0)) > 1.3
    assert found.score(normal(200, 9, shift=2.0)) > found.score(normal(200, 9, shift=1.0))
    assert 1.2 < float(found.limit) < 1.5


def test_a_slide_that_differs_among_the_training_slides_raises_the_limit() -> None:
    """What training has seen is not unlike training."""
    usual = fit_reference([normal(80, s) for s in range(4)])
    mixed = fit_reference([*(normal(80, s) for s in range(3)), normal(80, 3, shift=2.0)])
    assert usual is not None
    assert mixed is not None
    assert float(mixed.limit) > 1.3 * float(usual.limit)


def test_directions_that_training_did_not_vary_count_most() -> None:
    found = fit_reference([normal(120, 1), normal(120, 2)])
    assert found is not None
    along = np.random.default_rng(0).normal(size=(4, 40))[0]
    beside = np.random.default_rng(7).normal(size=40)
    beside *= np.linalg.norm(along) / np.linalg.norm(beside)
    assert found.score(normal(50, 3) + beside) > 1.5 * found.score(normal(50, 3) + along)


def test_features_that_never_vary_and_too_few_patches() -> None:
    dead = normal(100, 1)
    dead[:, :10] = 0
    found = fit_reference([dead])
    assert found is not None
    assert np.isfinite(found.distances(normal(5, 2))).all()
    assert fit_reference([normal(15, 1)]) is None


def test_a_network_that_sees_no_difference_tells_slides_apart_by_nothing() -> None:
    assert fit_reference([np.ones((40, 8))] * 3) is None


def test_kept_with_the_weights_it_is_of(tmp_path: Path) -> None:
    found = fit_reference([normal(60, 1), normal(60, 2)])
    assert found is not None
    found.save(tmp_path / REFERENCE_NAME, "abc")
    back = FeatureReference.load(tmp_path, "abc")
    assert back is not None
    assert np.array_equal(back.distances(normal(5, 3)), found.distances(normal(5, 3)))
    assert FeatureReference.load(tmp_path, "def") is None, "of other weights"
    assert FeatureReference.load(tmp_path / "nowhere", "abc") is None
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as packed:
        packed.write(tmp_path / REFERENCE_NAME, REFERENCE_NAME)
    assert FeatureReference.load(tmp_path / "m.zip", "abc") is not None
    (tmp_path / REFERENCE_NAME).write_bytes(b"\x00" * 40)
    with pytest.raises(ModelFolderError, match="damaged"):
        FeatureReference.load(tmp_path, "abc")


def test_deep_features_are_averaged_over_the_patch_and_leave_the_network_as_it_was() -> None:
    model = random_network("hooknet", n_classes=2, spacings=(1.0, 2.0), input_size=44, depth=1,
                           filters=2).train()  # fmt: skip
    images = [np.random.default_rng(i).integers(0, 256, (3, 44, 44, 3)).astype(np.uint8)
              for i in range(2)]  # fmt: skip
    with DeepFeatures(model) as deep:
        found = deep.of(images)
    assert found.shape[0] == 3
    assert model.training
    assert not model.deepest()._forward_hooks
    with DeepFeatures(model) as deep:
        assert np.allclose(deep.of([i[:1] for i in images]), found[:1], atol=1e-5)
