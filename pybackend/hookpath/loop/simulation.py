"""The loop with an oracle in place of the pathologist: what choosing slides well is worth, and what
happens when untouched proposals become labels.
"""

from __future__ import annotations

import json
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
from hookpath.loop.accepting import accept
from hookpath.loop.choosing import Choice, choose_next
from hookpath.loop.curves import plot_curves, summarise_curves
from hookpath.loop.folder import LoopFolder, read_json, write_json
from hookpath.loop.oracle import Oracle, random_squares
from hookpath.loop.painted import stains_of, write_slides
from hookpath.loop.proposing import propose
from hookpath.loop.records import State
from hookpath.loop.retraining import retrain
from hookpath.loop.settings import LoopSettings, ProposalSettings
from hookpath.loop.starting import start
from hookpath.projects import FolderEntry, FolderProject
from hookpath.training import TrainConfig
from hookpath.writable import make_folder

Strategy = Literal["random", "uncertainty", "both", "untouched"]
#: ``untouched``: as ``random``, but the whole slide counts as correct, corrected or not.
STRATEGIES: tuple[Strategy, ...] = ("random", "uncertainty", "both", "untouched")

#: A network that learns the painted slides within seconds; nothing is held out but the test slides.
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
    "validation.fraction=0",
    "device=cpu",
)

SLIDES, TRUTH, TEST, TEST_TRUTH = "slides", "truth", "test", "test-truth"


@dataclass(frozen=True)
class Simulation:
    """What is simulated.

    Attributes:
        pool: slides to learn from; the first one is drawn on at the start.
        test: slides that only measure, as many of each stain.
        rounds: of training; proposals are corrected after each but the last.
        per_round: slides proposed and corrected between two rounds.
        budget_mm2: area that the oracle corrects of each of these slides.
        region_um: side of a region; the budget is spent in such squares.
        size_px: side of a slide, at 1 µm/px; a multiple of 4.
        seed: of the first slides drawn, of choices at random, and of training.
    """

    pool: int = 14
    test: int = 3
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


def paint_material(out: Path, plan: Simulation) -> None:
    """The slides of a simulation, the same for every strategy and seed."""
    write_slides(out / SLIDES, out / TRUTH, stains_of(plan.pool), 1, plan.size_px)
    write_slides(out / TEST, out / TEST_TRUTH, [i % 3 for i in range(plan.test)], 2, plan.size_px)


def simulate(
    out: Path,
    plan: Simulation,
    strategy: Strategy,
    train: dict[str, Any],
    reporter: Reporter = SILENT,
) -> list[dict[str, Any]]:
    """One learning curve; kept in `out`, and read from there the next time.

    Args:
        out: with the material (`paint_material`, or slides and truth of one's own in its place).
        train: resolved `hookpath.training.TrainConfig`; should hold out nothing.

    Returns:
        By round: test macro F1 (and by class), area labelled in mm².

    Raises:
        UsageError: no such strategy.
    """
    if strategy not in STRATEGIES:
        raise UsageError(f"strategy {strategy!r} is none of {', '.join(STRATEGIES)}")
    here = out / "runs" / f"{strategy}-{plan.seed}"
    kept = here / "curve.json"
    if kept.is_file() and read_json(kept).get("plan") == asdict(plan):
        return list(read_json(kept)["rounds"])
    curve = _Game(out, here, plan, strategy, train, reporter).play()
    write_json(kept, {"plan": asdict(plan), "strategy": strategy, "rounds": curve})
    return curve


