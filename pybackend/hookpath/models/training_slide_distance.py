"""What the training slides look like to a network, and how far another slide is from that.

Features of patches (`Network.deepest`, averaged over the patch) are taken for normally
distributed. Their covariance is that of probabilistic PCA (Tipping & Bishop 1999): a few principal
directions as they are, all others shrunk to one variance; some hundred patches say no more. The
Mahalanobis distance to it tells what training did not show (Lee et al. 2018).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hookpath.atomic_files import replace_bytes
from hookpath.errors import ModelFolderError
from hookpath.models.network_base import Network
from hookpath.models.storage.folder_or_zip import REFERENCE_NAME, files_of
from hookpath.untrusted_files import parse_json

Floats = npt.NDArray[np.float64]

#: Principal directions kept, at most and as a share of the patches.
MOST_DIRECTIONS, PATCHES_A_DIRECTION = 32, 8
#: Fewer patches tell nothing.
LEAST_PATCHES = 16
#: Parts that patches are dealt into, to measure each by what the others say.
_PARTS = 4
#: Features that hardly vary would make much of nothing: smallest scale, as a share of the median.
_LEAST_SCALE = 0.1
#: A slide's score of training may be exceeded by this much before a warning.
_ROOM = 1.25


@dataclass(frozen=True)
class FeatureReference:
    """The normal distribution of training's patches, and what is usual.

    Attributes:
        mean, scale: ``(F,)`` of the standardisation.
        directions: ``(K, F)`` orthonormal; `variances`: ``(K,)`` along them.
        rest: ``()`` variance along every other direction.
        unit: ``()`` median distance of training's patches, each by what others said.
        limit: ``()`` score above which a slide is unlike the training slides.
    """

    mean: Floats
    scale: Floats
    directions: Floats
    variances: Floats
    rest: Floats
    unit: Floats
    limit: Floats

    def distances(self, features: npt.NDArray[Any]) -> Floats:
        """``(N, F)`` → ``(N,)``: Mahalanobis distances, those of training about 1."""
        return _distances(self, features) / float(self.unit)

    def score(self, features: npt.NDArray[Any]) -> float:
        """Of a slide: the median of its patches'."""
        return float(np.median(self.distances(features)))

    def save(self, path: Path, weights_sha256: str) -> None:
        """Write it for a model of these weights.

        Raises:
            OSError: it cannot be written.
        """
        from safetensors.numpy import save

        values = {f.name: np.asarray(getattr(self, f.name), np.float64) for f in fields(self)}
        data = save(values, metadata={"weights_sha256": weights_sha256})
        replace_bytes(path, data)

    @classmethod
    def load(cls, folder: Path, weights_sha256: str) -> FeatureReference | None:
        """That of a model folder (or ``.zip``); None: it has none, or one of other weights.

        Raises:
            ModelFolderError: damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        files = files_of(folder)
        if not files.has(REFERENCE_NAME):
            return None
        data = files.read(REFERENCE_NAME)
        try:
            values = load(data)
            if _metadata(data).get("weights_sha256") != weights_sha256:
                return None
            found = cls(**{f.name: values[f.name] for f in fields(cls)})
            _check(found)
        except (SafetensorError, ValueError, TypeError, KeyError) as error:
            path, reason = folder / REFERENCE_NAME, str(error).splitlines()[0]
            raise ModelFolderError(
                f"{path}: damaged ({reason}); delete it, or copy the model folder again"
            ) from error
        return found


def _metadata(data: bytes) -> dict[str, str]:
    """What a safetensors file says of itself, in the JSON at its head."""
    length = int.from_bytes(data[:8], "little")
    found: dict[str, str] = parse_json(data[8 : 8 + length]).get("__metadata__") or {}
    return found


def fit_reference(slides: Sequence[npt.NDArray[Any]]) -> FeatureReference | None:
    """From the features ``(N, F)`` of each training slide; None: too few patches, or all the same.

    The limit is the largest score that one of three or more slides has by what the others say; of
    fewer, the 99th percentile of the patches' distances. Either with a little room.
    """
    patches = np.concatenate([np.asarray(s, np.float64) for s in slides])
    if len(patches) < LEAST_PATCHES:
        return None
    parts = [patches[i::_PARTS] for i in range(_PARTS)]
    distances = np.concatenate(_left_out(parts))
    unit = float(np.median(distances))
    if unit <= 0:
        return None
    if len(slides) >= 3:
        usual = max(float(np.median(d)) for d in _left_out(slides)) / unit
    else:
        usual = float(np.quantile(distances, 0.99)) / unit
    found = _normal(patches)
    return FeatureReference(*found, unit=np.array(unit), limit=np.array(max(1.0, usual) * _ROOM))


def _left_out(parts: Sequence[npt.NDArray[Any]]) -> list[Floats]:
    """Distances of each part's patches by what the other parts say."""
    found = []
    for number, part in enumerate(parts):
        others = np.concatenate([np.asarray(p) for i, p in enumerate(parts) if i != number])
        found.append(_distances(FeatureReference(*_normal(others), *_UNKNOWN), part))
    return found


