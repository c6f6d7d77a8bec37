"""The paired test over slides: exact, corrected, and silent where slides are too few."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from hookpath.evaluation.statistics.paired_test import FEWEST, paired_tests, signed_rank_p


@pytest.mark.parametrize("seed", range(5))
def test_without_ties_p_is_scipys_exact_one(seed: int) -> None:
    differences = np.random.default_rng(seed).normal(0.4, 1, 6 + 3 * seed)
    theirs = stats.wilcoxon(differences, method="exact").pvalue
    assert signed_rank_p(differences) == pytest.approx(theirs, abs=1e-12)


def test_with_ties_all_signs_are_counted_out() -> None:
    differences = np.array([0.1, 0.1, 0.1, -0.1, 0.2, 0.2, 0.3, -0.3])
    ranks = stats.rankdata(np.abs(differences))
    seen = ranks[differences > 0].sum()
    sums = [np.dot(ranks, signs) for signs in itertools.product((0, 1), repeat=8)]
    tail = min(np.mean([s <= seen for s in sums]), np.mean([s >= seen for s in sums]))
    assert signed_rank_p(differences) == pytest.approx(min(1, 2 * tail), abs=1e-12)


def test_slides_without_a_difference_do_not_enter() -> None:
    differences = [0.0, 0.3, 0.0, 0.2, 0.1, 0.5, 0.4, 0.6]
    assert signed_rank_p(differences) == 2 / 2**6
    assert signed_rank_p([0.0, 0.0]) == 1.0


def test_counting_out_and_the_normal_approximation_for_many_slides_agree() -> None:
    differences = np.random.default_rng(0).normal(0.1, 1, 501)
    counted_out = signed_rank_p(differences[:500])
    approximated = stats.wilcoxon(differences[:500], method="approx").pvalue
    assert counted_out == pytest.approx(approximated, rel=0.01)
    theirs = stats.wilcoxon(differences, method="approx").pvalue
    assert signed_rank_p(differences) == theirs


def test_too_few_slides_are_not_tested_but_said_to_be() -> None:
    assert 2 / 2**FEWEST < 0.05 < 2 / 2 ** (FEWEST - 1)
    table = np.array([[0.5, 0.6], [0.5, 0.7], [0.5, 0.5], [0.4, np.nan]])
    (found,) = paired_tests(["a", "b"], {"macro": table})
    assert (found.n, found.better, found.worse, found.equal) == (3, 2, 0, 1)
    assert found.mean == pytest.approx(0.1)
    assert found.median == pytest.approx(0.1)
    assert found.p is None
    assert found.verdict.startswith("Too few slides to test: 2 differ, at least 6 must")
    assert "0.5)" in found.verdict  # 2 / 2²
    assert found.as_dict()["p"] is None


def test_a_clear_difference_names_the_higher_run() -> None:
    first = np.linspace(0.5, 0.9, 8)
    (found,) = paired_tests(["old", "new"], {"macro": np.stack([first, first + 0.05], axis=1)})
    assert found.p == found.p_corrected == 2 / 2**8
    assert found.verdict == "new is higher."
    (back,) = paired_tests(["new", "old"], {"macro": np.stack([first + 0.05, first], axis=1)})
    assert back.verdict == "new is higher."


def test_rounding_is_no_difference() -> None:
    (found,) = paired_tests(["a", "b"], {"macro": np.array([[0.3, 0.1 + 0.2]] * 9)})
    assert found.equal == 9
    assert math.isclose(found.mean, 0)


def test_no_difference_is_not_called_equality() -> None:
    table = np.array([[0.5, 0.5 + d] for d in (0.1, -0.1, 0.2, -0.2, 0.05, -0.05)])
    (found,) = paired_tests(["a", "b"], {"macro": table})
    assert "does not show that there is none" in found.verdict


def test_all_pairs_and_metrics_are_corrected_for_together() -> None:
    rng = np.random.default_rng(0)
    tables = {name: rng.normal(0.7, 0.1, (9, 3)) for name in ("macro", "Tumor")}
    found = paired_tests(["a", "b", "c"], tables, "bonferroni")
    assert [(t.figure, t.first, t.second) for t in found[2:4]] == [
        ("macro", "b", "c"),
        ("Tumor", "a", "b"),
    ]
    for test in found:
        assert test.p is not None
        assert test.p_corrected == pytest.approx(min(1, 6 * test.p))


def test_with_a_baseline_only_pairs_with_it_are_tested() -> None:
    table = np.random.default_rng(0).normal(0.7, 0.1, (9, 4))
    found = paired_tests(["a", "b", "c", "d"], {"macro": table}, baseline="c")
    assert [(t.first, t.second) for t in found] == [("c", "a"), ("c", "b"), ("c", "d")]
    assert found[0].mean == pytest.approx((table[:, 0] - table[:, 2]).mean())


def test_interval_of_a_difference_resamples_slides_with_both_runs() -> None:
    rng = np.random.default_rng(0)
    slides = rng.uniform(0.2, 0.9, 10)
    gain = rng.normal(0.05, 0.01, 10)
    (found,) = paired_tests(["a", "b"], {"macro": np.stack([slides, slides + gain], axis=1)})
    # Slides differ by much more than the runs do: only a paired interval is this narrow.
    assert 0.03 < found.interval.low < found.mean < found.interval.high < 0.07
