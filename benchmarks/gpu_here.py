"""What the parts of gpu.py share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch


class NotHereError(Exception):
    """There is nothing to measure here, and why."""


@dataclass
class Here:
    """What a part works with.

    Attributes:
        work: folder that all parts share; slides are in ``slides/``.
        device: to measure.
        tiny: settings that only try the script.
    """

    part: str
    work: Path
    device: torch.device
    tiny: bool
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def on_gpu(self) -> bool:
        """Whether this is about a card at all."""
        return self.device.type == "cuda"

    @property
    def slides(self) -> Path:
        """A project of three annotated slides: s0.tif and s1.tif to learn from, s2.tif."""
        return self.work / "slides"

    @property
    def side(self) -> int:
        """Of every slide, px of 0.5 µm."""
        return 384 if self.tiny else 8192

    def note(self, name: str, value: object) -> None:
        """A figure; written at once, so that it outlives the process."""
        self.figures[name] = float(f"{value:.4g}") if isinstance(value, float) else value
        part = self.work / f"{self.part}.json.part"
        part.write_text(json.dumps(self.figures), encoding="utf-8")
        part.replace(self.work / f"{self.part}.json")

    def peak_gb(self) -> float:
        """Most memory that tensors took on the card since the last call, GB (10⁹ bytes)."""
        if not self.on_gpu:
            return 0.0
        peak = torch.cuda.max_memory_allocated(self.device)
        torch.cuda.reset_peak_memory_stats(self.device)
        return peak / 1e9
