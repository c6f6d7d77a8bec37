"""What QuPath's training window offers: families, and settings that can be built.

The window must open at once, also where no Python is set up yet, and must not know the arithmetic
of any network. So the networks are asked here, and the answer goes into the extension as a file:

    python -m hookpath.qupath.training_options > qupath_ext/core/src/main/resources/…/families.json
    python -m hookpath.qupath.training_options settings > …/settings.json
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from hookpath.errors import ModelDesignError
from hookpath.models import FAMILIES, build_model
from hookpath.models.encoders import PAPER, facts_of
from hookpath.models.meta_network import on_meta_device
from hookpath.stages.stage_folds import LEAST
from hookpath.training import PRESETS, TrainConfig
from hookpath.training.presets import preset_values

#: Ratios of µm/px, context over target, that are tried, and sizes relative to the preset's.
_RATIOS = (2.0, 4.0, 8.0, 16.0)
_SIZES = (0.375, 0.5, 0.75, 1.0, 1.5, 2.0)

_CLASSES = 2

Design = dict[str, Any]


def offers() -> dict[str, dict[str, Any]]:
    """By family what the window must know (``docs/in-qupath.md``, Train…).

    ``spacings``, ``size``: the settings that take µm/px (None: the whole slide is read) and the
    side of what is read, in px. ``background``: ``no``, ``maybe`` or ``yes``. ``label_share``: of
    a patch that one class must cover (None: each pixel has its class). ``least_slides``: to train
    on. ``presets``: see `_preset`.
    """
    return {family: _family(family) for family in offered()}


def offered() -> list[str]:
    """Families in the window's order, as their classes say (`Network.window_place`)."""
    places = {name: network.window_place for name, network in FAMILIES.items()}
    found = [(place, name) for name, place in places.items() if place is not None]
    return [name for _, name in sorted(found)]


def _family(family: str) -> dict[str, Any]:
    staged = bool(FAMILIES[family].first_stage)
    part = "model.patch" if staged else "model"
    taken = inspect.signature(_reader(family)).parameters
    share = taken.get("label_share")
    return {
        "spacings": f"{part}.spacings" if "spacings" in taken else None,
        "size": f"{part}.{_size_name(family)}",
        "background": _background(family),
        "label_share": share.default if share else None,
        "least_slides": LEAST if staged else 1,
        "timed": not FAMILIES[family].fitted and not staged,
        "presets": {preset: _preset(family, preset) for preset in PRESETS},
    }


def _preset(family: str, preset: str) -> dict[str, Any]:
    """``target_um``, ``contexts`` as ratios to it, ``sizes``, and which of them is the preset's.

    Every size can be built with every context, at any target. ``epochs`` and ``minutes`` (None: it
    takes what it takes) say how long it trains.
    """
    design = _design(family, preset)
    size = design[_size_name(family)]
    config = TrainConfig.load(overrides=[f"preset={preset}", f"family={family}"])
    length = {"epochs": config.epochs, "minutes": config.minutes}
    if "spacings" not in design:
        return {**length, "size": size, "sizes": _sizes(family, [design])}
    target, *coarser = design["spacings"]
    own = [um / target for um in coarser]
    tried = _unique([*([r] for r in _RATIOS), own]) if coarser else [[]]
    contexts = [c for c in tried if _can_be(family, _with(design, target, c))]
    widest_first = sorted(contexts, key=lambda c: c[-1:], reverse=True)  # refuses most sizes
    designs = [_with(design, target, c) for c in widest_first]
    return {
        **length,
        "target_um": target,
        "context": own,
        "contexts": contexts,
        "size": size,
        "sizes": _sizes(family, designs),
    }


def _reader(family: str) -> type:
    """The network that reads what a person chooses µm/px and size of."""
    return FAMILIES[FAMILIES[family].first_stage or family]


def _size_name(family: str) -> str:
    return "input_size" if "input_size" in inspect.signature(_reader(family)).parameters else "size"


def _background(family: str) -> str:
    if "background" not in inspect.signature(FAMILIES[family]).parameters:
        return "no"
    with on_meta_device():
        return "maybe" if build_model(family, n_classes=_CLASSES).background is None else "yes"


def _design(family: str, preset: str) -> Design:
    """Arguments of the reading network: the preset's, else its own."""
    reader = _reader(family)
    given = preset_values({"preset": preset, "family": family}).get("model", {})
    given = given.get("patch", {}) if FAMILIES[family].first_stage else given
    defaults = {
        name: p.default
        for name, p in inspect.signature(reader).parameters.items()
        if p.default is not inspect.Parameter.empty
    }
    return {**defaults, **given}


def _with(design: Design, target: float, context: Sequence[float]) -> Design:
    return {**design, "spacings": [target, *(target * ratio for ratio in context)]}


def _sizes(family: str, designs: Sequence[Design]) -> list[int]:
    """Sizes about the preset's that all these designs can have."""
    name = _size_name(family)
    size = designs[0][name]

    def fits(side: int) -> bool:
        return all(_can_be(family, {**d, name: side}) for d in designs)

    found = (next(filter(fits, _about(round(size * f))), None) for f in _SIZES)
    return sorted({side for side in found if side is not None})


def _about(size: int) -> Iterator[int]:
    """Multiples of 4 from the nearest on outwards, as far as half and double."""
    nearest = round(size / 4) * 4
    for step in range(0, size, 4):
        if step <= size / 2:
            yield nearest - step
        yield nearest + step


def _can_be(family: str, design: Design) -> bool:
    if design.get("encoder", PAPER) != PAPER:
        facts_of(design["encoder"], design["depth"])  # measured with real numbers, then known
    return _builds(_reader(family), json.dumps(design))


@functools.cache
def _builds(network: type, design: str) -> bool:
    try:
        with on_meta_device():
            network(**{**json.loads(design), "n_classes": _CLASSES})
    except ModelDesignError:
        return False
    return True


def _unique(lists: Iterable[list[float]]) -> list[list[float]]:
    return [list(one) for one in dict.fromkeys(map(tuple, lists))]


def settings() -> dict[str, str]:
    """Every setting of a training by its dotted name, and what it takes.

    ``whole`` or ``number``, ``flag`` (true or false), ``any``. Arguments of networks (``model.…``)
    are not among them.
    """
    found = dict(_settings_of(TrainConfig, ""))
    return {name: found[name] for name in sorted(found)}


def _settings_of(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        kinds = [k for k in (field.annotation, *get_args(field.annotation)) if isinstance(k, type)]
        inner = next((k for k in kinds if issubclass(k, BaseModel)), None)
        yield prefix + name, next((_KINDS[k] for k in (bool, int, float) if k in kinds), "any")
        if inner is not None:
            yield from _settings_of(inner, f"{prefix}{name}.")


_KINDS = {bool: "flag", int: "whole", float: "number"}


def as_json() -> str:
    """The file of the extension."""
    return json.dumps(offers(), indent=2) + "\n"


def settings_json() -> str:
    """The other file of the extension."""
    return json.dumps(settings(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(settings_json() if sys.argv[1:] == ["settings"] else as_json())
