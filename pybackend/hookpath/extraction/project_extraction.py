"""Patches of every image of projects, by several processes; what fails is listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hookpath.annotations import PathClass, class_names_in
from hookpath.conversion.mask_value_table import write_class_values
from hookpath.errors import HookpathError, OutputError, UsageError, write_code
from hookpath.events import SILENT, Reporter
from hookpath.extraction.dataset_layouts import LABELS_NAME
from hookpath.extraction.extraction_config import ExtractConfig
from hookpath.extraction.extraction_record import SlideRecord, load_record, write_whole_table
from hookpath.extraction.extraction_worker import release
from hookpath.extraction.slide_scheduling import TASK, Pair, Run, folder_of
from hookpath.locking import Claims, working_in
from hookpath.projects import (
    ImageEntry,
    PlaneChoice,
    Problem,
    Project,
    Rest,
    annotated_planes,
    as_labels,
    chosen_planes,
)
from hookpath.projects.image_planes import ALL
from hookpath.safe_names import readable

#: Values of a mask besides 0 (unknown) and, in some layouts, one for what is to be ignored.
MOST_VALUES = 253


@dataclass(frozen=True)
class ExtractReport:
    """What a run did. Records of the slides, those found finished included, and what failed.

    `table`: ``patches.csv`` of all of them; None: there is no slide.
    """

    out_dir: Path
    extracted: tuple[SlideRecord, ...]
    resumed: tuple[SlideRecord, ...]
    problems: tuple[Problem, ...]
    table: Path | None


def extract_projects(
    projects: Sequence[Project],
    out: Path,
    config: ExtractConfig | None = None,
    reporter: Reporter = SILENT,
) -> ExtractReport:
    """Cut patches out of the images of projects, into one folder for each image.

    A slide's folder appears when it is complete, with ``patches.csv`` and ``record.json`` in it. A
    run that was stopped, or killed, goes on at the first unfinished slide; slides are extracted
    again where file, annotations or settings have changed. ``patches.csv`` in `out` lists the
    patches of all slides. Several processes may do so at once and share the slides.

    Raises:
        UsageError: an image that is asked for is not there, or masks of nothing are.
        OutputError: `out` cannot be written to, or its disk is full.
        BusyError: another process extracts others into it.
    """
    config = config or ExtractConfig()
    pairs = list(chosen_pairs(projects, config))
    does = f"extracting patches into {out}"
    with (
        _writing(out),
        working_in(out, does, shared=True),
        Claims(out, config.digest[:8], does) as claims,
    ):
        run = Run(out, config, claims, reporter)
        if config.masks:
            classes = mask_classes(projects, pairs, config)
            if not classes:
                raise UsageError("masks of what? nothing of a class is annotated on these images")
            run.values = {found.name: value for value, found in classes.items()}
            write_class_values(out / LABELS_NAME, classes)
        wanted = _part_of(pairs, config.shard)
        reporter.start(TASK, len(wanted), "slide")
        try:
            run.work(wanted)
        finally:
            run.close()
            release()
        reporter.finish(TASK)
        _report_missing(run)
        return _report(run, [folder_of(out, pair) for pair in _every(projects)])


def mask_classes(
    projects: Sequence[Project], pairs: Sequence[Pair], config: ExtractConfig
) -> dict[int, PathClass]:
    """Value in masks → its class.

    Projects' classes first, then as drawn; the same in every run over the same images.

    Raises:
        UsageError: more classes than a mask has values.
    """
    annotated: dict[str, PathClass] = {}
    for _, entry in pairs:
        try:
            objects = as_labels(entry, entry.objects(), config.rules)
        except HookpathError:  # reported when its turn comes
            continue
        rest = Rest(class_name=config.rest).class_of(entry, objects)
        for found in [*class_names_in(objects), *([] if rest is None else [PathClass(rest)])]:
            annotated.setdefault(found.name, found)
    listed = {c.name: c for project in projects for c in project.classes if c.name in annotated}
    classes = [
        listed.get(name, annotated[name])
        for name in dict.fromkeys([*listed, *annotated])
        if not config.classes or name in config.classes
    ]
    if len(classes) > MOST_VALUES:
        raise UsageError(f"{len(classes)} classes are more than masks have values ({MOST_VALUES})")
    return dict(enumerate(classes, start=1))


def _part_of(pairs: list[Pair], shard: tuple[int, int] | None) -> list[Pair]:
    return pairs if shard is None else pairs[shard[0] - 1 :: shard[1]]


def _report(run: Run, order: Sequence[Path]) -> ExtractReport:
    """Results in the projects' order, with the table of all patches.

    Also of images that were not asked for this time, if they were extracted alike.
    """
    listed = [folder for folder in order if folder in run.done or _is_alike(folder, run)]
    table = write_whole_table(run.out, listed) if listed else None
    records = [run.done[folder] for folder in listed if folder in run.done]
    return ExtractReport(
        run.out,
        tuple(record for record, is_new in records if is_new),
        tuple(record for record, is_new in records if not is_new),
        tuple(run.problems),
        table,
    )


def _report_missing(run: Run) -> None:
    """Of classes that nobody drew, wanted or to count as another: a slip, most likely."""
    for line in run.config.rules.unused_names(run.written):
        run.reporter.warn(line)
    for name in run.config.classes:
        if name not in run.classes:
            annotated = ", ".join(sorted(run.classes)) or "none"
            run.reporter.warn(f"class {name!r} is on none of these images; there are: {annotated}")


def _is_alike(folder: Path, run: Run) -> bool:
    record = load_record(folder)
    return record is not None and record.settings == run.config.digest


def _all(projects: Sequence[Project]) -> list[Pair]:
    return [(project, entry) for project in projects for entry in project.images]


def chosen_pairs(projects: Sequence[Project], config: ExtractConfig) -> Iterator[Pair]:
    """The images that are asked for with their projects; of stacks, their planes.

    Raises:
        UsageError: one is not there.
    """
    asked, known = [readable(name) for name in config.images], set[str]()
    wanted = set(asked)
    found: list[Pair] = []
    for project, entry in _all(projects):
        own = {entry.name, entry.id}
        known |= own
        if not wanted or any(name.startswith(tuple(own)) for name in wanted):
            for view in _views(entry, config):
                said = own | {view.name, view.id}
                known |= said
                found += [(project, view)] if not wanted or said & wanted else []
    if missing := [name for name in asked if name not in known]:
        raise UsageError(f"no image named {', '.join(missing)}")
    return iter(found)


def _views(entry: ImageEntry, config: ExtractConfig) -> Sequence[ImageEntry]:
    """The image, or planes of it (see `ExtractConfig.planes`)."""
    if config.where == "labels" and config.planes == PlaneChoice():
        try:
            return annotated_planes(entry, entry.objects())
        except HookpathError:  # reported when its turn comes
            return [entry]
    return chosen_planes(entry, config.planes)


def _every(projects: Sequence[Project]) -> Iterator[Pair]:
    """Every image, and every plane of stacks."""
    for project, entry in _all(projects):
        yield project, entry
        for view in chosen_planes(entry, PlaneChoice(ALL, ALL)):
            if view is not entry:
                yield project, view


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Whatever the system refuses, in one line; a full disk ends the run."""
    try:
        yield
    except OSError as error:
        full = write_code(error) == "disk_full"
        raise OutputError(
            f"{out}: the disk is full, so the run stops; finished slides are kept. Free some space "
            "and run the same command again"
            if full
            else f"{out}: cannot be written to ({error.strerror or error}); choose another folder",
            code=write_code(error),
        ) from error
