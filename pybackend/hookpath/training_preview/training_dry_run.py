"""All that can be known of a training before it begins."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from hookpath.annotations import ClassTable
from hookpath.errors import UsageError
from hookpath.events import SILENT, Reporter
from hookpath.extras import require_extra
from hookpath.geometry import BranchSpec
from hookpath.models import FAMILIES
from hookpath.projects import Project
from hookpath.sampling import Batch
from hookpath.sampling.off_slide_share import shares_off_slide
from hookpath.training import TrainConfig
from hookpath.training.data.dataloaders import Order, Stream, annotated_loader
from hookpath.training.data.training_data import TrainingData, areas_um2
from hookpath.training.diagnostics.run_findings import Finding
from hookpath.training.run.run_folder import RunFolder, flatten
from hookpath.training.session_setup import open_session
from hookpath.training.training_session import Session
from hookpath.training_preview.run_cost import Cost, measured_cost
from hookpath.training_preview.sample_patches import SampledPatches, draw

#: Places that the share off the slide is the mean of.
_PLACES = 400
#: Batches that are read for measuring how long reading takes.
_READ = 4


@dataclass(frozen=True)
class Look:
    """What a training would see and take.

    Attributes:
        network: family, and how many parameters it learns.
        branches: target first.
        off_slide: per branch the share of its pixels beyond the slides' edges; empty: not asked.
        areas_mm2: part (``train``, ``val``) → class → annotated area.
        split: part → names of the slides.
        settings: all, by dotted name.
    """

    network: str
    classes: ClassTable
    branches: tuple[BranchSpec, ...]
    sampled: SampledPatches
    cost: Cost
    findings: tuple[Finding, ...]
    off_slide: tuple[float, ...]
    areas_mm2: Mapping[str, Mapping[str, float]]
    split: Mapping[str, Sequence[str]]
    settings: Mapping[str, Any]

    def __repr__(self) -> str:
        count = len(self.split.get("train", ()))
        classes = ", ".join(c.name for c in self.classes)
        return f"Look({self.network}; {classes}; {count} training slides; {self.cost.time_text})"


def look(
    projects: Sequence[Project], config: TrainConfig, patches: int = 24, reporter: Reporter = SILENT
) -> Look:
    """Open a training as `train_network` does, draw patches, measure steps, and stop.

    Nothing is left behind, and nothing is learned.

    Args:
        patches: to be shown.

    Raises:
        UsageError: the system learns in stages.
        TrainingError, ModelDesignError: as training says it.
        MissingPackageError: what training needs besides is not installed.
    """
    require_extra("train", "a preview of a training")
    family = FAMILIES.get(config.family)
    if family is not None and (first := family.first_stage):
        raise UsageError(
            f"{config.family} learns in two stages, the second from heatmaps that are not there "
            f"yet; look at its first one: -m {first}"
        )
    with tempfile.TemporaryDirectory(prefix="hookpath-preview-") as folder:
        run = RunFolder(Path(folder) / "run")
        session = open_session(projects, config, run, False, reporter)
        try:
            return _looked(session, patches)
        finally:
            session.close()


def _looked(session: Session, patches: int) -> Look:
    data, model = session.data, session.model
    stream = _stream(session)
    try:
        started = time.perf_counter()
        batches: list[Batch] = list(islice(_endless(stream), _READ))
        reading_s = (time.perf_counter() - started) / len(batches)
        names = [s.name for s in data.train]
        every = chain(batches, _endless(stream))
        sampled = draw(every, names, len(data.classes), session.augment, patches)
    finally:
        if stream is not session.stream:
            stream.close()
    off = shares_off_slide(data.train, model.branches, _PLACES, session.config.seed)
    return Look(
        network=_network(session),
        classes=data.classes,
        branches=tuple(model.branches),
        sampled=sampled,
        cost=measured_cost(session, batches, reading_s),
        findings=session.findings,
        off_slide=tuple(off) if model.reads == "patches" else (),
        areas_mm2={"train": _areas(data, "train"), "val": _areas(data, "val")},
        split=data.split,
        settings=flatten(session.config.model_dump(mode="json")),
    )


def _stream(session: Session) -> Stream:
    """Batches; of networks that are fitted at once, places drawn as for others."""
    if not session.model.fitted:
        return session.stream
    order = Order(
        session.config.model_copy(update={"workers": 0}),
        replace(session.data, val=[]),
        session.model,
        session.reporter,
    )
    return annotated_loader(order)[0]


def _endless(stream: Stream) -> Iterator[Batch]:
    while True:
        yield next(stream)


def _network(session: Session) -> str:
    if session.model.fitted:
        return f"{session.model.family}, fitted to all strokes at once"
    learned = sum(p.numel() for p in session.model.parameters() if p.requires_grad)
    return f"{session.model.family}, {learned / 1e6:.2f} million parameters to learn"


def _areas(data: TrainingData, part: str) -> dict[str, float]:
    total: dict[str, float] = {}
    for source in data.train if part == "train" else data.val:
        for name, area in areas_um2(source).items():
            total[name] = total.get(name, 0.0) + area * 1e-6
    return total
