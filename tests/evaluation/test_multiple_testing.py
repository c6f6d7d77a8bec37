"""Corrections for many tests, against statsmodels and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from hookpath.errors import UsageError
from hookpath.evaluation.statistics.multiple_testing import corrected


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("holm", "holm"), ("benjamini-hochberg", "fdr_bh"), ("bonferroni", "bonferroni")],
)
def test_corrections_are_those_of_statsmodels(seed: int, ours: str, theirs: str) -> None:
    rng = np.random.default_rng(seed)
    p = rng.beta(0.4, 2, 3 + 4 * seed).round(2)  # some are equal
    expected = multipletests(p, method=theirs)[1]
    assert corrected(p.tolist(), ours) == pytest.approx(expected.tolist(), abs=1e-9)


def test_holm_by_hand() -> None:
    assert corrected([0.01, None, 0.04, 0.03], "holm") == pytest.approx([0.03, None, 0.06, 0.06])
    assert corrected([0.9, 0.8], "holm") == [1.0, 1.0]
    assert corrected([None], "holm") == [None]
    assert corrected([], "holm") == []


def test_without_correction_p_stays() -> None:
    assert corrected([0.04, None, 0.9], "none") == [0.04, None, 0.9]
    with pytest.raises(UsageError, match="none of holm, benjamini-hochberg, bonferroni, none"):
        corrected([0.1], "sidak")
