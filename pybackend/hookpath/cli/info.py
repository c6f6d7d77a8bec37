"""``hookpath info``"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hookpath.cli.console import Debug, Json, running
from hookpath.cli.inputs import Mpp, Source, opened
from hookpath.errors import ProjectError, shared_code

if TYPE_CHECKING:
    from hookpath.projects import ImageSummary


def command(source: Source, mpp: Mpp = None, json: Json = False, debug: Debug = False) -> None:
    """Slides, µm/px, annotated area by class, splits and problems. Writes nothing."""
    with running("info", json, debug) as console:
        from hookpath.projects import Problem, summarise

        with opened([source], mpp) as (project,):
            images = summarise(project)
        console.result("project", {"source": source, "images": [vars(i) for i in images]})
        classes = list(dict.fromkeys(name for i in images for name in i.annotated_mm2))
        columns = ["image", "size px", "µm/px", "split", *(f"{name} mm²" for name in classes)]
        console.table(str(source), columns, [_row(i, classes) for i in images])
        for image in images:
            for line in image.notes:
                console.say(f"{image.name}: {line}")
        broken = [i for i in images if i.problem]
        for image in broken:
            console.say(Problem(image.name, image.problem).line)
        if broken:
            raise ProjectError(
                f"{len(broken)} of {len(images)} images cannot be used; {broken[0].problem}",
                code=shared_code(broken),
            )


def _row(image: ImageSummary, classes: Sequence[str]) -> list[str]:
    size = f"{image.width} × {image.height}" if image.width else "–"
    spacing = f"{image.spacing_um:.4g}" if image.spacing_um else "–"
    areas = (_area(image.annotated_mm2.get(n)) for n in classes)
    return [image.name, size, spacing, image.split or "", *areas]


def _area(mm2: float | None) -> str:
    if mm2 is None:
        return ""
    return "?" if math.isnan(mm2) else f"{mm2:.4f}"
