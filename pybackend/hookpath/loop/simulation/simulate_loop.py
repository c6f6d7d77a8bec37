"""The loop with an oracle in place of the pathologist.

What choosing slides well is worth, and what happens when untouched proposals become labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import ClassTable
from hookpath.errors import LoopError, UsageError
from hookpath.events import SILENT, Reporter
from hookpath.loop.acquisition.rank_images import Choice, choose_next
from hookpath.loop.simulation.fully_annotated_slides import (
    PlayedEntry,
    PlayedProject,
    SimulationDataset,
    annotated_dataset,
    known_objects,
    known_slides,
    synthetic_dataset,
)
from hookpath.loop.simulation.learning_curves import plot_curves, summarise_curves
from hookpath.loop.simulation.oracle import (
    correct,
    draw_sparsely,
    informative_square,
    random_squares,
)
from hookpath.loop.state.image_records import State
from hookpath.loop.state.loop_folder import LoopFolder, read_json, write_json
from hookpath.loop.state.loop_settings import LoopSettings, ProposalSettings
from hookpath.loop.steps.accept import accept
from hookpath.loop.steps.propose import propose
from hookpath.loop.steps.retrain import retrain
from hookpath.loop.steps.start import start
from hookpath.projects import Project
from hookpath.training import TrainConfig

Strategy = Literal["random", "uncertainty", "both", "untouched"]
#: ``untouched``: as ``random``, but the whole slide counts as correct, corrected or not.
STRATEGIES: tuple[Strategy, ...] = ("random", "uncertainty", "both", "untouched")

#: A network that learns the synthetic slides within seconds; only the test slides are held out.
TINY = (
    "family=unet",
    "model.spacings=[2.0]",
    "model.depth=2",
    "model.input_size=60",
    "model.filters=6",
    "batch_size=8",
    "epochs=1",
    "steps_per_epoch=80",
    "learning_rate=0.002",
    "augmentation=light",
    "validation.fraction=0",
    "device=cpu",
)


@dataclass(frozen=True)
class Simulation:
    """What is simulated.

    Attributes:
        pool: synthetic slides to learn from.
        test: synthetic slides that only measure.
        test_share: share of a project's slides that measure, unless some are marked as test.
        rounds: of training; proposals are corrected after each but the last.
        per_round: slides proposed and corrected between two rounds.
        budget_mm2: area that the oracle corrects of each of these slides.
        region_um: side of a region; the budget is spent in such squares.
        size_px: side of a synthetic slide, at 1 µm/px; a multiple of 4.
        seed: of the synthetic slides, the first one annotated, choices at random, and training.
    """

    pool: int = 14
    test: int = 3
    test_share: float = 1 / 3
    rounds: int = 6
    per_round: int = 1
    budget_mm2: float = 0.04
    region_um: float = 100.0
    size_px: int = 384
    seed: int = 0

    @property
    def regions(self) -> int:
        """Squares that the budget pays for."""
        return max(1, round(self.budget_mm2 * 1e6 / self.region_um**2))


def simulate(
    out: Path,
    plan: Simulation,
    strategy: Strategy,
    train: dict[str, Any],
    data: SimulationDataset,
    reporter: Reporter = SILENT,
) -> list[dict[str, Any]]:
    """One learning curve; kept in `out`, and read from there the next time.

    Args:
        train: resolved `hookpath.training.TrainConfig`; should hold out nothing.
        data: the slides, the same for every strategy of a seed.

    Returns:
        By round: test macro F1 (and by class), area labelled in mm².

    Raises:
        UsageError: no such strategy.
    """
    if strategy not in STRATEGIES:
        raise UsageError(f"strategy {strategy!r} is none of {', '.join(STRATEGIES)}")
    here = out / "runs" / f"{strategy}-{plan.seed}"
    kept = here / "curve.json"
    what = {"plan": asdict(plan), "strategy": strategy, "slides": _which(data), "train": train}
    before = read_json(kept) if kept.is_file() else {}
    if before and before == {**before, **what}:
        return list(before["rounds"])
    curve = _Game(here, plan, strategy, train, data, reporter).play()
    write_json(kept, {**what, "rounds": curve})
    return curve


def _which(data: SimulationDataset) -> dict[str, dict[str, str]]:
    """The slides of each part, and which they are."""
    parts = {"pool": data.pool, "test": data.test}
    return {part: {k.name: k.slide.identity().key for k in of} for part, of in parts.items()}


class _Game:
    """One loop, from its start."""

    def __init__(
        self,
        here: Path,
        plan: Simulation,
        strategy: Strategy,
        train: dict[str, Any],
        data: SimulationDataset,
        reporter: Reporter,
    ) -> None:
        self.plan, self.strategy, self.reporter = plan, strategy, reporter
        # The first slide and the first squares are the same for every strategy.
        self.rng = np.random.default_rng([plan.seed, 7])
        self.project = PlayedProject(_fresh(here / "slides"), data.pool)
        self.test = PlayedProject(_fresh(here / "test"), data.test)
        settings = LoopSettings(
            train={**train, "seed": plan.seed},
            proposals=ProposalSettings(smooth_um=2, min_area_um2=400, max_hole_um2=400),
            seed=plan.seed,
        )
        first = self._by_chance(list(self.project.images), 1)[0]
        draw_sparsely(first, informative_square(self.rng, first, *self._extent(first, 2.0)))
        self.folder = start(_fresh(here / "loop"), self.project, settings)

    def play(self) -> list[dict[str, Any]]:
        """All rounds."""
        curve: list[dict[str, Any]] = []
        task = f"{self.strategy} {self.plan.seed}"
        self.reporter.start(task, self.plan.rounds, "round")
        for number in range(1, self.plan.rounds + 1):
            found = retrain(self.folder, self.project)
            curve.append({"round": number, "labelled_mm2": sum(found.labelled_mm2.values())})
            curve[-1] |= metrics_on_test(self.folder, self.test)
            self.reporter.advance(task, f1=curve[-1]["f1"])
            if number < self.plan.rounds:
                self._correct_some()
        self.reporter.finish(task)
        return curve

    def _correct_some(self) -> None:
        for entry, regions in self._choose():
            report = propose(self.folder, self.project, [entry])
            if report.problems:
                raise LoopError(report.problems[0].message)
            correct(entry, regions)
            accept(self.folder, self.project, entry, whole=self.strategy == "untouched")

    def _choose(self) -> list[tuple[PlayedEntry, list[BaseGeometry]]]:
        """Slides, and the squares of them that the budget goes into."""
        left = [e for e in self.project.images if self.folder.record(e).state is State.TODO]
        if self.strategy in ("random", "untouched"):
            chosen = self._by_chance(left, self.plan.per_round)
            return [(e, self._squares(e, self.plan.regions)) for e in chosen]
        measure: Literal["both", "uncertainty"] = (
            "both" if self.strategy == "both" else "uncertainty"
        )
        choice = Choice(measure, regions=self.plan.regions, region_um=self.plan.region_um)
        report = choose_next(self.folder, self.project, count=self.plan.per_round, choice=choice)
        by_id = {e.id: e for e in left}
        return [
            (by_id[i], [_square(r["bounds"]) for r in regions])
            for i, regions in report.regions.items()
        ]

    def _by_chance(self, entries: Sequence[PlayedEntry], count: int) -> list[PlayedEntry]:
        picked = self.rng.permutation(len(entries))[:count]
        return [entries[int(i)] for i in picked]

    def _squares(self, entry: PlayedEntry, count: int) -> list[BaseGeometry]:
        return random_squares(self.rng, *self._extent(entry, 1.0), count)

    def _extent(self, entry: PlayedEntry, scale: float) -> tuple[tuple[int, int], float]:
        """Size of the slide and side of `scale` regions, both in level-0 px."""
        with entry.slide.open() as slide:
            side = scale * self.plan.region_um / slide.calibration.mpp
            return (slide.width_l0, slide.height_l0), side


def _square(bounds: Any) -> BaseGeometry:
    x0, y0, x1, y1 = bounds
    square: BaseGeometry = shapely.box(x0, y0, x1, y1)
    return square


def metrics_on_test(folder: LoopFolder, project: PlayedProject) -> dict[str, Any]:
    """Macro F1 over the pooled pixels of the test slides, and F1 by class, of the last round."""
    from hookpath.evaluation import scores
    from hookpath.evaluation.predictions.prediction_folder import PredictionsFolder
    from hookpath.evaluation.scoring.ground_truth import truth_of
    from hookpath.evaluation.scoring.pixel_counting import count_slide
    from hookpath.inference import PredictConfig, predict_project
    from hookpath.models import read_card

    here = folder.round_folder(folder.round)
    predictions = here.path / "test"
    config = PredictConfig(as_="none", geojson=False, tissue=False)
    predict_project(project, here.model, predictions, config)
    maps = PredictionsFolder(predictions)
    classes = ClassTable.of(read_card(here.model).classes)
    total: Any = 0
    for entry in project.images:
        truth = truth_of(known_objects(entry.known), classes)
        if truth is not None:
            total = total + count_slide(truth, maps(entry))
    found = scores(total[: len(classes)], classes.of_interest)
    by_class = {n: float(f) for n, f in zip(classes.names, found.annotated(), strict=True)}
    return {"f1": found.macro(), "f1_by_class": by_class}


def _fresh(folder: Path) -> Path:
    """An unfinished game is begun again: it must not learn from what its oracle said before."""
    import shutil

    if folder.exists():
        shutil.rmtree(folder)
    return folder


def run(
    out: Path,
    plan: Simulation,
    strategies: Sequence[str],
    seeds: Sequence[int],
    overrides: Sequence[str] = (),
    project: Project | None = None,
    truth: Path | None = None,
    reporter: Reporter = SILENT,
) -> dict[str, Any]:
    """All curves, their summary in ``curves.json`` and their picture in ``curves.png``.

    Seeds take turns, so that a run that is stopped has about as many of each strategy.

    Args:
        project: on whose slides to play; None: synthetic ones, new for every seed.
        truth: folder with ``<slide>.geojson``: all that is on the project's slides; None: all that
            is annotated in the project.

    Raises:
        UsageError: no such strategy or training setting, too few slides, or `out` is a file.
    """
    wrong = [s for s in strategies if s not in STRATEGIES]
    if wrong:
        raise UsageError(f"strategy {wrong[0]!r} is none of {', '.join(STRATEGIES)}")
    train = TrainConfig.load(preset="fast", overrides=[*TINY, *overrides])
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a folder with -o")
    curves: dict[str, list[list[dict[str, Any]]]] = {}
    if truth is not None and project is None:
        raise UsageError("--truth says what is on the slides of a SOURCE; name the SOURCE, too")
    slides = known_slides(out, project, truth, reporter) if project is not None else []
    for seed in seeds:
        one = replace(plan, seed=seed)
        if slides:
            data = annotated_dataset(slides, plan.test_share, seed)
        else:
            data = synthetic_dataset(out, plan.pool, plan.test, plan.size_px, seed)
        one = replace(one, rounds=_affordable(one, data, reporter))
        values = train.model_dump(mode="json") | {"classes": list(data.classes)}
        for strategy in (s for s in STRATEGIES if s in strategies):
            curve = simulate(out, one, strategy, values, data, reporter)
            curves.setdefault(strategy, []).append(curve)
            found = summarise_curves(curves)
            write_json(out / "curves.json", {"plan": asdict(plan), "curves": found})
    picture = plot_curves(found, out / "curves.png")
    return {"out": str(out), "plan": asdict(plan), "curves": found, "plot": str(picture)}


def _affordable(plan: Simulation, data: SimulationDataset, reporter: Reporter) -> int:
    """Rounds until every slide has been corrected once."""
    most = 1 + -(-(len(data.pool) - 1) // plan.per_round)
    if most < plan.rounds:
        reporter.info(f"{len(data.pool)} slides to learn from are used up in {most} rounds")
    return min(plan.rounds, most)
