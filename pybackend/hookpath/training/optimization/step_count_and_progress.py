"""How many steps a run has, and how far along its schedule each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Plan:
    """The steps of a run, which may become fewer (or more again) while it goes on.

    Learning rate and stages go by the *place* of a step, in steps of the longest run: step and
    place are the same until the end is moved; from then on what is left of the schedule is spread
    evenly over the steps that are left. So the schedule never jumps, and always ends.

    Args:
        most: steps of the longest run.

    Attributes:
        total: steps of the run as planned now.
    """

    def __init__(self, most: int) -> None:
        self.most = self.total = most
        #: Stretches: first step, its place, places per step.
        self._stretches: list[tuple[int, float, float]] = [(0, 0.0, 1.0)]

    def place(self, step: int) -> float:
        """Where on the schedule a step (from 0) stands, 0…`most`."""
        first, place, pace = next(s for s in reversed(self._stretches) if s[0] <= step)
        return min(float(self.most), place + (step - first) * pace)

    def done(self, step: int) -> float:
        """Share of the schedule (0…1) that lies before a step."""
        return self.place(step) / self.most

    def end_at(self, total: int, step: int) -> None:
        """Move the end to `total` steps; `step` is the first that the new pace counts for."""
        here = self.place(step)
        self.total = max(total, step)
        pace = (self.most - here) / max(1, self.total - step)
        self._stretches = [s for s in self._stretches if s[0] < step] + [(step, here, pace)]

    def lengthen(self, total: int, step: int, share: float) -> None:
        """Begin anew from what is known of a longer run: this share of it lies before `step`.

        What came before counts as if it had gone evenly.
        """
        here = share * self.most
        self.total = max(total, step)
        before = (0, 0.0, here / max(1, step))
        self._stretches = [before, (step, here, (self.most - here) / max(1, self.total - step))]

    def state_dict(self) -> dict[str, Any]:
        """Small, JSON-ready."""
        return {"total": self.total, "stretches": [list(s) for s in self._stretches]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with a plan that was moved before."""
        self.total = int(state["total"])
        self._stretches = [(int(s), float(p), float(d)) for s, p, d in state["stretches"]]