_UNKNOWN = (np.array(1.0), np.array(np.inf))


def _normal(features: npt.NDArray[Any]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Mean, scale, directions, variances, rest."""
    values = np.asarray(features, np.float64)
    mean, scale = values.mean(axis=0), values.std(axis=0)
    floor = _LEAST_SCALE * np.median(scale[scale > 0]) if (scale > 0).any() else 1.0
    scale = np.maximum(scale, floor)
    standard = (values - mean) / scale
    n, f = standard.shape
    kept = max(1, min(MOST_DIRECTIONS, n // PATCHES_A_DIRECTION, f - 1))
    _, singular, directions = np.linalg.svd(standard, full_matrices=False)
    variances = singular**2 / max(1, n - 1)
    left = max(variances[kept:].sum() / max(1, f - kept), 1e-3 * variances.sum() / f, 1e-12)
    return (mean, scale, directions[:kept], np.maximum(variances[:kept], left), np.array(left))


def _distances(of: FeatureReference, features: npt.NDArray[Any]) -> Floats:
    """Mahalanobis distances over √F, not yet in units of training's."""
    standard = (np.asarray(features, np.float64) - of.mean) / of.scale
    along = standard @ of.directions.T
    beside = (standard**2).sum(axis=1) - (along**2).sum(axis=1)
    squared = (along**2 / of.variances).sum(axis=1) + beside.clip(min=0) / float(of.rest)
    return np.asarray(np.sqrt(squared / len(of.mean)))


def _check(of: FeatureReference) -> None:
    size, kept = len(of.mean), len(of.variances)
    shapes = [(size,), (size,), (kept, size), (kept,), (), (), ()]
    for field, shape in zip(fields(of), shapes, strict=True):
        value = getattr(of, field.name)
        if value.shape != shape or value.dtype != np.float64 or not np.isfinite(value).all():
            raise ValueError(f"{field.name} is not what it should be")
    if min(of.scale.min(), of.variances.min(), float(of.rest), float(of.unit)) <= 0:
        raise ValueError("a variance is not positive")


class _EnoughError(Exception):
    """The deepest part has spoken; the rest of the network need not run."""


class DeepFeatures:
    """``with``: what the deepest part of a network says of patches.

    Args:
        model: that reads patches; in evaluation mode while it is asked.
    """

    def __init__(self, model: Network) -> None:
        self.model = model
        self._found: Tensor | None = None
        self._hook: Any = None

    def __enter__(self) -> DeepFeatures:
        self._hook = self.model.deepest().register_forward_hook(self._keep)
        return self

    def __exit__(self, *error: object) -> None:
        self._hook.remove()

    def _keep(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self._found = output
        raise _EnoughError

    @torch.no_grad()
    def of(self, images: Sequence[npt.NDArray[np.uint8]]) -> Floats:
        """``(N, F)`` float64 of patches, per branch ``(N, M, M, 3)`` uint8."""
        device = next(self.model.parameters()).device
        batch = [torch.from_numpy(i).to(device).permute(0, 3, 1, 2).float() / 255 for i in images]
        was_training = self.model.training
        # What follows the deepest part is half of the work.
        with contextlib.suppress(_EnoughError):
            self.model.eval()(batch)
        self.model.train(was_training)
        assert self._found is not None
        found = self._found.flatten(2).mean(dim=2) if self._found.ndim > 2 else self._found
        return np.asarray(found.cpu().double().numpy())
