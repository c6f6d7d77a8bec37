"""Dealing groups of slides out into folds or parts, evenly by slides and by annotated area."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hookpath.errors import UsageError

_DRAWS = 32


@dataclass(frozen=True)
class Group:
    """Slides that stay together: how many, and the annotated area by class (any unit)."""

    name: str
    slides: int = 1
    areas: Mapping[str, float] = field(default_factory=dict)

    def weights(self, stratify: bool) -> dict[str, float]:
        """What is to be spread evenly: slides, and with `stratify` each class's area."""
        areas = {f"area {name}": area for name, area in self.areas.items()} if stratify else {}
        return {"slides": float(self.slides), **areas}


def assign_groups(
    groups: Sequence[Group], shares: Sequence[float], seed: int, stratify: bool = False
) -> dict[str, int]:
    """Group name → index of its part.

    Of some seeded orders the one whose parts come nearest to their shares; each group goes where
    most of what it holds is still wanting. No part with a share above 0 stays empty.

    Args:
        shares: of each part; they sum up to 1.
        stratify: spread the area of every class, too.

    Raises:
        UsageError: fewer groups than parts.
    """
    wanted = sum(share > 0 for share in shares)
    if len(groups) < wanted:
        raise UsageError(
            f"{wanted} parts need as many groups of slides, there are {len(groups)}; take fewer "
            "folds, or a share of 0 (--val 0, --test 0)"
        )
    weights = {g.name: g.weights(stratify) for g in groups}
    totals: dict[str, float] = {}
    for key, value in (item for w in weights.values() for item in w.items()):
        totals[key] = totals.get(key, 0.0) + value
    relative = {
        name: {key: v / totals[key] for key, v in w.items() if totals[key] > 0}
        for name, w in weights.items()
    }
    rng = random.Random(seed)
    names = sorted(relative)
    draws = [_dealt(rng.sample(names, len(names)), relative, shares) for _ in range(_DRAWS)]
    return min(draws, key=lambda dealt: _badness(dealt, relative, shares))


Relative = Mapping[str, Mapping[str, float]]
"""Group → what it holds of each quantity, as a share of all."""


def _dealt(order: Sequence[str], relative: Relative, shares: Sequence[float]) -> dict[str, int]:
    used = [i for i, share in enumerate(shares) if share > 0]
    here: list[dict[str, float]] = [{} for _ in shares]
    found: dict[str, int] = {}
    for place, name in enumerate(order):
        empty = [i for i in used if not here[i]]
        open_to = empty if len(empty) >= len(order) - place else used
        # What a part needs depends on how far it is, not how large it is.
        part = max(open_to, key=lambda i: _wanting(relative[name], here[i], shares[i]))
        found[name] = part
        for key, value in relative[name].items():
            here[part][key] = here[part].get(key, 0.0) + value
    return found


def _wanting(group: Mapping[str, float], here: Mapping[str, float], share: float) -> float:
    return sum(value * (share - here.get(key, 0.0) - value / 2) for key, value in group.items())


def _badness(
    dealt: Mapping[str, int], relative: Relative, shares: Sequence[float]
) -> tuple[int, float]:
    """(quantities that a part lacks, how far all are from their shares)."""
    keys = {key for values in relative.values() for key in values}
    here: list[dict[str, float]] = [dict.fromkeys(keys, 0.0) for _ in shares]
    for name, part in dealt.items():
        for key, value in relative[name].items():
            here[part][key] += value
    lacking = sum(
        v == 0 for part, s in zip(here, shares, strict=True) if s > 0 for v in part.values()
    )
    far = sum(abs(v - s) for part, s in zip(here, shares, strict=True) for v in part.values())
    return lacking, round(far, 9)
