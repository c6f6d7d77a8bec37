"""What the loop has to show: state of every image, metrics of every round, a plot of them."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from hookpath.atomic_files import replace_file
from hookpath.errors import HookpathError
from hookpath.loop.ground_truth.edit_effort import Sums
from hookpath.loop.state.image_records import ImageRecord, State
from hookpath.loop.state.loop_folder import LoopFolder, RoundFolder, read_json
from hookpath.loop.state.round_records import load_round
from hookpath.loop.steps.changes_after_accept import changed_since
from hookpath.projects import ImageEntry, Project

PLOT_NAME = "rounds.png"


def overview(folder: LoopFolder, project: Project, changes: bool = False) -> dict[str, Any]:
    """Everything that a person wants to know of a loop, as plain values (docs/json-events.md).

    Reads no pixels, and no annotations without `changes`, which tells of each accepted image
    whether it was changed since. Puts states into the project where it shows others.
    """
    with project.changes():
        images = [_image(folder, entry) for entry in project.images]
    if changes:
        for values, entry in zip(images, project.images, strict=True):
            values["edited"] = _edited(folder, project, entry, values)
    counts = Counter(image["state"] for image in images)
    number = folder.round
    return {
        "loop": str(folder.root),
        "project": project.name,
        "started": folder.started,
        "round": number,
        "model": str(folder.round_folder(number).model) if number else None,
        "rest": folder.settings.rest,
        "counts": {state.value: counts[state.value] for state in State},
        "images": images,
        "rounds": [round_metrics(r) for r in folder.rounds],
    }


def round_metrics(target: RoundFolder) -> dict[str, Any]:
    """One round: how its model came out, and how its proposals were corrected."""
    result = load_round(target)
    files = sorted((target.path / "corrections").glob("*.json"))
    images = [read_json(path) for path in files]
    sums = Sums()
    for image in images:
        sums.add(image)
    return {
        "round": result.round,
        "f1": result.f1,
        "f1_by_class": result.f1_by_class,
        "slides": {part: len(ids) for part, ids in result.slides.items()},
        "labelled_mm2": result.labelled_mm2,
        "warm": result.warm,
        "corrections": sums.as_dict(),
        "images": images,
    }


def _image(folder: LoopFolder, entry: ImageEntry) -> dict[str, Any]:
    record = folder.record(entry)
    problem = _shown(record, entry)
    keep = {"id", "name", "state", "round", "part", "whole", "confirmed_mm2", "labelled_mm2",
            "worth", "uncertainty", "novelty", "changed"}  # fmt: skip
    values = record.model_dump(mode="json", include=keep)
    return {**values, "name": entry.name, "problem": problem}


def _edited(
    folder: LoopFolder, project: Project, entry: ImageEntry, values: dict[str, Any]
) -> bool | None:
    """None, and the problem in `values`, where the annotations cannot be read."""
    try:
        return changed_since(folder, project, entry, folder.record(entry))
    except HookpathError as error:
        values["problem"] = values["problem"] or str(error)
        return None


def _shown(record: ImageRecord, entry: ImageEntry) -> str | None:
    """Put the state into the project; why the image cannot be used, if so."""
    try:
        entry.slide  # noqa: B018  (raises what is wrong)
        if record.changed:
            record.show_in(entry)
    except HookpathError as error:
        return str(error)
    return None


def plot_rounds(folder: LoopFolder) -> Path | None:
    """Draw validation F1, Dice of the proposals and work saved by round; None before the first."""
    rounds = [round_metrics(r) for r in folder.rounds]
    if not rounds:
        return None
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    numbers = [r["round"] for r in rounds]
    for label, values in _curves(rounds).items():
        axes.plot(numbers, values, marker="o", label=label)
    axes.set(xlabel="round", ylim=(0, 1.02), xticks=numbers)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    path = folder.root / PLOT_NAME
    replace_file(path, partial(figure.savefig, dpi=150))
    plt.close(figure)
    return path


def _curves(rounds: list[dict[str, Any]]) -> dict[str, list[float]]:
    """NaN where a round has no such metric."""
    nan = float("nan")

    def series(pick: Any) -> list[float]:
        values = (pick(r) for r in rounds)
        return [nan if v is None else float(v) for v in values]

    curves = {
        "validation F1 (macro)": series(lambda r: r["f1"]),
        "outlines not drawn": series(lambda r: r["corrections"]["saved"]),
    }
    names = dict.fromkeys(n for r in rounds for n in r["corrections"]["dice"])
    for name in names:
        curves[f"Dice of proposals: {name}"] = series(
            lambda r, n=name: r["corrections"]["dice"].get(n)
        )
    return curves
