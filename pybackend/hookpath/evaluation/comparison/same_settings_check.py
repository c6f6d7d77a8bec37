"""Whether runs that are compared were predicted and scored in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hookpath.evaluation.comparison.common_slides_and_annotations import ComparedRun

#: What is scored on other pixels gives other metrics.
_SCORED = {"scored_at_um": "scored at", "rest": "undrawn tissue counts as"}


def predicted_otherwise(runs: Sequence[ComparedRun]) -> list[str]:
    """One note for each thing in which runs differ besides their models; none: they are alike.

    What a report of an older version does not say is not held against it.
    """
    notes = []
    settings_by_run = [_settings(run.report.settings) for run in runs]
    for key in dict.fromkeys(key for settings in settings_by_run for key in settings):
        values = [
            (run.name, s[key]) for run, s in zip(runs, settings_by_run, strict=True) if key in s
        ]
        if len({repr(value) for _, value in values}) > 1:
            each = ", ".join(f"{name}: {_shown(value)}" for name, value in values)
            notes.append(f"Predicted or scored otherwise ({_named(key)} – {each}): the models are "
                         "not all that differs.")  # fmt: skip
    return notes


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    predicted = settings.get("predicted_with")
    found = dict(predicted) if isinstance(predicted, Mapping) else {}
    return {**found, **{key: settings[key] for key in _SCORED if key in settings}}


def _named(key: str) -> str:
    return _SCORED.get(key, key.replace("_", " "))


def _shown(value: Any) -> str:
    if value is None:
        return "as usual"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value} µm/px" if isinstance(value, float) else str(value)
