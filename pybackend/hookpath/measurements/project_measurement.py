"""Measure the images of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hookpath.annotations import PathObject
from hookpath.errors import EvaluationError, HookpathError
from hookpath.evaluation.class_metrics import finite
from hookpath.events import SILENT, Reporter
from hookpath.measurements.class_areas import Measured, Outlines, is_measured, measure
from hookpath.measurements.parent_regions import ANY, parents_of, runs_of, whole_image
from hookpath.projects import ImageEntry, Problem, Project
from hookpath.projects.object_ownership import EDITED_KEY

#: Name of the progress task.
TASK = "measure"


@dataclass(frozen=True)
class ImageMeasured:
    """One image: the whole of it first, then its regions.

    Attributes:
        classes: that are measured on it.
    """

    id: str
    name: str
    classes: tuple[str, ...]
    measured: tuple[Measured, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "classes": list(self.classes),
            "regions": [_region(m) for m in self.measured],
        }


def _region(m: Measured) -> dict[str, Any]:
    return {
        "id": m.parent.id,
        "kind": m.parent.kind,
        "name": m.parent.name,
        "class": m.parent.class_name,
        "region_mm2": m.parent_mm2,
        "covered_mm2": m.covered_mm2,
        "covered_percent": finite(m.covered_percent),
        "areas_mm2": dict(m.areas_mm2),
        "percent": {name: finite(m.percent(name)) for name in m.areas_mm2},
    }


def measure_project(
    project: Project,
    *,
    inside: str | None = None,
    run: str | None = None,
    images: Sequence[ImageEntry] = (),
    reporter: Reporter = SILENT,
) -> tuple[list[ImageMeasured], list[Problem]]:
    """Areas by class on whole images and inside their regions (`parents_of`). Writes nothing.

    Images without results are left out; one that fails becomes a `Problem`, the others go on.

    Args:
        inside: see `parents_of`.
        run: only results of this run.
        images: only these; empty: all.
        reporter: gets the task ``measure`` and a result ``measured`` for every image.

    Raises:
        EvaluationError: there are no results on any image.
    """
    done: list[ImageMeasured] = []
    problems: list[Problem] = []
    chosen = list(images) or list(project.images)
    reporter.start(TASK, len(chosen), "image")
    for entry in chosen:
        try:
            found = _measured(entry, inside, run)
        except HookpathError as error:
            problems.append(Problem(entry.name, str(error), error.code, entry.id))
            reporter.warn(f"not measured: {problems[-1].line}")
            reporter.result("problem", vars(problems[-1]))
        else:
            if found is not None:
                done.append(found)
                reporter.result("measured", found.as_dict())
        reporter.advance(TASK)
    reporter.finish(TASK)
    if inside is not None and done and not any(len(one.measured) > 1 for one in done):
        what = "annotation" if inside == ANY else f"annotation of class {inside!r}"
        reporter.warn(f"no {what}, and no core, on any image with results: only whole images")
    if not done and not problems:
        raise EvaluationError(
            f"{project.name}: no results to be measured; predict first", code="nothing_predicted"
        )
    return done, problems


def _measured(entry: ImageEntry, inside: str | None, run: str | None) -> ImageMeasured | None:
    """None: there are no results.

    Raises:
        EvaluationError: of several runs, and nobody said of which.
        HookpathError: the image or its objects cannot be read.
    """
    objects = entry.objects()
    results = [o for o in objects if is_measured(o) and run in (None, o.run, _run_before(o))]
    if not results:
        return None
    runs = runs_of(results)
    if run is None and len(runs) > 1:
        raise EvaluationError(
            f"{entry.name}: results of {len(runs)} runs are on it ({', '.join(runs)}); choose one "
            "with --run"
        )
    outlines = Outlines(results)
    description = entry.description
    px_mm2 = description.known_calibration().area_um2(1.0) * 1e-6
    parents = [whole_image(description.size_l0), *parents_of(objects, outlines.classes, inside)]
    found = tuple(measure(outlines, parents, px_mm2))
    return ImageMeasured(entry.id, entry.name, outlines.classes, found)


def _run_before(o: PathObject) -> str | None:
    """The run whose result a person changed."""
    return str(o.metadata[EDITED_KEY]) if EDITED_KEY in o.metadata else None
