"""From projects to what a run learns from: classes, split, sources, and their fingerprint."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.annotations import ClassTable, LabelSource, twin_classes
from hookpath.errors import HookpathError, TrainingError, shared_code
from hookpath.events import Reporter
from hookpath.projects import (
    NOT_IN_SPLIT,
    SPLIT_KEY,
    Grouping,
    Problem,
    Project,
    ReportOfImage,
    pooled,
    report_files,
    report_left_out,
    split_remarks,
    twin_remarks,
    unused_remark,
)
from hookpath.sampling import AnnotatedSlide, load_source
from hookpath.sampling.stain_profiles import StainProfile
from hookpath.slides.channels import ChannelScale
from hookpath.training.data.annotation_inventory import InventoryImage, class_table, images_of
from hookpath.training.data.input_channels import alike, channels_of, refuse_lacking, with_channels
from hookpath.training.data.train_val_split import (
    Candidate,
    Part,
    Split,
    on_two_sides,
    split_slides,
)
from hookpath.training.training_config import TrainConfig


@dataclass(frozen=True)
class TrainingData:
    """What a run learns from and is validated on. `slides` describes all annotated slides.

    `stain` is what they are recoloured to; None: they are as they are. `channels` are what is
    learned from, in this order; (): RGB.
    """

    classes: ClassTable
    train: list[AnnotatedSlide]
    val: list[AnnotatedSlide]
    split: dict[str, list[str]]
    slides: list[dict[str, Any]]
    stain: StainProfile | None = None
    channels: tuple[ChannelScale, ...] = ()

    @property
    def contents(self) -> dict[str, list[str]]:
        """Digests of the slides' content by part: by them a model knows its slides again."""
        of = {s["id"]: s["content"] for s in self.slides}
        parts = {"train": self.train, "val": self.val}
        return {part: [of[s.id] for s in slides] for part, slides in parts.items()}

    @property
    def fingerprint(self) -> str:
        """SHA-256 over which slides they are and over everything annotated on them."""
        parts = [f"{s['id']}|{s['slide']}|{s['annotations']}" for s in self.slides]
        parts += [f"channel|{c.name}|{c.low!r}|{c.high!r}" for c in self.channels]
        return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def gather(
    projects: Sequence[Project],
    config: TrainConfig,
    reporter: Reporter,
    annotated: bool = True,
    held_out: bool = True,
) -> TrainingData:
    """Collect classes, split the slides, and check that there is something to learn.

    Slides that cannot be used are reported and left out.

    Args:
        annotated: learn from annotations; else from every slide of known µm/px, without classes.
        held_out: without validation slides nothing measures the model, which is worth a warning.

    Raises:
        TrainingError: no usable slide, fewer than two classes, a class that no training slide
            holds, or a split that cannot be made.
    """
    _take_split(projects, config, reporter)
    images = images_of(projects, config.rest if annotated else None, config.labels)
    _report_unused(projects, config, [i for i in images if i.may_teach or not annotated], reporter)
    teaching = {i.image: i.whole for i in images if i.may_teach or not annotated}
    for twins in twin_remarks(teaching.values()):
        reporter.warn(twins)
    for line in config.labels.unused_names(n for i in images for n in i.written):
        reporter.warn(line)
    classes = class_table(projects, images, config) if annotated else ClassTable(())
    report_files(reporter, projects)
    for twins in twin_classes(classes.names):
        reporter.warn(twins)
    sources = alike(_load(projects, images, classes, config, reporter), config, reporter)
    image_of = {i.key: i.image[0] for i in images}
    candidates = _candidates(sources, images)
    by_image = split_slides(candidates, _listed(config), config.validation.fraction, config.seed)
    for line in on_two_sides(candidates, by_image):
        reporter.warn(line)
    split = Split(
        *(
            tuple(s.id for key in keys for s in sources if image_of[s.id] == key)
            for keys in vars(by_image).values()
        )
    )
    _check_classes(candidates, by_image, classes, reporter, held_out)
    names = channels_of(sources, config)
    channels: tuple[ChannelScale, ...] = ()
    if names:
        learned = [s for s in sources if s.id in split.train]
        sources, channels = with_channels(sources, learned, names, config, reporter)
    by_key = {s.id: s for s in sources}
    return TrainingData(
        classes=classes,
        train=[by_key[k] for k in split.train],
        val=[by_key[k] for k in split.val],
        split={part: [by_key[k].name for k in keys] for part, keys in vars(split).items()},
        slides=[_describe(s) for s in sources],
        channels=channels,
    )


def _take_split(projects: Sequence[Project], config: TrainConfig, reporter: Reporter) -> None:
    """The split that the settings name, in place of what the images' metadata say."""
    wanted = config.validation
    if wanted.splits is None and wanted.fold is None:
        return
    table = None if wanted.splits is None else Path(wanted.splits)
    for line in split_remarks(pooled(projects), table, wanted.fold, unused=False):
        reporter.warn(line)


def _report_unused(
    projects: Sequence[Project],
    config: TrainConfig,
    teaching: Sequence[InventoryImage],
    reporter: Reporter,
) -> None:
    """Images that could teach and are in no part of the split."""
    left = {i.image[1] for i in teaching if i.whole.metadata.get(SPLIT_KEY) == NOT_IN_SPLIT}
    where = config.validation.splits or pooled(projects).name
    for line in unused_remark(where, sorted(left)):
        reporter.warn(line)


def _patients(images: Sequence[InventoryImage]) -> dict[str, str]:
    """Key of an image → whose slide it is, where metadata or names tell (else there is none)."""
    grouping = Grouping()
    return {i.key: patient for i in images if (patient := grouping.value_of(i.entry))}


