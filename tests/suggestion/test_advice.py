"""From metrics to words, on metrics that are made up."""

from __future__ import annotations

import numpy as np
import pytest

from hookpath.suggestion.advice import ClassAnnotations, best_of, context_gain, doubts, draw_next
from hookpath.suggestion.left_out_slide_scores import Judged, _balanced_f1
from hookpath.suggestion.resolution_candidates import Views, candidates


def judged(spacings: tuple[float, ...], f1: float, **by_class: float) -> Judged:
    return Judged(Views(spacings), f1, by_class, {0: f1 - 0.1, 1: f1 + 0.1})


def test_every_resolution_alone_the_finest_with_each_and_all_are_tried() -> None:
    assert [v.spacings for v in candidates((1.0, 2.0, 4.0))] == [
        (1.0,), (2.0,), (4.0,), (1.0, 2.0), (1.0, 4.0), (1.0, 2.0, 4.0)
    ]  # fmt: skip
    assert Views((0.5, 4.0)).text == "0.5 + 4 µm/px"
    assert (Views((0.5, 4.0)).ratio, Views((1.0,)).ratio) == (8.0, None)


@pytest.mark.parametrize(
    ("folds", "clearly"),
    [
        ((0.85, 0.87, 0.86), True),  # +0.06 on average, ± 0.006
        ((0.81, 0.82, 0.80), False),  # +0.01: not worth it
        ((0.95, 0.70, 0.87), False),  # +0.04, ± 0.07
        ((0.99,), False),  # one slide says nothing
    ],
)
def test_other_views_than_the_usual_must_be_clearly_better(
    folds: tuple[float, ...], clearly: bool
) -> None:
    usual = Judged(Views((1.0, 4.0)), 0.8, {}, {0: 0.80, 1: 0.80, 2: 0.80})
    other = Judged(Views((2.0,)), 0.86, {}, dict(enumerate(folds)))
    assert best_of([usual, other], usual) is (other if clearly else usual)


def test_what_a_wider_view_adds_is_said_by_class() -> None:
    fine, both = judged((1.0,), 0.7, A=0.6, B=0.8), judged((1.0, 4.0), 0.8, A=0.9, B=0.7)
    assert context_gain(fine, both) == pytest.approx({"A": 0.3, "B": -0.1})


def test_classes_weigh_the_same_however_much_is_drawn_of_them() -> None:
    # 100 of A, all right; 10 of B, half of them called A.
    truth = np.array([0] * 100 + [1] * 10)
    found = np.array([0] * 100 + [1] * 5 + [0] * 5)
    # As shares: A 1 right, 0.5 of B come to it; B 0.5 right.
    expected = [2 * 1 / (1 + 1.5), 2 * 0.5 / (1 + 0.5)]
    assert _balanced_f1(truth, found, 2) == pytest.approx(expected)


def test_the_standard_error_is_over_the_folds() -> None:
    assert judged((1.0,), 0.5).error == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("cells", "slides", "said"),
    [
        ({"a": 900}, ["a"], "one slide only"),
        ({"a": 900, "b": 900}, ["a", "b"], "2 slides only"),
        ({"a": 900, "b": 0, "c": 0}, ["a", "b", "c"], "'A' is annotated on a only"),
        ({"a": 50, "b": 9, "c": 1}, ["a", "b", "c"], "'A': very little is annotated"),
    ],
)
def test_metrics_that_rest_on_little_are_doubted(
    cells: dict[str, int], slides: list[str], said: str
) -> None:
    assert any(said in doubt for doubt in doubts({"A": ClassAnnotations(cells, 10.0)}, slides))


def test_enough_of_everything_leaves_no_doubt() -> None:
    cells = {"a": 200, "b": 200, "c": 200}
    assert doubts({"A": ClassAnnotations(cells, 10.0)}, list(cells)) == []


def test_the_worst_found_class_is_drawn_next_on_the_worst_slide() -> None:
    chosen = judged((1.0,), 0.7, A=0.6, B=0.8)
    annotated = {name: ClassAnnotations({"a": 9, "b": 9}, 1.0) for name in "AB"}
    assert draw_next(chosen, {0: "a", 1: "b"}, annotated) == "'A' (F1 0.60, the lowest), first on a"
