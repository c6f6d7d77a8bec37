"""Metrics for all classes together, of slides and pooled, with their intervals."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from sklearn import metrics

from hookpath.annotations import ClassTable, PathClass
from hookpath.evaluation import SlideResult, confusion_matrix
from hookpath.evaluation.class_metrics import WHOLE_METRICS, scores
from hookpath.evaluation.scoring.roc import count_probabilities
from hookpath.evaluation.scoring.slide_metrics import (
    CLASS_METRICS,
    Measured,
    pooled_intervals_of,
    title_of,
)
from hookpath.evaluation.shape_scoring.shape_metrics import ShapeMetrics
from hookpath.evaluation.slide_evaluation import make_report
from hookpath.evaluation.statistics.bootstrap import resampled_slides

NAMES = ("a", "b", "c")
TABLE = ClassTable.of([PathClass("a", (1, 2, 3)), PathClass("b", (4, 5, 6))])


def measured(seed: int, size: int = 400) -> Measured:
    """A slide of three classes, of which some pixels were not predicted."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 4, (1, size))
    guess = np.where(rng.random((1, size)) < 0.7, truth, rng.integers(0, 4, (1, size)))
    probabilities = rng.integers(0, 120, (1, size, 3)) + 100 * (guess[..., None] == np.arange(1, 4))
    bins = count_probabilities(truth, probabilities.astype(np.uint8))
    drawn = rng.integers(2, 9, 3)
    found = rng.integers(1, drawn)
    objects = np.stack([drawn, found, rng.integers(1, 5, 3), rng.integers(0, 3, 3)], axis=1)
    edges = rng.integers(10, 90, (3, 6)).astype(float)
    shapes = ShapeMetrics(objects, edges)
    return Measured(confusion_matrix(truth, guess, 3), bins, shapes=shapes)