def _candidates(
    sources: Sequence[AnnotatedSlide], images: Sequence[InventoryImage]
) -> list[Candidate]:
    """One for each image: all of its planes go where it goes."""
    marks = {i.key: m for i in images if (m := i.entry.metadata.get(SPLIT_KEY))}
    groups = _patients(images)
    whole = {i.key: i.image for i in images}
    found: dict[str, Candidate] = {}
    for source in sources:
        (key, name), areas = whole[source.id], areas_um2(source)
        if (there := found.get(key)) is not None:
            kinds = {**there.areas, **areas}
            areas = {n: there.areas.get(n, 0.0) + areas.get(n, 0.0) for n in kinds}
        patient = groups.get(source.id, "")
        found[key] = Candidate(key, name, areas, marks.get(source.id), patient)
    return list(found.values())


def _listed(config: TrainConfig) -> dict[Part, Sequence[str]]:
    wanted = config.validation
    return {"train": wanted.train, "val": wanted.val, "test": wanted.test}


def _load(
    projects: Sequence[Project],
    images: Sequence[InventoryImage],
    classes: ClassTable,
    config: TrainConfig,
    reporter: Reporter,
) -> list[AnnotatedSlide]:
    """Usable slides with ids unique over the projects."""
    wanted = [i for i in images if i.may_teach or not classes.names]
    bare = [i for i in images if classes.names and not i.may_teach]
    for name, count in Counter(i.project for i in bare).items():
        reporter.info(f"{name}: nothing is annotated on {count} of its images")
    reports = [_report_of_bare(image, classes) for image in bare]
    sources: list[AnnotatedSlide] = []
    problems: list[Problem] = []
    for image in wanted:
        try:
            if image.error is not None:
                raise image.error
            source = load_source(image.entry, image.annotated if classes.names else (), classes)
            refuse_lacking(source, config)
        except HookpathError as error:
            reporter.warn(_left_out(image.name, str(error)))
            problems.append(Problem(image.name, str(error), error.code, image.entry.id))
            reporter.result("problem", vars(problems[-1]))
            continue
        px_mm2 = source.read_facts().calibration.area_um2(1.0) * 1e-6
        reports.append(ReportOfImage(image.name, source.labels.report, px_mm2))
        sources.append(replace(source, id=image.key, name=image.name))
    report_left_out(reporter, reports)
    if not sources:
        raise TrainingError(
            f"{', '.join(p.name for p in projects)}: no slide can be used; the first, "
            f"{problems[0].line}",
            code=shared_code(problems),
        )
    return sources


def _report_of_bare(image: InventoryImage, classes: ClassTable) -> ReportOfImage:
    """Of an image without a usable area; it is opened only where there is an area to tell of."""
    report = LabelSource(image.annotated, classes).report
    px_mm2 = None
    if any(lost.area_l0 for lost in report.left_out):
        with suppress(HookpathError):
            calibration = image.entry.description.known_calibration()
            px_mm2 = calibration.area_um2(1.0) * 1e-6
    return ReportOfImage(image.name, report, px_mm2)


def _left_out(name: str, message: str) -> str:
    """Most messages begin with the image's name already."""
    return f"{name} is left out: {message.removeprefix(name + ': ')}"


def areas_um2(source: AnnotatedSlide) -> dict[str, float]:
    """Labelled area by class name in µm²; overlaps count once, for the class that wins."""
    calibration = source.read_facts().calibration
    return {n: calibration.area_um2(a) for n, a in source.labels.report.area_l0.items()}


def _check_classes(
    candidates: Sequence[Candidate],
    split: Split,
    classes: ClassTable,
    reporter: Reporter,
    held_out: bool,
) -> None:
    annotated = {c.key: c.areas for c in candidates}
    missing = _absent(classes.names, [annotated[k] for k in split.train])
    if missing:
        others = ", ".join(repr(n) for n in classes.names if n not in missing)
        raise TrainingError(
            f"class {missing[0]!r} is annotated on no training slide; draw it on one, change the "
            f"split, or leave it out with --set 'classes=[{others}]'",
            code="nothing_annotated",
        )
    if not split.val and not held_out:
        return
    if not split.val:
        reporter.warn("no validation slide: nothing measures the model, and the last one is kept")
        return
    for name in _absent(classes.names, [annotated[k] for k in split.val]):
        reporter.warn(f"class {name!r} is annotated on no validation slide: its F1 is not measured")


def _absent(names: Sequence[str], areas: Sequence[Mapping[str, float]]) -> list[str]:
    return [n for n in names if not any(a.get(n, 0) > 0 for a in areas)]


def _describe(source: AnnotatedSlide) -> dict[str, Any]:
    """Identity of a slide and its drawing: the file may lie elsewhere, but not change."""
    digest = hashlib.sha256()
    for polygon in source.polygons:
        points = np.round(_coordinates(polygon.geometry), 3)
        digest.update(f"{polygon.label}:{len(points)}:".encode() + points.tobytes())
    identity = source.read_identity()
    return {
        "id": source.id,
        "name": source.name,
        "file": source.slide.path.name,
        "slide": identity.key,
        "content": identity.content,
        "bytes": identity.bytes,
        "reader": identity.reader,
        "spacing_um": source.read_facts().calibration.mpp,
        "annotations": digest.hexdigest(),
    }


def _coordinates(geometry: Any) -> Any:
    import shapely

    return shapely.get_coordinates(geometry)
