"""How far two people agree who drew on the same slides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hookpath.annotations import ClassTable, LabelRules, PathClass, PathObject, class_names_in
from hookpath.errors import EvaluationError, HookpathError
from hookpath.evaluation.predictions.class_map_source import PredictedMap
from hookpath.evaluation.predictions.other_programs_predictions import OUTLINE_UM, OutlineMap
from hookpath.evaluation.project_evaluation import PICTURES, reporting_into
from hookpath.evaluation.report.evaluation_page import write_report
from hookpath.evaluation.report.evaluation_report import EvaluationReport
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.evaluation.shape_scoring.object_matching import LEAST_UM2
from hookpath.evaluation.slide_evaluation import (
    AnnotatedImage,
    Scoring,
    annotated_images,
    evaluate_maps,
    make_report,
)
from hookpath.events import SILENT, Reporter
from hookpath.geometry import Region
from hookpath.projects import ImageEntry, Problem, Project, as_labels, own_entry, teaching_objects
from hookpath.slides.slide_identity import content_of


def agreement(
    first: Project,
    second: Project,
    out_dir: Path,
    rules: LabelRules | None = None,
    group_by: Sequence[str] = (),
    spacing_um: float | None = None,
    reporter: Reporter = SILENT,
) -> EvaluationReport:
    """Score what the second person drew against the first, on pixels that both labelled.

    κ and Dice are the same whoever comes first. A report as of `evaluate_project`, in which what
    is called predicted is the second person's.

    Args:
        first, second: projects with the same slides, known by name or content.
        rules: how annotations become labels; None: as they are.
        group_by: image metadata by whose values slides are grouped, of `first`.
        spacing_um: µm/px of the pixels that are compared; None: 1 µm/px.

    Raises:
        EvaluationError: no slide on which both labelled the same pixel, or `out_dir` cannot be
            written.
    """
    rules = rules or LabelRules()
    images, problems = annotated_images(first, rules=rules, reporter=reporter)
    other = _Annotated.of(second, images, rules)
    for line in rules.unused_names({*other.written, *(n for i in images for n in i.written)}):
        reporter.warn(line)
    both = [image for image in images if image.entry.id in other.objects]
    if not both:
        raise EvaluationError(
            f"{first.name} and {second.name}: no slide on which both drew areas (slides are known "
            "by name or content)",
            code="nothing_annotated",
        )
    if len(both) < len(images):
        reporter.info(f"{len(images) - len(both)} annotated images of {first.name} have no "
                      f"annotated image in {second.name}")  # fmt: skip
    classes = _classes(first, second, both, other)
    spacing = spacing_um or OUTLINE_UM

    def map_of(entry: ImageEntry) -> PredictedMap:
        return _outlines(entry, other.objects[entry.id], classes, spacing)

    with reporting_into(out_dir):
        scoring = Scoring(spacing_um, tuple(group_by), out_dir / PICTURES, mutual=True)
        results, _, failed = evaluate_maps(both, map_of, scoring, reporter)
        agreed, without = _labelled_by_both(results)
        if not agreed:
            raise EvaluationError(
                f"{first.name} and {second.name}: no pixel that both labelled; draw in the same "
                "areas",
                code="nothing_annotated",
            )
        report = make_report(
            f"{first.name} and {second.name}: agreement",
            agreed,
            classes,
            [*problems, *failed, *without],
            settings={
                "annotators": [first.name, second.name],
                "project": str(first.source),
                "second project": str(second.source),
                "grouped_by": list(group_by),
                "scored_at_um": spacing_um,
                "objects_from_um2": LEAST_UM2,
            },
        )
        write_report(report, out_dir)
    return report


@dataclass(frozen=True)
class _Annotated:
    """What the second person drew, by id of the first one's image.

    Attributes:
        written: names of the classes before any rule changed them.
    """

    objects: dict[str, list[PathObject]]
    written: frozenset[str]

    @classmethod
    def of(
        cls, project: Project, images: Sequence[AnnotatedImage], rules: LabelRules
    ) -> _Annotated:
        named = {own_entry(e).name: e for e in project.images}
        contents: dict[str, ImageEntry] = {}
        found: dict[str, list[PathObject]] = {}
        written: set[str] = set()
        for image in images:
            entry = named.get(own_entry(image.entry).name)
            if entry is None:
                contents = contents or {_content(e): e for e in project.images}
                entry = contents.get(_content(image.entry) or "-")
            if entry is None:
                continue
            objects = teaching_objects(entry)
            written.update(c.name for c in class_names_in(objects))
            annotated = as_labels(entry, objects, rules)
            if class_names_in(annotated):
                found[image.entry.id] = annotated
        return cls(found, frozenset(written))


def _content(entry: ImageEntry) -> str:
    try:
        return content_of(entry.slide.path)[0]
    except HookpathError:
        return ""


def _classes(
    first: Project, second: Project, images: Sequence[AnnotatedImage], other: _Annotated
) -> ClassTable:
    """All that either drew: the first project's order and colours, then the second's."""
    found: dict[str, PathClass] = {}
    annotated = [c for image in images for c in class_names_in(image.objects)]
    annotated += [c for objects in other.objects.values() for c in class_names_in(objects)]
    names = {c.name for c in annotated}
    for path_class in (*first.classes, *second.classes, *annotated):
        known = found.get(path_class.name)
        if path_class.name in names and (known is None or known.color is None):
            found[path_class.name] = path_class
    return ClassTable.of(found.values())


def _outlines(
    entry: ImageEntry, objects: Sequence[PathObject], classes: ClassTable, spacing_um: float
) -> PredictedMap:
    description = entry.description
    scale = spacing_um / description.known_calibration().mpp
    width, height = (max(1, int(-(-n // scale))) for n in description.size_l0)
    grid = Region(0, 0, width, height, scale, scale)
    return OutlineMap(objects, grid, classes, spacing_um)


def _labelled_by_both(results: Sequence[SlideResult]) -> tuple[list[SlideResult], list[Problem]]:
    """Without pixels that only the first labelled; slides that then have none are named."""
    kept, without = [], []
    for result in results:
        counts = result.counts.copy()
        counts[:, -1] = 0
        if counts.any():
            kept.append(replace(result, counts=counts))
        else:
            without.append(Problem(result.name, "no pixel that both labelled", image_id=result.id))
    return kept, without
