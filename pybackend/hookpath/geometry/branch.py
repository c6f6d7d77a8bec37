"""What one branch of a network reads and writes, in pixels and µm/px."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BranchSpec:
    """One input branch of a model.

    `input_size` px square patches at `spacing_um` µm/px go in; the branch's own output grid (and
    so its label grid) is the concentric `output_size` px square at the same spacing.
    """

    spacing_um: float
    input_size: int
    output_size: int

    @property
    def margin(self) -> float:
        """Input pixels lost on each side."""
        return (self.input_size - self.output_size) / 2
