"""Spatial augmentation: one map of the tissue, in µm about the common centre, for all branches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from hookpath.geometry import BranchSpec
from hookpath.sampling.augmentation.augmentation_config import AugmentationConfig


def turned(batch: Tensor, turns: list[int]) -> Tensor:
    """Sample i mirrored (turn ≥ 4) and turned by ``turn % 4`` quarters.

    Args:
        batch: ``(N, H, W)`` or ``(N, H, W, C)`` with H = W.
        turns: N numbers in 0…7.
    """
    return torch.stack([_turn(x, turn) for x, turn in zip(batch, turns, strict=True)])


def _turn(x: Tensor, turn: int) -> Tensor:
    return torch.rot90(x.flip(1) if turn >= 4 else x, turn % 4, (0, 1))


@dataclass(frozen=True)
class Warp:
    """For each of k samples where the tissue comes from, as seen from where it goes to.

    Attributes:
        matrix: ``(k, 2, 2)``, source (x, y) in µm = matrix · destination, about the centre.
        shifts_um: ``(k, 2, g, g)`` displacement (x, y) on a square lattice, added to the source;
            None: no elastic part.
        half_um: the lattice spans ± this along both axes; beyond it its edge goes on.
        zoom: ``(k,)``; above 1 the tissue gets larger.
    """

    matrix: Tensor
    shifts_um: Tensor | None
    half_um: float
    zoom: Tensor

    @classmethod
    def drawn(
        cls,
        config: AugmentationConfig,
        branches: tuple[BranchSpec, ...],
        n: int,
        draw: torch.Generator,
    ) -> Warp:
        """`n` random maps, on the CPU."""
        zoom = 1 + config.scale * _uniform(n, draw)
        angle = math.radians(config.rotation_deg) * _uniform(n, draw)
        cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
        matrix = torch.stack([cos, -sin, sin, cos], dim=1).reshape(n, 2, 2)
        half_um = max(b.spacing_um * b.input_size for b in branches) / 2
        if config.elastic_um == 0:
            return cls(matrix, None, half_um, zoom)
        nodes = 1 + math.ceil(2 * half_um / config.elastic_grid_um)
        shifts = torch.randn((n, 2, nodes, nodes), generator=draw) * config.elastic_um
        return cls(matrix, shifts, half_um, zoom)

    def to(self, device: torch.device | str) -> Warp:
        """The same maps on a device."""
        shifts = None if self.shifts_um is None else self.shifts_um.to(device)
        return Warp(self.matrix.to(device), shifts, self.half_um, self.zoom.to(device))

    def images(self, images: Tensor, spacing_um: float) -> Tensor:
        """``(k, C, M, M)`` float images at a spacing, bilinear; beyond the edge: mirrored."""
        grid = self._grid(images.shape[-1], spacing_um)
        return F.grid_sample(images, grid, "bilinear", "reflection", align_corners=False)

    def known(self, values: Tensor, spacing_um: float) -> Tensor:
        """Label maps moved, or ``(k, 1, 1)`` float magnifications multiplied by the zoom."""
        if values.is_floating_point():
            return values * self.zoom[:, None, None]
        return self.labels(values, spacing_um)

    def labels(self, labels: Tensor, spacing_um: float) -> Tensor:
        """``(k, h, h)`` uint8 labels, nearest; what comes from beyond the edge is ignore."""
        grid = self._grid(labels.shape[-1], spacing_um)
        found = F.grid_sample(labels[:, None].float(), grid, "nearest", "zeros", False)
        return found[:, 0].to(labels.dtype)

    def _grid(self, size: int, spacing_um: float) -> Tensor:
        """``(k, size, size, 2)`` source positions; ±1 are the outer edges of the array."""
        axis = torch.arange(size, dtype=torch.float32, device=self.matrix.device)
        axis_um = (axis + 0.5 - size / 2) * spacing_um
        y_um, x_um = torch.meshgrid(axis_um, axis_um, indexing="ij")
        source_um = torch.einsum("kij,yxj->kyxi", self.matrix, torch.stack([x_um, y_um], -1))
        if self.shifts_um is not None:
            source_um = source_um + self._shift_at(source_um)
        return source_um / (size * spacing_um / 2)

    def _shift_at(self, at_um: Tensor) -> Tensor:
        assert self.shifts_um is not None
        found = F.grid_sample(
            self.shifts_um, at_um / self.half_um, "bilinear", "border", align_corners=True
        )
        return found.permute(0, 2, 3, 1)


def _uniform(n: int, draw: torch.Generator) -> Tensor:
    """``(n,)`` uniform in [-1, 1)."""
    return torch.rand(n, generator=draw) * 2 - 1
