"""``hookpath train --dry-run`` and ``hookpath predict --dry-run``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookpath.cli.console_and_exit_codes import Console
from hookpath.errors import PredictionError

if TYPE_CHECKING:
    from hookpath.inference import DryRun, ImageCheck
    from hookpath.projects import Project
    from hookpath.training import TrainConfig


def print_dry_run(
    console: Console, projects: Sequence[Project], settings: TrainConfig, out: Path, resumes: bool
) -> None:
    """Say what a training would do; nothing is written.

    Raises:
        TrainingError: it would be refused.
    """
    from hookpath.training import RunFolder
    from hookpath.training_preview import look

    run = RunFolder(out)
    if not resumes:
        run.refuse_existing()
    found = look(projects, settings, 1, console.reporter)
    parts = {part: list(names) for part, names in found.split.items()}
    console.result(
        "dry_run",
        {
            "run": out,
            "resumes": resumes,
            "network": found.network,
            "cost": vars(found.cost),
            "split": parts,
            "settings": found.settings,
        },
    )
    lines = {
        "run": f"{out} ({'goes on' if resumes else 'new'})",
        "network": found.network,
        "time": found.cost.time_text,
        "memory": found.cost.memory_text,
        **{f"slides: {part}": _names(names) for part, names in parts.items() if names},
    }
    for name, value in lines.items():
        console.say(f"# {name:<14} {value}")
    for line in toml_lines(found.settings):
        console.say(line)


def print_prediction(console: Console, found: DryRun) -> None:
    """Say what a prediction would meet.

    Raises:
        PredictionError: an image would be refused.
    """
    console.result(
        "dry_run",
        {
            "device": found.device,
            "has_reference": found.has_reference,
            "images": [_as_dict(image) for image in found.images],
        },
    )
    rows = [[image.image, *_columns(image)] for image in found.images]
    console.table("", ["image", "score", "usual up to", ""], rows)
    console.say(f"computes on {found.device}")
    if not found.has_reference:
        console.say("the model does not know what its training slides looked like")
    if refused := [image for image in found.images if image.problem]:
        raise PredictionError(
            f"{len(refused)} of {len(found.images)} images would be refused; "
            f"{refused[0].image}: {refused[0].problem}"
        )


def _as_dict(image: ImageCheck) -> dict[str, Any]:
    return {**vars(image), "ood": None if image.ood is None else image.ood.model_dump()}


def _columns(image: ImageCheck) -> list[str]:
    if image.ood is None:
        return ["", "", image.problem or ""]
    said = "unlike the training slides" if image.ood.unlike else "like the training slides"
    return [f"{image.ood.score:.2f}", f"{image.ood.limit:.2f}", said]


def toml_lines(settings: Mapping[str, Any]) -> list[str]:
    """Settings by dotted name as lines that `--config` reads; what is none is left out."""
    return [f"{key} = {_toml(value)}" for key, value in settings.items() if value is not None]


def _toml(value: Any) -> str:
    """JSON's texts, numbers, lists and truth values are TOML's, too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{len(names)}: {', '.join(names[:5])}{more}"
