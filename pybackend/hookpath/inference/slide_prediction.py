"""One slide from pixels to files and objects."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hookpath.annotations import ClassTable, PathObject, read_geojson, write_geojson
from hookpath.annotations.object_planes import on_plane
from hookpath.annotations.objects import tagged_with
from hookpath.events import SILENT, Reporter
from hookpath.inference.engines.tile_runner import Runner
from hookpath.inference.out_of_distribution import OodDetector
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.prediction_record import GEOJSON_NAME, PredictionRecord, regions_digest
from hookpath.inference.predictor_protocol import Predictor, SlideJob
from hookpath.inference.predictors.predictor_factory import check_spacing, predictor_of
from hookpath.inference.roi.clip_objects_to_roi import Regions
from hookpath.inference.writing.row_writer import ResultWriter, Target
from hookpath.inference.writing.staged_folder import publish, stage_in
from hookpath.models import ModelCard, Network, part_of_training
from hookpath.safe_names import readable
from hookpath.slides import Slide


@dataclass(frozen=True)
class SlidePrediction:
    """A finished slide: its folder, its record, and the objects (tagged with the run).

    `image_id` is the image's in its project ("": of no project). Of hundreds of slides the objects
    are too many to be `held`.
    """

    folder: Path
    record: PredictionRecord
    held: tuple[PathObject, ...] | None = field(default=None, compare=False, repr=False)
    image_id: str = ""

    def __repr__(self) -> str:
        areas = ", ".join(f"{name} {mm2:.3g} mm²" for name, mm2 in self.record.areas_mm2.items())
        return f"SlidePrediction({self.record.image!r}: {areas})"

    @property
    def objects(self) -> tuple[PathObject, ...]:
        """The outlines, read from their file where they are not at hand."""
        if self.held is not None:
            return self.held
        has_some = GEOJSON_NAME in self.record.files
        return tuple(read_geojson(self.folder / GEOJSON_NAME)) if has_some else ()


def predict_slide(
    model: Network | Runner | Predictor,
    card: ModelCard,
    slide: Slide | Sequence[Slide],
    out_dir: Path,
    config: PredictConfig | None = None,
    reporter: Reporter = SILENT,
    roi: Sequence[BaseGeometry | PathObject] | None = None,
    name: str | None = None,
    detector: OodDetector | None = None,
) -> SlidePrediction:
    """Predict one slide; class map, probabilities, GeoJSON and ``prediction.json`` in `out_dir`.

    Args:
        model: a network, or what computes its tiles, or predicts with it.
        slide: an open slide, or several handles of it, each for one reading thread.
        roi: areas in level-0 px to predict in; None: the whole slide. Objects are cut to them,
            and marked (`REGION_KEY`) where these are annotations.
        name: of the image, for messages and the record; None: the file's name.
        detector: says how unlike the training slides it is; None: nobody does.

    Raises:
        MissingSpacingError: the slide's µm/px is unknown.
        PredictionError: the slide is too coarse for the model, or memory does not suffice.
        SlideError: the slide is damaged.
    """
    config = (config or PredictConfig()).for_model(card)
    slides = (slide,) if isinstance(slide, Slide) else tuple(slide)
    name = name or slides[0].path.name
    started = time.monotonic()
    identity = slides[0].identity  # now: the file may be another one when this is done
    predictor = predictor_of(model, card, config, reporter)
    check_spacing(slides[0], predictor.reads_um(slides[0]), reporter)
    classes, spacing_um = ClassTable.of(card.classes), predictor.spacing_um(slides[0])
    regions = None if roi is None else Regions(roi)
    areas = None if regions is None else regions.areas
    job = predictor.job(slides[0], areas, config.cover)
    grid = job.grid
    ood = None if detector is None else detector.score(slides[0])
    if ood is not None and ood.unlike:
        reporter.warn(ood.warning(name))
    run = config.run_id(card.weights_sha256)
    with stage_in(out_dir) as stage:
        size_l0 = slides[0].width_l0, slides[0].height_l0
        target = Target(stage, grid, slides[0].calibration, classes, spacing_um, size_l0)
        with ExitStack() as writing:
            with ResultWriter(target, config) as writer:
                _predict_rows(job, slides, writer, reporter, f"predict {name}")
                writing.enter_context(
                    _reported_writing(reporter, f"write {name}", len(config.files))
                )
                objects = tagged_with(writer.objects(), run)
            if regions is not None:
                objects = regions.fitted(objects, slides[0].calibration, config.min_area_um2)
            objects = [on_plane(o, slides[0].plane) for o in objects]
            if config.wants_geojson:
                write_geojson(stage / GEOJSON_NAME, objects, compact=True)
        record = PredictionRecord(
            run=run,
            image=name,
            path=readable(str(slides[0].path)),
            slide=identity,
            regions=regions_digest(areas),
            model={"family": card.family, "weights_sha256": card.weights_sha256},
            settings=config.model_dump(mode="json"),
            classes=classes.names,
            spacing_um=spacing_um,
            width=grid.width,
            height=grid.height,
            downsample=grid.downsample,
            areas_mm2=writer.areas_mm2(),
            objects=len(objects),
            seconds=round(time.monotonic() - started, 3),
            versions=_versions(),
            files=config.files,
            ood=ood,
            part=part_of_training(card.training, name, identity.content),
            plane=slides[0].plane,
        )
        publish(stage, out_dir, record)
    return SlidePrediction(out_dir, record, tuple(objects))


def _predict_rows(
    job: SlideJob, slides: Sequence[Slide], writer: ResultWriter, reporter: Reporter, task: str
) -> None:
    count = job.count()
    if count == 0:
        reporter.warn(f"{task}: no tissue found there, so nothing is predicted")
    reporter.start(task, count, "tile")
    try:
        for row in job.rows(slides, lambda _: reporter.advance(task), writer.target.folder):
            writer.add(row)
    finally:
        reporter.finish(task)


@contextmanager
def _reported_writing(reporter: Reporter, task: str, files: int) -> Iterator[None]:
    """What takes its time after the last tile."""
    reporter.start(task, files, "file")
    try:
        yield
        reporter.advance(task, files)
    finally:
        reporter.finish(task)


def _versions() -> dict[str, str]:
    import torch

    import hookpath

    return {"hookpath": hookpath.__version__, "torch": torch.__version__}
