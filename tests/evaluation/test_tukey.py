"""Tukey's range test against statsmodels, also with unequal numbers of slides."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multicomp import pairwise_tukeyhsd

from hookpath.evaluation.statistics.tukey import range_tests


@pytest.mark.parametrize("sizes", [(8, 8, 8), (5, 9, 14, 3)])
def test_every_pair_is_that_of_statsmodels(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(sum(sizes))
    samples = [rng.normal(0.6 + 0.05 * i, 0.08, n) for i, n in enumerate(sizes)]
    names = [f"run {i}" for i in range(len(sizes))]
    labels = np.repeat(names, sizes)
    theirs = pairwise_tukeyhsd(np.concatenate(samples), labels, alpha=0.05)
    ours = range_tests(names, samples)
    assert [t.difference for t in ours] == pytest.approx(theirs.meandiffs.tolist(), abs=1e-9)
    assert [t.p for t in ours] == pytest.approx(theirs.pvalues.tolist(), abs=1e-9)
    bounds = [[t.low, t.high] for t in ours]
    assert bounds == [pytest.approx(row, abs=1e-9) for row in theirs.confint.tolist()]
    assert [(t.first, t.second) for t in ours][:2] == [("run 0", "run 1"), ("run 0", "run 2")]


def test_slides_without_the_figure_do_not_enter() -> None:
    one, two = [0.5, 0.6, 0.7], [0.8, 0.9, 0.85]
    (whole,) = range_tests(["a", "b"], [one, two])
    (holed,) = range_tests(["a", "b"], [[*one, np.nan], [np.nan, *two]])
    assert holed == whole
    assert (whole.n_first, whole.n_second) == (3, 3)


def test_what_cannot_be_tested_is_not() -> None:
    assert range_tests(["a", "b"], [[0.5, 0.6], [0.7]]) == []
    assert range_tests(["a", "b"], [[0.5, 0.5], [0.7, 0.7]]) == []
    (only,) = range_tests(["a", "b", "c"], [[0.5, 0.6], [0.7], [0.8, 0.9]])
    assert (only.first, only.second) == ("a", "c")
