"""Clusters of patches, in a graph of torch, against scikit-learn's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hookpath.errors import ModelFolderError
from hookpath.models.backbones import Backbone
from hookpath.models.tissue_clusters import ClusterFit, Clusters, features_of, fit_clusters


def correlated(n: int) -> np.ndarray:
    """``(n, 40)`` features of wildly different sizes that vary in about 6 ways, one not at all."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n, 6)) @ rng.normal(size=(6, 40)) + rng.normal(0, 0.2, (n, 40))
    features = features * np.geomspace(1e-3, 1e3, 40) + rng.normal(size=40)
    features[:, 7] = 0.25
    return features


def sklearn_labels(seen: np.ndarray, asked: np.ndarray, k: int, variance: float) -> np.ndarray:
    """Standardise, reduce, cluster: scikit-learn's pipeline, fitted on `seen`."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = (
        StandardScaler(),
        PCA(n_components=variance, svd_solver="full"),
        KMeans(n_clusters=k, n_init=10, random_state=5),
    )
    return np.asarray(make_pipeline(*steps).fit(seen).predict(asked))


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    return Backbone("mobilenet_v2").eval()


def test_assignment_is_scikit_learns(backbone: Backbone) -> None:
    seen, asked = np.split(correlated(800), [500])
    fit = fit_clusters(seen, 10, 0.95, seed=5)
    assert 4 <= len(fit.components) <= 6
    found = Clusters(backbone, fit).assign(torch.tensor(asked))
    assert np.array_equal(found, sklearn_labels(seen, asked, 10, 0.95))
    assert len(found.unique()) == 10


def test_patches_are_assigned_as_their_features(backbone: Backbone) -> None:
    """Through the backbone in parts, and all of it one module."""
    draw = torch.Generator().manual_seed(0)
    tints = torch.rand((40, 3, 1, 1), generator=draw)
    images = (tints + 0.3 * torch.rand((40, 3, 32, 32), generator=draw)).clamp(0, 1)
    with torch.no_grad():
        features = backbone(images)
    torch.testing.assert_close(features_of(backbone, images), features)
    table = features.double().numpy()
    clusters = Clusters(backbone, fit_clusters(table, 4, 0.9, seed=5))
    assert np.array_equal(clusters(images), sklearn_labels(table, table, 4, 0.9))


def test_nothing_in_it_learns_or_leaves_evaluation_mode(backbone: Backbone) -> None:
    clusters = Clusters(backbone, fit_clusters(correlated(60), 3, 0.9, seed=0))
    torch.nn.Sequential(clusters).train()
    assert not any(module.training for module in clusters.modules())
    assert not any(p.requires_grad for p in clusters.parameters())


def test_saved_clusters_come_back_with_their_backbone(tmp_path: Path, backbone: Backbone) -> None:
    images = torch.rand((30, 3, 32, 32), generator=torch.Generator().manual_seed(1))
    fit = fit_clusters(features_of(backbone, images).double().numpy(), 5, 0.95, seed=0)
    clusters = Clusters(backbone, fit)
    clusters.save(tmp_path / "c.safetensors")
    loaded = Clusters.load(tmp_path / "c.safetensors")
    assert loaded.backbone.name == "mobilenet_v2"
    assert loaded.k == 5
    assert not any(p.requires_grad for p in loaded.parameters())
    assert torch.equal(loaded(images), clusters(images))
    for before, after in zip(
        clusters.state_dict().values(), loaded.state_dict().values(), strict=True
    ):
        assert torch.equal(before, after)


def test_a_damaged_or_missing_file_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"no tensors")
    for name in ("bad", "missing"):
        with pytest.raises(ModelFolderError, match="no readable clusters") as error:
            Clusters.load(tmp_path / name)
        assert "\n" not in str(error.value)


def test_vgg16_takes_torchvisions_weights() -> None:
    """The same names and shapes, all but the classifier's; 512 features per image."""
    import torchvision

    with torch.device("meta"):
        whole = torchvision.models.vgg16(weights=None, init_weights=False).state_dict()
        own = Backbone("vgg16")
        shape = own(torch.empty((2, 3, 32, 32))).shape
    kept = {k: v.shape for k, v in whole.items() if not k.startswith("classifier.")}
    assert {k: v.shape for k, v in own.net.state_dict().items()} == kept
    assert shape == (2, own.features) == (2, 512)


def test_a_fit_is_plain_float64() -> None:
    fit = fit_clusters(correlated(60), 3, 0.9, seed=0)
    assert isinstance(fit, ClusterFit)
    assert {value.dtype for value in vars(fit).values()} == {np.dtype(np.float64)}
