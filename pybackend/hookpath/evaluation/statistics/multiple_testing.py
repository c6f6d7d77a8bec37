"""Several tests at once: p values corrected for their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from hookpath.errors import UsageError

Values = npt.NDArray[np.float64]
PValues = Sequence[float | None]


def corrected(p_values: PValues, correction: str) -> list[float | None]:
    """Corrected p values in the order given; None (not tested) stays None and is not counted.

    Args:
        correction: one of `CORRECTIONS`.

    Raises:
        UsageError: there is no such correction.
    """
    if correction not in CORRECTIONS:
        raise UsageError(f"correction {correction!r} is none of {', '.join(CORRECTIONS)}")
    tested = [i for i, p in enumerate(p_values) if p is not None]
    found: list[float | None] = [None] * len(p_values)
    known = np.array([p_values[i] for i in tested], dtype=np.float64)
    for index, value in zip(tested, CORRECTIONS[correction](known), strict=True):
        found[index] = float(value)
    return found


def _holm(p: Values) -> Values:
    """Holm (1979): step-down, against even one false finding."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (p.size - np.arange(p.size)))
    return _put_back(stepped, order)


def _benjamini_hochberg(p: Values) -> Values:
    """Benjamini and Hochberg (1995): the expected share of false ones among the findings."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * p.size / (np.arange(p.size) + 1)
    return _put_back(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _bonferroni(p: Values) -> Values:
    return np.minimum(p * p.size, 1.0)


def _none(p: Values) -> Values:
    return p


def _put_back(values: Values, order: npt.NDArray[np.intp]) -> Values:
    found = np.empty_like(values)
    found[order] = np.minimum(values, 1.0)
    return found


#: By the names of the command line.
CORRECTIONS: Mapping[str, Callable[[Values], Values]] = MappingProxyType(
    {
        "holm": _holm,
        "benjamini-hochberg": _benjamini_hochberg,
        "bonferroni": _bonferroni,
        "none": _none,
    }
)
