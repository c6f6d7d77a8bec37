"""An overview network between what FAST hands it and what FAST wants back."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hookpath.export.fastpathology_graphs import with_background
from hookpath.models.h2gnet import H2GNet


class RefinedProbabilities(nn.Module):
    """Slide and heatmap, stretched to squares, to ``(1, 1 + C, S, S)`` stretched likewise.

    FAST stretches a slide's lowest level to the network's square. H2G-Net was trained on slides in
    the middle of a white square, as wide as they are high; how wide follows from the heatmap's rows
    and columns, to one cell. So the slide is put there, and the result stretched again.

    Inputs: ``(1, 3, S, S)`` RGB in [0, 1], and the heatmap ``(rows, columns, C)`` of probabilities.
    """

    unit: Tensor

    def __init__(self, model: H2GNet) -> None:
        super().__init__()
        self.refine, self.shown = model.refine, list(model.shown)
        size = model.branches[0].input_size
        along = (torch.arange(size) + 0.5) / size * 2 - 1
        unit = torch.stack(torch.meshgrid(along, along, indexing="xy"), dim=-1)
        self.register_buffer("unit", unit[None])

    def forward(self, images: list[Tensor]) -> Tensor:
        rgb, heatmap = images
        share = slide_share(heatmap)
        on_slide = self.unit / share  # -1…1: on the slide
        inside = (on_slide.abs() <= 1).all(dim=-1)[:, None]
        maps = heatmap[:, :, self.shown].permute(2, 0, 1)[None]
        # White beside the slide, no class beside the heatmap, as in training.
        slide = torch.where(inside, sampled(rgb, on_slide), 1.0)
        heat = torch.where(inside, sampled(maps, on_slide), 0.0)
        scores: Tensor = self.refine([torch.cat([slide, heat], dim=1)])[0]
        return sampled(with_background(scores.softmax(1)), self.unit * share)


def slide_share(heatmap: Tensor) -> Tensor:
    """``(2,)``: share of the square that a slide of so many columns and rows takes."""
    ones = torch.ones_like(heatmap[:, :, 0])
    rows, columns = ones[:, :1].sum(), ones[:1].sum()
    return torch.stack([columns, rows]) / torch.maximum(rows, columns)


def sampled(image: Tensor, grid: Tensor) -> Tensor:
    """Bilinear at places in -1…1 (the outer edges of the image)."""
    return functional.grid_sample(image, grid, padding_mode="border", align_corners=False)
