"""What features of the annotated places will take, measured on a few of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from hookpath.models import FeatureProbe
from hookpath.probing.feature_lattice import TileKey
from hookpath.probing.labelled_samples import Making, make_tiles, missing_tiles
from hookpath.probing.probe_run import making_of
from hookpath.sampling import AnnotatedSlide
from hookpath.training.training_session import Session

#: Tiles that are computed to measure one; neighbours, since these share what lies around them.
_TILES = 12
#: Seconds after which no further tile is begun.
_ENOUGH_S = 8.0


@dataclass(frozen=True)
class TileCost:
    """Tiles that are not known yet, and what one takes.

    Attributes:
        tiles: to be computed, in all colours; those measured are kept and no longer among them.
        tile_s: seconds of one; None: there is none to be computed.
    """

    tiles: int
    tile_s: float | None


def tile_cost(session: Session) -> TileCost:
    """What `hookpath.probing.fit_probe` has to compute before it fits.

    Raises:
        SlideError: a slide cannot be read.
    """
    model = session.model
    assert isinstance(model, FeatureProbe)
    making = making_of(session, model)
    missing = [
        (source, number, names)
        for source in [*session.data.train, *session.data.val]
        for number, names in enumerate(missing_tiles(source, making))
        if names
    ]
    if not missing:
        return TileCost(0, None)
    tile_s, done = _measured(making, *max(missing, key=lambda one: len(one[2])))
    return TileCost(sum(len(names) for _, _, names in missing) - done, tile_s)


def _measured(
    making: Making, source: AnnotatedSlide, number: int, names: Mapping[TileKey, str]
) -> tuple[float, int]:
    """Seconds of a tile, and how many were computed."""
    first = dict(sorted(names.items())[:_TILES])
    started = time.perf_counter()
    done = 0
    with closing(make_tiles(source, making, number, first)) as tiles:
        for _ in tiles:
            done += 1
            if time.perf_counter() - started > _ENOUGH_S:
                break
    return (time.perf_counter() - started) / done, done
