"""What an experiment is: who competes, on what, and which order is expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hookpath.errors import UsageError
from hookpath.events import Reporter
from hookpath.projects import Project


@dataclass(frozen=True)
class Contestant:
    """One network of a comparison, or something else that learns from the same strokes.

    Attributes:
        title: what it is called in tables.
        settings: of a network: training settings (see `hookpath.training.TrainConfig`), put over
            the design's; of another method its own.
        columns: what the table says about it besides its metrics, e.g. ``{"λ": "0.75"}``.
        part_of: title of another contestant whose run holds this one's model, and the model's
            folder in that run; then nothing is trained for this one.
        method: what it is, by its name in `hookpath.experiments.contestant_registry.METHODS`.
    """

    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    part_of: tuple[str, str] | None = None
    method: str = "network"

    @property
    def slug(self) -> str:
        """The title as a folder's name."""
        return re.sub(r"[^\w.]+", "-", self.title.lower()).strip("-.")


@dataclass(frozen=True)
class Expectation:
    """An order that the papers found: `better` above `worse`.

    Attributes:
        figure: ``macro`` or the name of a class, of the F1; or another metric of the report.
    """

    better: str
    worse: str
    figure: str = "macro"


SlideMaker = Callable[[Path, Mapping[str, int], int, Reporter], Project]
"""Makes slides in a folder: number by split, seed; the truth goes to ``truth/`` in there."""


@dataclass(frozen=True)
class SyntheticSlides:
    """Slides made for a design, anew for every seed, so that seeds are independent."""

    make: SlideMaker
    slides: Mapping[str, int]


@dataclass(frozen=True)
class Design:
    """A comparison that one command runs.

    Attributes:
        name: as on the command line.
        about: one or two sentences for the head of the results.
        contestants: in the order of the table.
        settings: training settings that all share.
        expectations: orders to be checked; nothing depends on their outcome.
        synthetic: slides for a run without SOURCE; None: a SOURCE must be given.
        folds: of a SOURCE, unless given otherwise; 1: the project's own split; None: every slide
            (or group of slides) is a fold.
        validation: share of a SOURCE's slides besides the test slides that choose the best epoch.
        metric: what the comparison is about: ``f1``, or ``kappa``…
        parameters: number of parameters that the filters of every network are matched to, as the
            paper did; None: filters as set.
    """

    name: str
    about: str
    contestants: tuple[Contestant, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    expectations: tuple[Expectation, ...] = ()
    synthetic: SyntheticSlides | None = None
    folds: int | None = 3
    validation: float = 1 / 3
    metric: str = "f1"
    parameters: float | None = None

    def __post_init__(self) -> None:
        titles = [c.title for c in self.contestants]
        slugs = {c.slug for c in self.contestants}
        named = [t for e in self.expectations for t in (e.better, e.worse)]
        named += [c.part_of[0] for c in self.contestants if c.part_of]
        if len(slugs) != len(titles) or not set(named) <= set(titles):
            raise ValueError(f"design {self.name}: its contestants' titles do not fit together")

    def only(self, titles: tuple[str, ...]) -> Design:
        """The design with these contestants (all if empty), and what is expected of them.

        Raises:
            UsageError: no contestant has such a title.
        """
        known = [c.title for c in self.contestants]
        for title in titles:
            if title not in known:
                raise UsageError(
                    f"design {self.name} has no contestant {title!r}; there are: {', '.join(known)}"
                )
        if not titles:
            return self
        kept = {*titles, *(c.part_of[0] for c in self.contestants
                           if c.title in titles and c.part_of)}  # fmt: skip
        return replace(
            self,
            contestants=tuple(c for c in self.contestants if c.title in kept),
            expectations=tuple(
                e for e in self.expectations if e.better in kept and e.worse in kept
            ),
        )
