"""A run that goes on with more epochs, or more minutes, than it was started with."""

from __future__ import annotations

from typing import Any

from hookpath.temporary_files import discard
from hookpath.training.diagnostics import run_findings
from hookpath.training.run.run_folder import LENGTH
from hookpath.training.training_session import Session


def lengthen(session: Session) -> None:
    """Make room for what was added to a run that was just taken up; otherwise do nothing.

    The schedule is that of the longer run from the beginning, and the run stands where it would: a
    cosine that had come to its end rises again.

    Raises:
        TrainingError: the run's folder cannot be written to.
    """
    config, then = session.config, session.run.record().config
    now = config.model_dump(mode="json")
    if all(then.get(key) == now[key] for key in LENGTH):
        return
    _take_up_epoch(session)
    discard(session.run.root / run_findings.FILE_NAME)  # it is looked at again in the end
    total, share = _length(session)
    session.plan.lengthen(total, session.step, share)
    session.save_last()
    session.run.note_config(now)
    session.reporter.info(
        f"{session.run.root}: made longer, {', '.join(_changes(then, now))}; "
        f"{session.plan.total - session.step} steps are to come"
    )


def _length(session: Session) -> tuple[int, float]:
    """Steps of the longer run, and the share of it that is done."""
    most, step, budget = session.plan.most, session.step, session.budget
    if budget is None or step == 0:
        return most, step / most
    share = min(0.99, budget.spent_s / (60 * (session.config.minutes or 1)))
    by_time = round(step / share) if share > 0 else most
    total = min(most, by_time)
    return total, max(share, step / max(1, total)) if total > step else 1.0


def _take_up_epoch(session: Session) -> None:
    """A last epoch that time cut short goes on; its steps count in the mean loss of the whole."""
    more = session.step % session.config.steps_per_epoch
    if session.unended or not more or float(session.loss_sum):
        return
    rows = session.run.rows(session.step // session.config.steps_per_epoch + 2)
    if rows and int(rows[-1]["step"]) == session.step:
        session.loss_sum.fill_(float(rows[-1]["loss"]) * more)


def _changes(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [f"{k} {then.get(k)} → {now[k]}" for k in sorted(LENGTH) if then.get(k) != now[k]]
