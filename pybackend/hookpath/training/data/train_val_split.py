"""Which slides train, which validate, and which nobody touches: whole slides, never patches."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hookpath.errors import TrainingError
from hookpath.projects import NOT_IN_SPLIT

Part = Literal["train", "val", "test"]
_DRAWS = 256


@dataclass(frozen=True)
class Candidate:
    """One annotated slide, as far as the split is concerned.

    `areas` is the annotated area by class name in µm²; `marked` the split that the project's
    metadata gives it (None: free). Slides of one `group` (a patient's) are never on two sides of a
    draw; "": it is alone.
    """

    key: str
    name: str
    areas: Mapping[str, float] = field(default_factory=dict)
    marked: str | None = None
    group: str = ""


@dataclass(frozen=True)
class Split:
    """Keys of the slides in each part, in the order of the candidates."""

    train: tuple[str, ...]
    val: tuple[str, ...]
    test: tuple[str, ...]


def split_slides(
    candidates: Sequence[Candidate], lists: Mapping[Part, Sequence[str]], fraction: float, seed: int
) -> Split:
    """Split annotated slides.

    A name listed in the configuration wins over the project's metadata; test slides are never
    used. If neither names a validation slide, about `fraction` of the free slides (at least one)
    are drawn, such that every class lies in training and, where possible, in validation too.
    Learning comes first: none is drawn where one would be missing in training, as the only slide
    or the only one with some class. Slides of one group stay together, and with one that is marked.

    Args:
        candidates: the annotated slides.
        lists: image names per part, from the configuration.
        fraction: of the free slides; 0: no validation.
        seed: of the draw.

    Raises:
        TrainingError: an unknown name or mark, or nothing to train on.
    """
    fixed = _fixed_parts(candidates, lists)
    _keep_together(fixed, candidates)
    free = [c for c in candidates if c.key not in fixed]
    if fraction > 0 and "val" not in fixed.values():
        trained = [c for c in candidates if fixed.get(c.key) == "train"]
        for c in _draw_validation(free, trained, fraction, seed):
            fixed[c.key] = "val"
    parts: dict[Part, tuple[str, ...]] = {
        part: tuple(c.key for c in candidates if fixed.get(c.key, "train") == part)
        for part in ("train", "val", "test")
    }
    if not parts["train"]:
        raise TrainingError(
            "no slide is left to train on: all annotated slides are validation or test slides; "
            "annotate another slide or change the split",
            code="nothing_annotated",
        )
    return Split(**parts)


def on_two_sides(candidates: Sequence[Candidate], split: Split) -> list[str]:
    """One line for each group that metadata or lists put on two sides."""
    part_of = {key: part for part, keys in vars(split).items() for key in keys}
    lines = []
    for group, several in _by_group(candidates).items():
        first = {part_of[c.key]: c.name for c in reversed(several)}
        if len(first) > 1:
            where = ", ".join(f"{name} ({part})" for part, name in first.items())
            lines.append(
                f"slides of {group} stand on two sides: {where}; it measures what it knows"
            )
    return lines


def _by_group(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    found: dict[str, list[Candidate]] = {}
    for c in candidates:
        found.setdefault(c.group or c.key, []).append(c)
    return found


def _keep_together(fixed: dict[str, Part], candidates: Sequence[Candidate]) -> None:
    """A slide that nobody gave a part gets the one that its group has."""
    parts = {c.group: fixed[c.key] for c in candidates if c.group and c.key in fixed}
    fixed |= {c.key: parts[c.group] for c in candidates if c.key not in fixed and c.group in parts}


def _fixed_parts(
    candidates: Sequence[Candidate], lists: Mapping[Part, Sequence[str]]
) -> dict[str, Part]:
    fixed: dict[str, Part] = {c.key: _part(c) for c in candidates if c.marked}
    listed: dict[str, Part] = {}
    for part, names in lists.items():
        for name in names:
            if listed.get(name, part) != part:
                raise TrainingError(f"{name!r} is listed both for {listed[name]} and for {part}")
            listed[name] = part
    _refuse_unknown(listed, [c.name for c in candidates])
    fixed.update({c.key: listed[c.name] for c in candidates if c.name in listed})
    return fixed


def _part(candidate: Candidate) -> Part:
    # What is in no part of the split in use is not to be learned from.
    parts: dict[str, Part] = {"train": "train", "val": "val", "validation": "val", "test": "test",
                              NOT_IN_SPLIT: "test"}  # fmt: skip
    try:
        return parts[str(candidate.marked).strip().lower()]
    except KeyError:
        raise TrainingError(
            f"{candidate.name}: its split is {candidate.marked!r}; use train, val or test"
        ) from None


def _refuse_unknown(listed: Iterable[str], names: Sequence[str]) -> None:
    for name in listed:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
            raise TrainingError(f"validation: no annotated slide is called {name!r}; {hint}")


def _draw_validation(
    free: Sequence[Candidate], trained: Sequence[Candidate], fraction: float, seed: int
) -> tuple[Candidate, ...]:
    """The best of some seeded draws that leave every class in training; () where none does.

    Enumerating all subsets would be exact but grows with the binomial; 256 draws find a subset
    that covers all classes wherever a good share of the subsets does.
    """
    units = list(_by_group(free).values())
    most = len(units) - (0 if trained else 1)
    rng = random.Random(seed)
    for count in range(min(most, max(1, round(fraction * len(units)))), 0, -1):
        draws = [tuple(c for unit in rng.sample(units, count) for c in unit) for _ in range(_DRAWS)]
        best = min(draws, key=lambda val: _badness(val, free, trained, fraction))
        if _badness(best, free, trained, fraction)[0] == 0:
            return best
    return ()


def _badness(
    val: Sequence[Candidate],
    free: Sequence[Candidate],
    trained: Sequence[Candidate],
    fraction: float,
) -> tuple[int, int, float]:
    chosen = {c.key for c in val}
    train_areas = _total([*trained, *(c for c in free if c.key not in chosen)])
    val_areas = _total(val)
    classes = sorted({*train_areas, *val_areas})
    shares = (
        val_areas.get(n, 0) / (val_areas.get(n, 0) + train_areas.get(n, 0)) - fraction
        for n in classes
    )
    return (
        sum(n not in train_areas for n in classes),
        sum(n not in val_areas for n in classes),
        sum(abs(s) for s in shares),
    )


def _total(candidates: Iterable[Candidate]) -> dict[str, float]:
    total: dict[str, float] = {}
    for c in candidates:
        for name, area in c.areas.items():
            if area > 0:
                total[name] = total.get(name, 0) + area
    return total
