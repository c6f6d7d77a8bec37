"""Which kind of tissue a patch shows: its cluster, by the features of a frozen backbone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hookpath.atomic_files import replace_bytes
from hookpath.errors import ModelFolderError
from hookpath.models.backbones import Backbone

Floats = npt.NDArray[np.float64]

#: Patches through the backbone at a time: a batch of the classifier's may be larger than what
#: VGG-16 has room for beside it.
_AT_ONCE = 16


@dataclass(frozen=True)
class ClusterFit:
    """What scikit-learn found, float64.

    Attributes:
        mean, scale: ``(F,)`` of the standardisation (Z-score).
        pca_mean: ``(F,)``, `components`: ``(P, F)`` of the principal component analysis.
        centroids: ``(K, P)`` of k-means.
    """

    mean: Floats
    scale: Floats
    pca_mean: Floats
    components: Floats
    centroids: Floats


def fit_clusters(features: Floats, k: int, variance: float, seed: int) -> ClusterFit:
    """Standardise, keep the principal components that explain `variance`, and cluster.

    Pedersen et al. 2022, section 2.3; the methods are scikit-learn's.

    Args:
        features: ``(N, F)``, N ≥ k.
        variance: share in (0, 1).
        seed: of k-means, the best of 10 starts.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    scaled = scaler.transform(features)
    pca = PCA(n_components=variance, svd_solver="full").fit(scaled)
    means = KMeans(n_clusters=k, n_init=10, random_state=seed).fit(pca.transform(scaled))
    return ClusterFit(
        scaler.mean_, scaler.scale_, pca.mean_, pca.components_, means.cluster_centers_
    )


class Clusters(nn.Module):
    """A patch to the number of its cluster, in one graph: backbone, Z-score, PCA, k-means.

    Nothing in it learns: it is for use beside a network that does, and stays in evaluation mode.

    Args:
        backbone: any of `BACKBONES`; VGG-16 in the paper.
        fit: found on features of this backbone.
    """

    mean: Tensor
    scale: Tensor
    pca_mean: Tensor
    components: Tensor
    centroids: Tensor

    def __init__(self, backbone: Backbone, fit: ClusterFit) -> None:
        super().__init__()
        self.backbone = backbone
        for name, value in vars(fit).items():
            self.register_buffer(name, torch.as_tensor(value, dtype=torch.float64))
        self.requires_grad_(False)
        self.train()

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.centroids)

    def train(self, mode: bool = True) -> Clusters:
        """Stays as it is: in evaluation mode."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, S, S)`` float in [0, 1] → ``(N,)`` int64, clusters 0…k − 1."""
        return self.assign(features_of(self.backbone, images))

    def assign(self, features: Tensor) -> Tensor:
        """``(N, F)`` features → ``(N,)`` int64, the nearest centroid in the reduced space."""
        scaled = (features.double() - self.mean) / self.scale
        reduced = (scaled - self.pca_mean) @ self.components.T
        # |x − c|² without |x|², which is the same for all centroids.
        distance = self.centroids.square().sum(dim=1) - 2 * reduced @ self.centroids.T
        return distance.argmin(dim=1)

    def save(self, path: Path) -> None:
        """Write all of it, the backbone's weights included, as one safetensors file.

        Raises:
            OSError: it cannot be written.
        """
        from safetensors.torch import save

        state = {name: value.cpu().contiguous() for name, value in self.state_dict().items()}
        data = save(state, metadata={"backbone": self.backbone.name})
        replace_bytes(path, data)

    @classmethod
    def load(cls, path: Path) -> Clusters:
        """What `save` wrote.

        Raises:
            ModelFolderError: missing or damaged.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="pt") as file:
                name = (file.metadata() or {})["backbone"]
                state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            prefix = "backbone."
            fit = ClusterFit(**{k: v for k, v in state.items() if not k.startswith(prefix)})
            backbone = Backbone(name)
            backbone.load_state_dict(
                {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
            )
        except (OSError, SafetensorError, KeyError, TypeError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise ModelFolderError(f"{path}: no readable clusters ({reason})") from error
        return cls(backbone, fit)


@torch.no_grad()
def features_of(backbone: Backbone, images: Tensor) -> Tensor:
    """``(N, 3, S, S)`` float in [0, 1] → ``(N, F)`` float32, a few patches at a time."""
    starts = range(0, len(images), _AT_ONCE)
    return torch.cat([backbone(images[at : at + _AT_ONCE]) for at in starts])
