"""Which objects are ours, which are a person's, and how a new run takes the place of an old one.

An object is ours while it carries `RUN_TAG` *and* looks as we wrote it. Once a person moved,
reshaped, reclassified, named or locked it, it is that person's: it loses the tag when read, and
no later run removes it.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from hookpath.annotations import class_names_in
from hookpath.annotations.class_names import plain_class_name
from hookpath.annotations.objects import RUN_TAG, PathObject
from hookpath.errors import WriteRefusedError
from hookpath.untrusted_files import parse_json

#: Object metadata: class, area, bounds and number of vertices as we wrote them.
APPEARANCE_KEY = "hookpath.looks"

EDITED_KEY = "hookpath.edited"
"""Object metadata, while read: the run whose result a person edited. The object is the person's,
but most of its outline may still be the machine's."""

CONFIRMED_KEY = "hookpath.confirmed"
"""Object metadata: a result that a person confirmed, and in which round of the annotation loop."""

#: Object metadata, while read: a result beside a drawing that it was not imported into. Nobody can
#: have confirmed it there.
UNSEEN_KEY = "hookpath.unseen"

#: Object metadata, on the way into a write: it keeps the run that it has.
STAYS_KEY = "hookpath.stays"

_OWN_KEYS = (RUN_TAG, APPEARANCE_KEY, UNSEEN_KEY, STAYS_KEY)

#: Tag of tissue outlines: nobody confirmed them, so they do not teach, but they are annotations
#: to begin with, and no results.
TISSUE_RUN = "hookpath-tissue"

# QuPath keeps polygon vertices as 32-bit floats: 1/64 px at 200 000 px.
_POSITION_TOLERANCE_PX = 0.05


def tagged(objects: Iterable[PathObject], run: str) -> list[PathObject]:
    """The objects with the run's tag and a record of how they look.

    What a person confirmed (`CONFIRMED_KEY`) is that person's from now on and gets no tag; what
    is `staying` is still of its own run.
    """
    return [_untagged(o) if CONFIRMED_KEY in o.metadata else _tagged(o, run) for o in objects]


def staying(o: PathObject) -> PathObject:
    """An object of ours, to be written again as it is: of its own run."""
    return dataclasses.replace(o, metadata={**o.metadata, STAYS_KEY: "yes"})


def _tagged(o: PathObject, run: str) -> PathObject:
    if STAYS_KEY in o.metadata:
        return dataclasses.replace(
            o, metadata={k: v for k, v in o.metadata.items() if k not in (UNSEEN_KEY, STAYS_KEY)}
        )
    appearance = json.dumps(_appearance(o))
    kept = _untagged(o).metadata
    return dataclasses.replace(o, metadata={**kept, RUN_TAG: run, APPEARANCE_KEY: appearance})


def claimed_by_people(objects: Iterable[PathObject]) -> list[PathObject]:
    """The objects, those of ours that a person changed without our tag (but `EDITED_KEY`)."""
    return [_claimed(o) if o.run is not None and was_edited(o) else o for o in objects]


def is_ours(o: PathObject, run: str | None = None) -> bool:
    """Whether a write may remove it (`run`: only that run's objects)."""
    return o.run is not None and run in (None, o.run) and not was_edited(o)


def is_lasting(run: str) -> bool:
    """Whether what a run made stays when other runs come: outlines of tissue, by threshold."""
    return run.startswith(TISSUE_RUN)


def is_replaceable(o: PathObject, run: str | None = None) -> bool:
    """Whether results of `run` (None: new ones of any kind) take its place."""
    return is_ours(o, run) and (run is not None or not is_lasting(str(o.run)))


def was_edited(o: PathObject) -> bool:
    """Whether a person changed an object that carries our tag."""
    return is_edited(o.metadata.get(APPEARANCE_KEY), _appearance(o))


def is_edited(written: str | None, appearance: Mapping[str, object]) -> bool:
    """Whether an object of ours, `written` by its `APPEARANCE_KEY`, looks different now."""
    if written is None:  # written by the QuPath extension, which keeps no record
        return bool(appearance["locked"])
    then = _parsed(written)
    # A record that is none (somebody wrote into it) proves nothing: then it is that person's.
    return then is None or not _alike(then, appearance)


def refuse_stolen_ids(kept: Iterable[str], new: Sequence[PathObject], image: str) -> None:
    """Raise if a new object has the id of one that stays (it would take its place in QuPath)."""
    clash = set(kept) & {o.id for o in new}
    if clash:
        raise WriteRefusedError(
            f"{image}: object {min(clash)} exists already and is not a result of hookpath; "
            "give predicted objects ids of their own"
        )


def _claimed(o: PathObject) -> PathObject:
    plain = _untagged(o)
    return dataclasses.replace(plain, metadata={**plain.metadata, EDITED_KEY: str(o.run)})


def _untagged(o: PathObject) -> PathObject:
    kept = {k: v for k, v in o.metadata.items() if k not in _OWN_KEYS}
    return dataclasses.replace(o, metadata=kept)


def _appearance(o: PathObject) -> dict[str, object]:
    geometry = o.geometry
    return {
        "class": o.path_class.name if o.path_class else None,
        "name": o.name,
        "locked": o.locked,
        "area": round(geometry.area, 3),
        "length": round(geometry.length, 3),
        "bounds": [round(v, 3) for v in geometry.bounds],
    }


class _Appearance(BaseModel):
    """What `_appearance` writes."""

    model_config = ConfigDict(extra="ignore", strict=True)
    path_class: str | None = Field(default=None, alias="class")
    name: str | None = None
    locked: bool = False
    area: float
    length: float
    bounds: list[float] = Field(max_length=4)


def _parsed(written: str) -> Mapping[str, object] | None:
    """What `_appearance` wrote; None: it did not write this."""
    try:
        return _Appearance.model_validate(parse_json(written)).model_dump(by_alias=True)
    except ValueError:
        return None


def _alike(a: Mapping[str, object], b: Mapping[str, object]) -> bool:
    if _class(a) != _class(b) or any(a.get(k) != b.get(k) for k in ("name", "locked")):
        return False
    length = float(str(a["length"]))
    slack = _POSITION_TOLERANCE_PX
    bounds = zip(_numbers(a["bounds"]), _numbers(b["bounds"]), strict=False)
    return (
        math.isclose(length, float(str(b["length"])), rel_tol=1e-3, abs_tol=slack)
        and abs(float(str(a["area"])) - float(str(b["area"]))) <= slack * (length + 1)
        and all(abs(x - y) <= slack for x, y in bounds)
    )


def _class(appearance: Mapping[str, object]) -> str:
    """As it is read again, whatever a foreign model calls it (``Tumor:Positive``)."""
    return plain_class_name(str(appearance.get("class") or ""))


def _numbers(value: object) -> list[float]:
    return [float(v) for v in value] if isinstance(value, list) else []


def count_edited(objects: Iterable[PathObject]) -> int:
    """Areas of a class that a run of ours made and a person then changed."""
    return sum(bool(class_names_in([o])) for o in objects if EDITED_KEY in o.metadata)