class _Game:
    """One loop, from its start."""

    def __init__(
        self,
        out: Path,
        here: Path,
        plan: Simulation,
        strategy: Strategy,
        train: dict[str, Any],
        reporter: Reporter,
    ) -> None:
        self.out, self.here, self.plan = out, here, plan
        self.strategy, self.reporter = strategy, reporter
        self.oracle = Oracle(out / TRUTH)
        # The first slide and the first squares are the same for every strategy.
        self.rng = np.random.default_rng([plan.seed, 7])
        self.project = _linked(out / SLIDES, _fresh(here / "slides"))
        settings = LoopSettings(
            train={**train, "seed": plan.seed},
            proposals=ProposalSettings(smooth_um=2, min_area_um2=400, max_hole_um2=400),
            seed=plan.seed,
        )
        first = self._by_chance(list(self.project.images), 1)[0]
        (square,) = self._squares(first, 1, scale=2.0)
        self.oracle.draw_sparsely(first, square)
        self.folder = start(_fresh(here / "loop"), self.project, settings)

    def play(self) -> list[dict[str, Any]]:
        """All rounds."""
        curve: list[dict[str, Any]] = []
        task = f"{self.strategy} {self.plan.seed}"
        self.reporter.start(task, self.plan.rounds, "round")
        for number in range(1, self.plan.rounds + 1):
            found = retrain(self.folder, self.project)
            curve.append({"round": number, "labelled_mm2": sum(found.labelled_mm2.values())})
            curve[-1] |= figures_on_test(self.folder, self.out)
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
            self.oracle.correct(entry, regions)
            accept(self.folder, self.project, entry, whole=self.strategy == "untouched")

    def _choose(self) -> list[tuple[FolderEntry, list[BaseGeometry]]]:
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

    def _by_chance(self, entries: Sequence[FolderEntry], count: int) -> list[FolderEntry]:
        picked = self.rng.permutation(len(entries))[:count]
        return [entries[int(i)] for i in picked]

    def _squares(self, entry: FolderEntry, count: int, scale: float = 1.0) -> list[BaseGeometry]:
        with entry.slide.open() as slide:
            side = scale * self.plan.region_um / slide.calibration.mpp
            return random_squares(self.rng, (slide.width_l0, slide.height_l0), side, count)


def _square(bounds: Any) -> BaseGeometry:
    x0, y0, x1, y1 = bounds
    square: BaseGeometry = shapely.box(x0, y0, x1, y1)
    return square


def figures_on_test(folder: LoopFolder, out: Path) -> dict[str, Any]:
    """Macro F1 over the pooled pixels of the test slides, and F1 by class, of the last round."""
    from hookpath.evaluation import scores
    from hookpath.evaluation.counting import count_slide
    from hookpath.evaluation.predictions import PredictionsFolder
    from hookpath.evaluation.truth import truth_of
    from hookpath.inference import PredictConfig, predict_project
    from hookpath.models import read_card

    here = folder.round_folder(folder.round)
    project, oracle = FolderProject(out / TEST), Oracle(out / TEST_TRUTH)
    predictions = here.path / "test"
    config = PredictConfig(as_="none", geojson=False, tissue=False)
    predict_project(project, here.model, predictions, config)
    maps = PredictionsFolder(predictions)
    classes = ClassTable.of(read_card(here.model).classes)
    total: Any = 0
    for entry in project.images:
        truth = truth_of(oracle.knows(entry), classes)
        if truth is not None:
            total = total + count_slide(truth, maps(entry))
    found = scores(total[: len(classes)])
    by_class = {n: float(f) for n, f in zip(classes.names, found.drawn(), strict=True)}
    return {"f1": found.macro(), "f1_by_class": by_class}


def _fresh(folder: Path) -> Path:
    """An unfinished game is begun again: it must not learn from what its oracle said before."""
    import shutil

    if folder.exists():
        shutil.rmtree(folder)
    return folder


def _linked(slides: Path, folder: Path) -> FolderProject:
    """A project of its own over the same slide files."""
    make_folder(folder)
    for path in sorted(slides.glob("*.tif")):
        (folder / path.name).symlink_to(path.resolve())
    return FolderProject(folder)


def all_curves(out: Path) -> dict[str, list[list[dict[str, Any]]]]:
    """Finished curves by strategy."""
    found: dict[str, list[list[dict[str, Any]]]] = {}
    for path in sorted(out.glob("runs/*/curve.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(content["strategy"], []).append(content["rounds"])
    return found


def run(
    out: Path,
    plan: Simulation,
    strategies: Sequence[str],
    seeds: int,
    overrides: Sequence[str] = (),
    reporter: Reporter = SILENT,
) -> dict[str, Any]:
    """All curves, their summary in ``curves.json`` and their picture in ``curves.png``.

    Seeds take turns, so that a run that is stopped has about as many of each strategy.

    Raises:
        UsageError: no such strategy or training setting.
    """
    wrong = [s for s in strategies if s not in STRATEGIES]
    if wrong:
        raise UsageError(f"strategy {wrong[0]!r} is none of {', '.join(STRATEGIES)}")
    train = TrainConfig.load(preset="fast", overrides=[*TINY, *overrides])
    paint_material(out, plan)
    for seed in range(seeds):
        for strategy in (s for s in STRATEGIES if s in strategies):
            simulate(
                out, replace(plan, seed=seed), strategy, train.model_dump(mode="json"), reporter
            )
            found = summarise_curves(all_curves(out))
            write_json(out / "curves.json", {"plan": asdict(plan), "curves": found})
    picture = plot_curves(found, out / "curves.png")
    return {"out": str(out), "plan": asdict(plan), "curves": found, "plot": str(picture)}
