"""A run that has only so much time: its end is planned from how fast it goes, and moved with that.

What is left of the time, less what the ends of epochs will take (validation, model, checkpoint) and
a reserve, divided by what a step takes now, is how many steps are left. So the schedule comes to
its end when the time does, also where other work slows the machine down half-way.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from hookpath.training.optimization.step_count_and_progress import Plan

#: Steps that a plan needs to have seen; the very first one, which sets things up, is not counted.
_SEEN = 3
#: Steps whose mean time is the speed now.
_RECENT = 20
#: Share of the time that is kept for what cannot be foreseen.
_RESERVE = 0.04
#: A plan is moved when its steps left are off by more: too many soon, too few with some patience,
#: and not on the last fifth of the schedule, which is there to settle.
_TOO_MANY, _TOO_FEW, _SETTLING = 1.03, 0.8, 0.8
#: What scoring a batch takes of what a step takes, before it has been measured.
_SCORING = 0.4
#: Share of the time that looking at what was learned may take at most.
_LOOKING = 0.2


class Budget:
    """Keeps a run's end (`plan`) where its time ends.

    Args:
        seconds: for the whole run, from when it was started.
        per_epoch: steps of a whole epoch.
        scored: batches that the end of an epoch scores.
        after: batches that are looked at once, when the last epoch is over.
        clock: seconds, monotonic.
        since: when the run was begun or taken up, on the clock; None: now.
    """

    def __init__(
        self,
        seconds: float,
        plan: Plan,
        per_epoch: int,
        scored: int,
        after: int = 0,
        clock: Callable[[], float] = time.monotonic,
        since: float | None = None,
    ) -> None:
        self._seconds, self._plan, self._per_epoch = seconds, plan, per_epoch
        self._clock = clock
        self._since = clock() if since is None else since
        self._before = 0.0
        self._last: tuple[int, float] | None = None
        self._steps: deque[float] = deque(maxlen=_RECENT)
        self._after = after
        self._end_in_steps = _SCORING * scored + 1

    @property
    def spent_s(self) -> float:
        """Seconds of the run so far, those before it was taken up included."""
        return self._before + self._clock() - self._since

    def state_dict(self) -> dict[str, Any]:
        """What was spent and how fast it went; small, JSON-ready."""
        return {"spent_s": self.spent_s, "steps": list(self._steps), "end": self._end_in_steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there; the time until now that was not saved does not count."""
        self._before = float(state["spent_s"])
        self._steps.extend(state["steps"])
        self._end_in_steps = float(state["end"])

    def stepped(self, step: int) -> bool:
        """Note that so many steps of the run are done; whether the end was moved for it."""
        now = self._clock()
        if self._last is not None:
            done = step - self._last[0]
            self._steps.extend([(now - self._last[1]) / done] * min(done, _RECENT))
        self._last = step, now
        return len(self._steps) >= _SEEN and self._moved(step)

    def ended(self, step: int) -> None:
        """Note that the end of an epoch is over, which began when its last step was noted."""
        now = self._clock()
        if self._steps and self._last is not None:
            self._end_in_steps = (now - self._last[1]) / self.step_s
        self._last = step, now

    def batches_left(self) -> int:
        """How many batches can still be looked at in time."""
        left = self._seconds - self.spent_s
        return max(0, int(left / (_SCORING * self.step_s))) if self._steps else self._after

    @property
    def step_s(self) -> float:
        """What a step takes now."""
        return sum(self._steps) / len(self._steps)

    def _moved(self, step: int) -> bool:
        planned, fitting = self._plan.total - step, self._fitting()
        fitting = min(fitting, self._plan.most - step)
        too_few = fitting * _TOO_FEW > planned and self._plan.done(step) < _SETTLING
        if planned <= _TOO_MANY * fitting + 1 and not too_few:
            return False
        self._plan.end_at(self._worthwhile(step + max(0, fitting), step), step)
        return True

    def _worthwhile(self, total: int, step: int) -> int:
        """A last epoch of a few steps is not worth its end."""
        few = total % self._per_epoch
        return max(step, total - few) if few < self._per_epoch / 4 and total > few else total

    def _fitting(self) -> int:
        """Steps that still fit. An epoch's end takes longer where steps do, so all is in steps."""
        left = (1 - _RESERVE) * self._seconds - self.spent_s
        per_step = 1 + self._end_in_steps / self._per_epoch
        after = min(_SCORING * self._after, _LOOKING * self._seconds / self.step_s)
        return int((left / self.step_s - self._end_in_steps - after) / per_step)
