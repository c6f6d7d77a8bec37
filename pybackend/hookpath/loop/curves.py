"""Learning curves of simulations: means and confidence bands over seeds, as table and picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

TITLES = {
    "random": "random",
    "uncertainty": "uncertainty",
    "both": "uncertainty + diversity",
    "untouched": "random, untouched proposals taken as labels",
}


def summarise_curves(curves: dict[str, list[list[dict[str, Any]]]]) -> dict[str, Any]:
    """By strategy: per round mean F1, half width of its 95 % confidence interval (Student's t; null
    for one seed), and number of seeds.
    """
    return {
        name: {
            "seeds": len(several),
            "rounds": [_point(list(rounds)) for rounds in zip(*several, strict=False)],
        }
        for name, several in curves.items()
    }


def _point(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    from scipy import stats

    values = np.array([r["f1"] for r in rounds], np.float64)
    half = None
    if len(values) > 1:
        t = float(stats.t.ppf(0.975, len(values) - 1))
        half = t * float(values.std(ddof=1)) / len(values) ** 0.5
    return {
        "round": rounds[0]["round"],
        "f1": float(values.mean()),
        "half_width": half,
        "f1_of_seeds": values.tolist(),
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
    part = path.with_name(f"{path.stem}.part.png")
    figure.savefig(part, dpi=150)
    plt.close(figure)
    part.replace(path)
    return path