def labels_of(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Truth and prediction (3: not predicted) of every pixel that was counted."""
    pairs = np.argwhere(counts >= 0)
    truth, guess = np.repeat(pairs, counts.ravel(), axis=0).T
    return truth, guess


@pytest.mark.parametrize("seed", range(3))
def test_metrics_for_all_classes_are_those_of_scikit_learn(seed: int) -> None:
    found = measured(seed)
    truth, guess = labels_of(found.counts)
    assert found.value("accuracy") == pytest.approx(np.mean(truth == guess), abs=1e-9)
    kappa = metrics.cohen_kappa_score(truth, guess)
    assert found.value("kappa") == pytest.approx(kappa, abs=1e-9)
    on = guess < 3
    quadratic = metrics.cohen_kappa_score(truth[on], guess[on], weights="quadratic")
    assert found.value("quadratic_kappa") == pytest.approx(quadratic, abs=1e-9)
    recall = metrics.recall_score(truth, guess, labels=[0, 1, 2], average="macro")
    assert found.value("balanced_accuracy") == pytest.approx(recall, abs=1e-9)


def test_pooled_is_counted_together() -> None:
    parts = [measured(seed) for seed in range(4)]
    pooled = Measured.pooled(parts)
    assert pooled.counts.tolist() == sum(p.counts for p in parts).tolist()
    assert pooled.bins is not None
    assert pooled.bins.sum() == 3 * 4 * 400
    halved = Measured.pooled([parts[0], Measured(parts[1].counts)])
    assert halved.auc.tolist() == parts[0].auc.tolist()
    assert Measured.pooled([Measured(parts[0].counts)]).bins is None


def test_without_probabilities_there_is_no_area() -> None:
    bare = Measured(measured(0).counts)
    assert np.isnan(bare.per_class("auc")).all()
    assert math.isnan(bare.value("auc"))
    assert "auc" not in bare.as_dict(NAMES)["macro"]


def test_no_class_has_a_figure_that_is_for_all() -> None:
    for metric in WHOLE_METRICS:
        assert np.isnan(measured(0).per_class(metric)).all()
    assert title_of("kappa") == "κ"
    assert title_of("dice") == "macro Dice"


def test_intervals_are_those_of_slides_drawn_one_by_one() -> None:
    parts = [measured(seed, 60) for seed in range(5)]
    names = [m for m in (*CLASS_METRICS, *WHOLE_METRICS) if m != "hd95_um"]  # of one slide only
    found = pooled_intervals_of(parts, (*names, "hd95_um"))
    assert "hd95_um" not in found
    drawn = [Measured.pooled([parts[i] for i in row]) for row in resampled_slides(5)]
    for metric in names:
        whole, per_class = found[metric]
        expected = np.percentile([m.value(metric) for m in drawn], [2.5, 97.5])
        assert (whole.low, whole.high) == pytest.approx(tuple(expected), abs=1e-9)
        assert len(per_class) == (0 if metric in WHOLE_METRICS else 3)
        for index, interval in enumerate(per_class):
            values = [m.per_class(metric)[index] for m in drawn]
            expected = np.percentile(values, [2.5, 97.5])
            assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=1e-9)


def test_a_slide_keeps_its_probabilities_and_groups_in_json() -> None:
    part = measured(0)
    slide = SlideResult("s", "1", 4.0, part.counts, groups={"grade": "2"}, bins=part.bins,
                        map_spacing_um=256.0, shapes=part.shapes)  # fmt: skip
    raw = json.loads(json.dumps(slide.as_dict(NAMES), allow_nan=False))
    back = SlideResult.from_dict(raw)
    assert back.bins is not None
    assert (back.bins == part.bins).all()
    assert back.measured.value("object_f1") == part.value("object_f1") > 0
    assert back.measured.value("hd95_um") == part.value("hd95_um") > 0
    assert (back.groups, back.map_spacing_um, back.spacing_um) == ({"grade": "2"}, 256.0, 4.0)
    assert raw["macro"]["auc"] == pytest.approx(part.value("auc"))
    assert len(raw["probabilities"]["a"]["class"].split()) < 256  # empty bins are left out


def test_reports_of_before_are_still_read() -> None:
    new = SlideResult("s", "1", 0.5, measured(0).counts).as_dict(NAMES)
    old = {k: v for k, v in new.items() if k not in ("groups", "probabilities", "map_spacing_um")}
    back = SlideResult.from_dict(old)
    assert (back.groups, back.bins, back.map_spacing_um) == ({}, None, None)
    assert back.scores.f1.tolist() == scores(back.counts).f1.tolist()


def test_classes_in_another_order_take_their_probabilities_along() -> None:
    found = measured(0)
    turned = found.in_order([2, 0, 1])
    assert turned.auc.tolist() == found.auc[[2, 0, 1]].tolist()
    assert turned.scores.f1.tolist() == found.scores.f1[[2, 0, 1]].tolist()
    assert turned.counts[:, -1].tolist() == found.counts[[2, 0, 1], -1].tolist()


def test_classes_of_no_interest_enter_no_mean_nor_its_intervals() -> None:
    counted = (True, False, True)
    parts = [Measured(m.counts, m.bins, counted, m.shapes) for m in map(measured, range(6))]
    for part in (parts[0], Measured.pooled(parts), parts[0].in_order([2, 0, 1])):
        which = [i for i, counts in enumerate(part.counted or ()) if counts]
        for metric in CLASS_METRICS:
            expected = part.per_class(metric)[which].mean()
            assert part.value(metric) == pytest.approx(expected, nan_ok=metric == "hd95_um")
    assert parts[0].in_order([2, 0, 1]).counted == (True, True, False)
    whole, of_classes = pooled_intervals_of(parts, ["f1"])["f1"]
    sides = [of_classes[i] for i in (0, 2)]
    assert min(i.low for i in sides) <= whole.low <= whole.high <= max(i.high for i in sides)


def test_a_slide_read_from_a_report_leaves_them_out_as_well() -> None:
    part = measured(0)
    counted = (True, True, False)
    slide = SlideResult("s", "1", 4.0, part.counts, bins=part.bins, counted=counted)
    again = SlideResult.from_dict(json.loads(json.dumps(slide.as_dict(NAMES))), counted)
    assert again.measured.value("f1") == slide.measured.value("f1")
    assert again.measured.value("f1") == pytest.approx(part.per_class("f1")[:2].mean())


def test_slides_of_one_patient_count_once() -> None:
    """Two slides of P (10 of 20 right, 20 of 20) are one patient (30 of 40); Q has one slide."""
    counts = [[[10, 10, 0], [0, 0, 0]], [[20, 0, 0], [0, 0, 0]], [[20, 0, 0], [0, 0, 0]]]
    slides = [
        SlideResult(f"s{i}", "", 1.0, np.array(c), patient=p)
        for i, (c, p) in enumerate(zip(counts, ("P", "P", "Q"), strict=True))
    ]
    report = make_report("T", slides, TABLE)
    assert {p: m.value("accuracy") for p, m in report.patients.items()} == {"P": 0.75, "Q": 1.0}
    found, _ = report.over_patients("accuracy")
    assert (found.mean, found.n) == (0.875, 2)
    assert report.as_dict()["over_patients"]["patients"] == 2
    alone = [dataclasses.replace(s, patient=None) for s in slides]
    assert make_report("T", alone, TABLE).patients == {}
