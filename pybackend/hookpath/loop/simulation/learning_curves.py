"""Learning curves of simulations: means and confidence bands over seeds, as table and picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.atomic_files import replace_file

TITLES = {
    "random": "random",
    "uncertainty": "uncertainty",
    "both": "uncertainty + diversity",
    "untouched": "random, untouched proposals taken as labels",
}


#: What the others are compared with.
BASELINE = "random"


def summarise_curves(curves: dict[str, list[list[dict[str, Any]]]]) -> dict[str, Any]:
    """Mean F1 over seeds and its confidence interval, by strategy and round.

    The half width of the 95 % interval (Student's t; null for one seed), and both of the gain over
    `BASELINE`, seed by seed: the seeds have their slides and the first annotations in common.

    Args:
        curves: by strategy, one list of rounds for each seed, in the same order.
    """
    base = curves.get(BASELINE, [])
    return {
        name: {
            "seeds": len(several),
            "rounds": [
                _point(rounds) | _gain(rounds, against)
                for rounds, against in zip(_by_round(several), _padded(base, several), strict=True)
            ],
        }
        for name, several in curves.items()
    }


Rounds = tuple[dict[str, Any], ...]


def _by_round(several: list[list[dict[str, Any]]]) -> list[Rounds]:
    return list(zip(*several, strict=False))


def _padded(base: list[list[dict[str, Any]]], several: list[list[dict[str, Any]]]) -> list[Rounds]:
    """The baseline's rounds; nothing where it has none of its own."""
    found, wanted = _by_round(base), len(_by_round(several))
    return [found[i] if i < len(found) else () for i in range(wanted)]


def _gain(rounds: Rounds, against: Rounds) -> dict[str, float | None]:
    """Only of seeds that both have played."""
    pairs = [a["f1"] - b["f1"] for a, b in zip(rounds, against, strict=False)]
    if not pairs:
        return {"gain": None, "gain_half_width": None}
    mean, half = _interval(pairs)
    return {"gain": mean, "gain_half_width": half}


def _interval(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and half width of its 95 % confidence interval."""
    from scipy import stats

    array = np.asarray(values, np.float64)
    if len(array) < 2:
        return float(array.mean()), None
    t = float(stats.t.ppf(0.975, len(array) - 1))
    return float(array.mean()), t * float(array.std(ddof=1)) / len(array) ** 0.5


def _point(rounds: Rounds) -> dict[str, Any]:
    values = [float(r["f1"]) for r in rounds]
    mean, half = _interval(values)
    return {
        "round": rounds[0]["round"],
        "f1": mean,
        "half_width": half,
        "f1_of_seeds": values,
        "labelled_mm2": float(np.mean([r["labelled_mm2"] for r in rounds])),
    }


def plot_curves(summary: dict[str, Any], path: Path) -> Path:
    """Macro F1 on the test slides by round, one line and band for each strategy."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for name, values in summary.items():
        x = [r["round"] for r in values["rounds"]]
        y = np.array([r["f1"] for r in values["rounds"]])
        half = np.array([r["half_width"] or 0.0 for r in values["rounds"]])
        label = f"{TITLES.get(name, name)} (n = {values['seeds']})"
        (line,) = axes.plot(x, y, marker="o", label=label, ls="--" if name == "untouched" else "-")
        axes.fill_between(x, y - half, np.minimum(y + half, 1), color=line.get_color(), alpha=0.15)
    axes.set(xlabel="round", ylabel="macro F1 on test slides", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    replace_file(path, partial(figure.savefig, dpi=150))
    plt.close(figure)
    return path
