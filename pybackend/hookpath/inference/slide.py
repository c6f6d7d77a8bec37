"""One slide from pixels to files and objects."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hookpath.annotations import RUN_TAG, ClassTable, PathObject, write_geojson
from hookpath.errors import PredictionError
from hookpath.events import SILENT, Reporter
from hookpath.inference.config import PredictConfig
from hookpath.inference.cover import Cover, OutputGrid, cover_of
from hookpath.inference.dense import DensePredictor, Memory
from hookpath.inference.grids import aligned_start, branch_grids
from hookpath.inference.record import (
    GEOJSON_NAME,
    PredictionRecord,
    SlideStamp,
    regions_digest,
)
from hookpath.inference.regions import Regions
from hookpath.inference.runner import Runner, TorchRunner
from hookpath.inference.staging import publish, stage_in
from hookpath.inference.writing import ResultWriter, Target
from hookpath.models import ModelCard, SegmentationModel
from hookpath.slides import Slide

COARSEST_FACTOR = 1.25
"""A slide may be this much coarser than the model's µm/px; beyond, detail that it learned from is
missing and the result would look right and be wrong."""


@dataclass(frozen=True)
class SlidePrediction:
    """A finished slide: its folder, its record, and the objects (tagged with the run).

    `image_id` is the image's in its project ("": of no project).
    """

    folder: Path
    record: PredictionRecord
    objects: tuple[PathObject, ...]
    image_id: str = ""


def predict_slide(
    model: SegmentationModel | Runner,
    card: ModelCard,
    slide: Slide | Sequence[Slide],
    out_dir: Path,
    config: PredictConfig | None = None,
    reporter: Reporter = SILENT,
    roi: Sequence[BaseGeometry | PathObject] | None = None,
    name: str | None = None,
) -> SlidePrediction:
    """Predict one slide; class map, probabilities, GeoJSON and ``prediction.json`` in `out_dir`.

    Args:
        slide: an open slide, or several handles of it, each for one reading thread.
        roi: areas in level-0 px to predict in; None: the whole slide. Objects are cut to them,
            and marked (`REGION_KEY`) where these are annotations.
        name: of the image, for messages and the record; None: the file's name.

    Raises:
        MissingSpacingError: the slide's µm/px is unknown.
        PredictionError: the slide is too coarse for the model, or memory does not suffice.
        SlideError: the slide is damaged.
    """
    config = config or PredictConfig()
    slides = (slide,) if isinstance(slide, Slide) else tuple(slide)
    name = name or slides[0].path.name
    started = time.monotonic()
    check_spacing(slides[0], card.spacing_um, reporter)
    runner = _runner_of(model, config)
    grid = OutputGrid.of_slide(slides[0], card.spacing_um)
    classes = ClassTable.of(card.classes)
    start = aligned_start(branch_grids(runner), slides[0], grid.downsample)
    regions = None if roi is None else Regions(roi)
    areas = None if regions is None else regions.areas
    cover = cover_of(slides[0], grid.starting_at(start), areas, config.tissue)
    run = config.run_id(card.weights_sha256)
    with stage_in(out_dir) as stage:
        size_l0 = slides[0].width_l0, slides[0].height_l0
        target = Target(stage, grid, slides[0].calibration, classes, card.spacing_um, size_l0)
        with ExitStack() as writing:
            with ResultWriter(target, config) as writer:
                _predict_rows(runner, slides, cover, writer, config, reporter, f"predict {name}")
                writing.enter_context(_telling(reporter, f"write {name}", len(config.files)))
                objects = [_tagged(o, run) for o in writer.objects()]
            if regions is not None:
                objects = regions.fitted(objects, slides[0].calibration, config.min_area_um2)
            if config.wants_geojson:
                write_geojson(stage / GEOJSON_NAME, objects, compact=True)
        record = PredictionRecord(
            run=run,
            image=name,
            slide=SlideStamp.of(slides[0].path),
            regions=regions_digest(areas),
            model={"family": card.family, "weights_sha256": card.weights_sha256},
            settings=config.model_dump(mode="json"),
            classes=classes.names,
            spacing_um=card.spacing_um,
            width=grid.width,
            height=grid.height,
            downsample=grid.downsample,
            areas_mm2=writer.areas_mm2(),
            objects=len(objects),
            seconds=round(time.monotonic() - started, 3),
            versions=_versions(),
            files=config.files,
        )
        publish(stage, out_dir, record)
    return SlidePrediction(out_dir, record, tuple(objects))


def check_spacing(slide: Slide, spacing_um: float, reporter: Reporter = SILENT) -> None:
    """Refuse a slide that is much coarser than the model's µm/px, warn of one a little coarser.

    Raises:
        MissingSpacingError: µm/px is unknown.
        PredictionError: more than `COARSEST_FACTOR` times coarser.
    """
    mpp = slide.calibration.mpp
    if mpp > spacing_um * COARSEST_FACTOR:
        raise PredictionError(
            f"{slide.path}: has {mpp:.4g} µm/px, the model needs {spacing_um:.4g} or finer; check "
            "the pixel size in QuPath (or --mpp), or train a model at this slide's µm/px",
            code="spacing_mismatch",
        )
    if mpp > spacing_um * 1.01:
        reporter.warn(
            f"{slide.path.name}: {mpp:.4g} µm/px is coarser than the model's {spacing_um:.4g}; "
            "enlarging it, results may suffer"
        )


def _predict_rows(
    runner: Runner,
    slides: Sequence[Slide],
    cover: Cover,
    writer: ResultWriter,
    config: PredictConfig,
    reporter: Reporter,
    task: str,
) -> None:
    memory = Memory(hooks=config.hook_memory_mb * 2**20, spill_dir=writer.target.folder)
    predictor = DensePredictor(runner, config.tile, memory, reporter=reporter)
    plan = predictor.plan(cover)
    if plan.count() == 0:
        reporter.warn(f"{task}: no tissue found there, so nothing is predicted")
    reporter.start(task, plan.count(), "tile")
    try:
        for row in predictor.rows(slides, plan, lambda _: reporter.advance(task)):
            writer.add(row)
    finally:
        reporter.finish(task)


@contextmanager
def _telling(reporter: Reporter, task: str, files: int) -> Iterator[None]:
    """What takes its time after the last tile."""
    reporter.start(task, files, "file")
    try:
        yield
        reporter.advance(task, files)
    finally:
        reporter.finish(task)


def _runner_of(model: SegmentationModel | Runner, config: PredictConfig) -> Runner:
    if isinstance(model, SegmentationModel):
        return TorchRunner(model, config.device, config.amp)
    return model


def _tagged(found: PathObject, run: str) -> PathObject:
    return replace(found, metadata={**found.metadata, RUN_TAG: run})


def _versions() -> dict[str, str]:
    import torch

    import hookpath

    return {"hookpath": hookpath.__version__, "torch": torch.__version__}
