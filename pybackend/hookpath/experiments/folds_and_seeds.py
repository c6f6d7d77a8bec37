"""On what slides: synthetic ones for every seed, or the folds of a project."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hookpath.annotations import PathObject, class_names_in, is_hand_drawn
from hookpath.errors import UsageError
from hookpath.events import Reporter
from hookpath.experiments.design import SyntheticSlides
from hookpath.projects import (
    SPLIT_KEY,
    Grouping,
    Project,
    SplitTable,
    apply_split,
    teaching_objects,
)

TRUTH = "truth"
_DRAWS = 256


@dataclass(frozen=True)
class Trial:
    """One training and scoring of every contestant.

    Attributes:
        name: its folder, and the prefix of its slides in the tables.
        train, val, test: names of images; every contestant gets the same.
        truth: folder with ``<slide>.geojson`` to score against; None: the project's annotations.
        annotated: names of all annotated images.
        classes: all that is annotated in the project, in its order.
    """

    name: str
    project: Project
    seed: int
    train: tuple[str, ...]
    val: tuple[str, ...]
    test: tuple[str, ...]
    truth: Path | None = None
    annotated: frozenset[str] = frozenset()
    classes: tuple[str, ...] = ()

    @property
    def withheld(self) -> tuple[str, ...]:
        """Test images that could be learned from, and must not."""
        return tuple(name for name in self.test if name in self.annotated)


def synthetic_trials(
    synthetic: SyntheticSlides, out: Path, seeds: Sequence[int], reporter: Reporter
) -> list[Trial]:
    """New slides for every seed."""
    trials = []
    for seed in seeds:
        folder = out / "slides" / f"seed-{seed}"
        project = synthetic.make(folder, synthetic.slides, seed, reporter)
        areas = annotated_areas(project)
        trials.append(_as_marked(f"seed-{seed}", project, areas, seed, folder / TRUTH))
    return trials


def project_trials(
    project: Project,
    folds: int | None,
    seeds: Sequence[int],
    truth: Path | None,
    validation: float,
    by: str | None = None,
) -> list[Trial]:
    """Every annotated slide is tested once per seed, in the fold that did not learn from it.

    Args:
        folds: 1 keeps the project's own split (``hookpath.split``); None: each slide is a fold.
        validation: share of the remaining slides that choose the best epoch.
        by: image metadata (a patient, a hospital); slides of one value are one fold. Only where
            `folds` is None.

    Raises:
        UsageError: image names are not unique, or fewer annotated slides than folds.
    """
    areas = annotated_areas(project)
    if folds == 1:
        return [_as_marked(f"seed-{seed}", project, areas, seed, truth) for seed in seeds]
    alone = leave_one_out(project, areas, by) if folds is None else []
    patients = _patients(project, areas)
    few = folds is not None and len(set(patients.values())) < folds
    if few or len(areas) < 2 or len(alone) == 1 or (folds is not None and folds < 1):
        what = "a fold for each" if folds is None else f"{folds} folds"
        raise UsageError(
            f"{project.source}: {len(areas)} annotated slides"
            f"{' of so few patients' if few and len(areas) >= (folds or 2) else ''} do not make "
            f"{what}; "
            "use --folds with a smaller number (1: the project's own split)"
        )
    trials = []
    for seed in seeds:
        rng = random.Random(seed)
        parts = alone if folds is None else make_folds(areas, folds, rng, patients)
        for number, test in enumerate(parts, start=1):
            rest = [name for part in parts if part is not test for name in part]
            val = _validation(areas, rest, validation, rng, patients)
            train = tuple(n for n in rest if n not in val)
            name = f"seed-{seed}-fold-{number}"
            annotated, classes = frozenset(areas), _classes(project, areas)
            trials.append(Trial(name, project, seed, train, val, test, truth, annotated, classes))
    return trials


def table_trials(
    project: Project,
    splits: Path,
    fold: int | None,
    seeds: Sequence[int],
    truth: Path | None,
    validating: bool,
) -> list[Trial]:
    """The split of a table, or each of its folds in turn.

    Args:
        fold: the only one that is tested; None: all.
        validating: whether some slides choose the best epoch; else those of the fold that would
            validate are learned from, too.

    Raises:
        UsageError: no such table or fold, or it leaves nothing to train on or to test.
    """
    areas = annotated_areas(project)
    count = SplitTable.load(splits).folds
    trials = []
    for seed in seeds:
        for tested in [fold] if fold is not None or not count else range(1, count + 1):
            apply_split(project, splits, tested)
            name = f"seed-{seed}" if tested is None else f"seed-{seed}-fold-{tested}"
            trial = _as_marked(name, project, areas, seed, truth)
            if tested is not None and not validating:
                trial = replace(trial, train=(*trial.train, *trial.val), val=())
            trials.append(trial)
    return trials


Areas = Mapping[str, Mapping[str, float]]
"""Image name → class name → annotated area in level-0 px²."""


def annotated_areas(project: Project) -> dict[str, dict[str, float]]:
    """What is annotated on every image with annotations; reads all objects, which takes time.

    Raises:
        UsageError: two images have the same name.
    """
    found: dict[str, dict[str, float]] = {}
    for entry in project.images:
        annotated = [o for o in teaching_objects(entry) if is_hand_drawn(o)]
        if not class_names_in(annotated):
            continue
        if entry.name in found:
            raise UsageError(
                f"{project.source}: two images are called {entry.name}; rename one, folds are "
                "made by name"
            )
        found[entry.name] = _areas(annotated)
    return found


def _areas(annotated: Sequence[PathObject]) -> dict[str, float]:
    areas: dict[str, float] = {}
    for path_class in class_names_in(annotated):
        areas[path_class.name] = sum(
            o.geometry.area
            for o in annotated
            if o.path_class is not None and o.path_class.name == path_class.name
        )
    return areas


def leave_one_out(project: Project, areas: Areas, by: str | None) -> list[tuple[str, ...]]:
    """Every slide alone, or with those that have the same value of the metadata `by`.

    Raises:
        UsageError: no annotated slide has such metadata.
    """
    if by is None:
        return [(name,) for name in sorted(areas)]
    groups: dict[str, list[str]] = {}
    marks = {e.name: e.metadata.get(by) for e in project.images if e.name in areas}
    if not any(marks.values()):
        raise UsageError(f"{project.source}: no annotated image has metadata {by!r}; see --by")
    for name in sorted(areas):
        # A slide of which nothing is known is nobody's neighbour.
        groups.setdefault(f"={marks[name]}" if marks[name] else name, []).append(name)
    return [tuple(names) for names in groups.values()]


def _patients(project: Project, areas: Areas) -> dict[str, str]:
    """Image name → whose slide it is, as far as metadata or names tell, else its own name."""
    grouping = Grouping()
    return {e.name: grouping.value_of(e) or e.name for e in project.images if e.name in areas}


def _units(names: Sequence[str], patients: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The names, those of one patient together."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(patients.get(name, name), []).append(name)
    return [tuple(several) for several in found.values()]


def make_folds(
    areas: Areas, folds: int, rng: random.Random, patients: Mapping[str, str] | None = None
) -> list[tuple[str, ...]]:
    """Folds of nearly equal size; of many draws the one whose folds hold the classes best.

    Args:
        patients: image name → patient; one patient's slides are in one fold.
    """
    units = _units(sorted(areas), patients or {})
    draws = []
    for _ in range(_DRAWS):
        order = rng.sample(units, len(units))
        draws.append(
            [tuple(sorted(n for unit in order[i::folds] for n in unit)) for i in range(folds)]
        )
    return min(draws, key=lambda parts: _imbalance(areas, parts))


def _imbalance(areas: Areas, parts: Sequence[Sequence[str]]) -> tuple[int, float]:
    """(classes that a fold lacks, summed over folds; how unevenly areas are spread)."""
    totals = _total(areas, areas)
    lacking, uneven = 0, 0.0
    for part in parts:
        here = _total(areas, part)
        lacking += sum(name not in here for name in totals)
        uneven += sum(abs(here.get(n, 0) / a - 1 / len(parts)) for n, a in totals.items() if a)
    return lacking, uneven


def _validation(
    areas: Areas, rest: Sequence[str], share: float, rng: random.Random, patients: Mapping[str, str]
) -> tuple[str, ...]:
    """Slides to validate on; none where a class would be missing in training without them."""
    units = _units(rest, patients)
    wanted = min(len(units) - 1, round(share * len(units)) or (1 if share > 0 else 0))
    classes = set(_total(areas, rest))
    for count in range(wanted, 0, -1):
        for _ in range(_DRAWS):
            val = tuple(sorted(n for unit in rng.sample(units, count) for n in unit))
            if classes == set(_total(areas, [n for n in rest if n not in val])):
                return val
    return ()


def _total(areas: Areas, names: Sequence[str] | Mapping[str, object]) -> dict[str, float]:
    total: dict[str, float] = {}
    for name in names:
        for class_name, area in areas[name].items():
            total[class_name] = total.get(class_name, 0.0) + area
    return total


def _classes(project: Project, areas: Areas) -> tuple[str, ...]:
    """As the project lists them; what it does not list, as drawn."""
    annotated = {name: None for of_image in areas.values() for name in of_image}
    listed = {c.name: None for c in project.classes if c.name in annotated}
    return tuple(listed | annotated)


def _as_marked(name: str, project: Project, areas: Areas, seed: int, truth: Path | None) -> Trial:
    """The split that the images' metadata says.

    Raises:
        UsageError: no image is marked for training, or none for testing.
    """
    parts: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for entry in project.images:
        mark = entry.metadata.get(SPLIT_KEY, "").strip().lower()
        part = {"validation": "val"}.get(mark, mark)
        if part == "test" or entry.name in areas:
            parts.get(part, []).append(entry.name)
    if not parts["train"] or not parts["test"]:
        raise UsageError(
            f"{project.source}: no image has {SPLIT_KEY} = train, or none has test; mark them, or "
            "use --folds 2 or more"
        )
    train, val, test = (tuple(parts[part]) for part in ("train", "val", "test"))
    annotated, classes = frozenset(areas), _classes(project, areas)
    return Trial(name, project, seed, train, val, test, truth, annotated, classes)
