"""Making a split: groups of slides dealt out, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hookpath import limits
from hookpath.annotations import class_names_in, is_hand_drawn
from hookpath.errors import HookpathError, UsageError
from hookpath.projects.confirmed_annotations import teaching_objects
from hookpath.projects.project_protocol import SPLIT_KEY, ImageEntry, Project
from hookpath.projects.splits.balanced_groups import Group, assign_groups
from hookpath.projects.splits.patients import Grouping
from hookpath.projects.splits.split_table import FOLD_KEY, SplitRow, SplitTable
from hookpath.slides.slide_identity import content_of

Areas = Mapping[str, float]
"""Class name → annotated area in level-0 px²."""


@dataclass(frozen=True)
class SplitPlan:
    """What is asked for.

    Attributes:
        folds: so many parts of equal size; None: one split into train, val and test.
        val, test: shares; the rest trains. Only without folds.
        stratify: spread every class's annotated area evenly, too, not slides alone.
        bare: deal out images without annotations, too.
    """

    grouping: Grouping = field(default_factory=Grouping)
    folds: int | None = None
    val: float = 0.2
    test: float = 0.2
    stratify: bool = False
    bare: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.folds is not None and self.folds < 2:
            raise UsageError(f"--folds {self.folds}: there must be at least two")
        if self.folds is not None and self.folds > limits.FOLDS:
            raise UsageError(f"--folds {self.folds}: no more than {limits.FOLDS:,} are made")
        if not (0 <= self.val < 1 and 0 <= self.test < 1 and self.val + self.test < 1):
            raise UsageError(
                f"--val {self.val:g} and --test {self.test:g} leave nothing to train on"
            )

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts."""
        if self.folds is None:
            return ("train", "val", "test")
        return tuple(str(n + 1) for n in range(self.folds))

    @property
    def shares(self) -> tuple[float, ...]:
        """Of each part."""
        if self.folds is None:
            return (1 - self.val - self.test, self.val, self.test)
        return (1 / self.folds,) * self.folds


@dataclass(frozen=True)
class MadeSplit:
    """A split, and what it is made of.

    Attributes:
        part_of: image id → part (``train``… or the number of a fold).
        group_of: image id → group.
        areas: image id → annotated area by class.
        untold: names of images whose group nobody tells.
        bare: how many images without annotations are in no part.
    """

    table: SplitTable
    part_of: Mapping[str, str]
    group_of: Mapping[str, str]
    areas: Mapping[str, Areas]
    untold: tuple[str, ...]
    bare: int

    def summary(self, part: str) -> tuple[int, int, dict[str, float]]:
        """Images and groups of a part, and its share of every class's annotated area."""
        ids = [i for i, p in self.part_of.items() if p == part]
        totals = _summed(self.areas.values())
        here = _summed(self.areas[i] for i in ids)
        shares = {name: here.get(name, 0.0) / total for name, total in totals.items() if total}
        return len(ids), len({self.group_of[i] for i in ids}), shares


def make_split(project: Project, plan: SplitPlan) -> MadeSplit:
    """Deal the images of a project out; nothing is written.

    Raises:
        UsageError: fewer groups than parts.
        ProjectError: nothing is annotated, or an image cannot be read.
    """
    areas = {entry.id: annotated_areas(entry) for entry in project.images}
    chosen = [e for e in project.images if plan.bare or areas[e.id]] or list(project.images)
    group_of = plan.grouping.groups(chosen)
    dealt = assign_groups(_groups(group_of, areas), plan.shares, plan.seed, plan.stratify)
    part_of = {e.id: plan.parts[dealt[group_of[e.id]]] for e in chosen}
    rows = tuple(_row(e, part_of[e.id], group_of[e.id], plan) for e in chosen)
    return MadeSplit(
        SplitTable(rows), part_of, group_of, {e.id: areas[e.id] for e in chosen},
        tuple(plan.grouping.untold(chosen)), len(project.images) - len(chosen),
    )  # fmt: skip


def write_to_metadata(project: Project, made: MadeSplit, plan: SplitPlan, again: bool) -> None:
    """Write parts (`SPLIT_KEY`) or folds (`FOLD_KEY`) into the images' metadata.

    Raises:
        UsageError: images have such metadata already, and `again` is not given.
    """
    key = SPLIT_KEY if plan.folds is None else FOLD_KEY
    marked = [e.name for e in project.images if e.metadata.get(key)]
    if marked and not again:
        raise UsageError(
            f"{len(marked)} images have {key} in their metadata already, such as {marked[0]}; pass "
            "--again to replace it, or write a table with -o"
        )
    with project.changes() as changes:
        for entry in project.images:
            value = made.part_of.get(entry.id)
            if value is not None or entry.metadata.get(key):
                changes.set_metadata(entry.id, {key: value})


def annotated_areas(entry: ImageEntry) -> dict[str, float]:
    """Annotated area by class on an image, level-0 px²; what cannot be read has none."""
    try:
        annotated = [o for o in teaching_objects(entry) if is_hand_drawn(o)]
    except HookpathError:
        return {}
    return {
        c.name: sum(
            o.geometry.area for o in annotated if o.path_class and o.path_class.name == c.name
        )
        for c in class_names_in(annotated)
    }


def _groups(group_of: Mapping[str, str], areas: Mapping[str, Areas]) -> list[Group]:
    members: dict[str, list[str]] = {}
    for image_id, group in group_of.items():
        members.setdefault(group, []).append(image_id)
    return [
        Group(name, len(ids), _summed([areas[i] for i in ids])) for name, ids in members.items()
    ]


def _summed(several: Iterable[Areas]) -> dict[str, float]:
    total: dict[str, float] = {}
    for areas in several:
        for name, area in areas.items():
            total[name] = total.get(name, 0.0) + area
    return total


def _row(entry: ImageEntry, part: str, group: str, plan: SplitPlan) -> SplitRow:
    try:
        slide = content_of(entry.slide.path)[0]
    except HookpathError:
        slide = ""
    if plan.folds is None:
        return SplitRow(entry.name, group, split=part, slide=slide)
    return SplitRow(entry.name, group, fold=int(part), slide=slide)
