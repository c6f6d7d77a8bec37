"""The one way in which the loop writes into a project.

A write replaces all earlier results of ours on an image, so each one holds everything that shall
be there: proposals that nobody touched, what was confirmed and a person does not have yet, the
regions worth a look, and the outline of the confirmed area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import shapely

from hookpath.annotations import PathClass, PathObject, keep_area
from hookpath.annotations.objects import new_object_id
from hookpath.loop.ground_truth.ground_truth_rules import CHECK_CLASS, CONFIRMED_CLASS, Truth
from hookpath.loop.state.loop_folder import LoopFolder
from hookpath.projects import CONFIRMED_KEY, ImageEntry
from hookpath.projects.object_ownership import is_lasting

CONFIRMED_COLOR = (0, 140, 90)
CHECK_COLOR = (255, 170, 0)


#: An area of which more than this share is left has lost nothing: the rest is rounding.
_WHOLE = 1 - 1e-6


@dataclass(frozen=True)
class Display:
    """What the project shall show of the loop on one image.

    `proposals`: unconfirmed; `adopted`: confirmed, written as the person's own from now on;
    `checks`: rectangles worth a look.
    """

    proposals: Sequence[PathObject] = ()
    adopted: Sequence[PathObject] = ()
    checks: Sequence[PathObject] = ()


def publish(entry: ImageEntry, shown: Display, truth: Truth, round_number: int, run: str) -> None:
    """Write into the project.

    Raises:
        WriteRefusedError: the image's file changed since its objects were read.
    """
    confirmed = keep_area(truth.confirmed)
    outline = PathClass(CONFIRMED_CLASS, CONFIRMED_COLOR)
    area = [PathObject(confirmed, path_class=outline, name="confirmed")] if confirmed else []
    mark = {CONFIRMED_KEY: f"round {round_number}"}
    own = [replace(o, metadata={**o.metadata, **mark}) for o in shown.adopted]
    entry.write([*own, *shown.proposals, *shown.checks, *area], run)


def run_of(folder: LoopFolder) -> str:
    """Tag of what the loop writes in its present round: the round and its model."""
    from hookpath.models import read_card

    number = folder.round
    if number == 0:
        return "hookpath-loop-00"
    sha = read_card(folder.round_folder(number).model).weights_sha256
    return f"hookpath-loop-{number:02d}-{sha[:8]}"


def untouched(objects: Sequence[PathObject], *, checks: bool = False) -> list[PathObject]:
    """Our proposals that are in the project as we wrote them; `checks`: the regions to check.

    Outlines of tissue stay by themselves.
    """
    ours = [o for o in objects if o.run is not None and not is_lasting(o.run) and o.path_class]
    if checks:
        return [o for o in ours if o.path_class and o.path_class.name == CHECK_CLASS]
    kinds = (CHECK_CLASS, CONFIRMED_CLASS)
    return [o for o in ours if o.path_class and o.path_class.name not in kinds]


def missing_from(
    truth: Truth, by_hand: Sequence[PathObject], least_l0: float, *, every: bool = False
) -> list[PathObject]:
    """Confirmed area that no annotation of a person shows any more, as annotations.

    What was confirmed while it was a proposal would otherwise vanish with the next proposals.

    Args:
        by_hand: a person's area annotations.
        least_l0: what is left beside a person's outlines is a sliver where it is smaller (px²);
            what no outline shows at all comes back whatever its size.
        every: also what was drawn and touched (on another copy of the project).
    """
    found: list[PathObject] = []
    for fact in truth.facts:
        if fact.because != "confirmed" and not every:
            continue
        own = [
            o.geometry
            for o in by_hand
            if o.path_class and o.path_class.name == fact.path_class.name and o.geometry.area > 0
        ]
        left = fact.geometry
        for geometry in own:
            left = left.difference(shapely.make_valid(geometry))
        area = keep_area(left)
        if area is None:
            continue
        if area.area >= least_l0 or area.area > _WHOLE * fact.geometry.area:
            found.append(PathObject(area, path_class=fact.path_class, id=new_object_id()))
    return found
