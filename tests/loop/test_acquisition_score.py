"""Which slide next, on surveys made by hand; and where on it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from hookpath.loop.acquisition.acquisition_score import rank, uncertainty_of
from hookpath.loop.acquisition.regions_to_check import best_windows
from hookpath.loop.acquisition.uncertainty import VIEWS, Survey, _turned, _turned_back
from hookpath.sampling.reference_patches import spread


def survey(entropy: float, place: float, patches: int = 6) -> Survey:
    """All patches alike, at one place of a feature space."""
    return Survey(
        np.zeros((patches, 2)),
        np.full(patches, entropy, np.float32),
        np.full(patches, entropy / 2, np.float32),
        np.tile(np.array([place, 0.0], np.float32), (patches, 1)),
    )


SLIDES = {"sure": survey(0.1, 0), "unsure": survey(0.9, 0.1), "strange": survey(0.2, 10)}


def order(**options: object) -> list[str]:
    return [w.id for w in rank(SLIDES, [survey(0, 0)], **options)]  # type: ignore[arg-type]


def test_by_uncertainty() -> None:
    assert order(strategy="uncertainty") == ["unsure", "strange", "sure"]
    assert order(strategy="uncertainty", measure="disagreement")[0] == "unsure"


def test_by_diversity() -> None:
    assert order(strategy="diversity")[0] == "strange"


def test_the_next_one_is_unlike_the_one_chosen_before() -> None:
    twins = {**SLIDES, "stranger": survey(0.2, 10.1), "other": survey(0.2, -5)}
    found = [w.id for w in rank(twins, [survey(0, 0)], "diversity")]
    assert found[0] == "stranger"
    assert found[1] == "other"


def test_random_is_fair_and_repeatable() -> None:
    orders = {tuple(order(strategy="random", seed=s)) for s in range(40)}
    assert len(orders) == 6
    assert order(strategy="random", seed=3) == order(strategy="random", seed=3)


def test_without_known_slides_and_with_slides_all_alike() -> None:
    alike = {"a": survey(0.5, 1), "b": survey(0.5, 1)}
    found = rank(alike, [], "both")
    assert {w.id for w in found} == {"a", "b"}
    assert all(0 <= w.worth <= 1 for w in found)


def test_a_small_unknown_area_counts() -> None:
    one = survey(0.0, 0, patches=9)
    one.entropy[:3] = 0.9
    assert uncertainty_of(one) == pytest.approx(0.9)


def test_turned_and_turned_back() -> None:
    import torch

    image = torch.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    seen = set()
    for view in range(VIEWS):
        turned = _turned(image, view)
        seen.add(tuple(turned.flatten().tolist()))
        assert torch.equal(_turned_back(turned, view), image)
    assert len(seen) == VIEWS


def test_points_lie_on_tissue_and_are_not_too_many() -> None:
    mask = np.zeros((100, 100), bool)
    mask[10:90, 20:60] = True
    found = list(spread(mask, 30, seed=0))
    assert 10 <= len(found) <= 30
    assert all(mask[y, x] for x, y in found)
    assert list(spread(np.zeros((5, 5), bool), 30, 0)) == []
    assert len(list(spread(np.eye(3, dtype=bool), 30, 0))) == 3


def test_best_windows_come_in_order_and_apart() -> None:
    values = np.zeros((60, 80), np.float32)
    values[10:20, 10:20] = 0.5
    values[40:50, 60:70] = 0.8
    found = list(best_windows(values, 10, 5))
    assert [(w.x, w.y, round(w.value, 3)) for w in found[:2]] == [(60, 40, 0.8), (10, 10, 0.5)]
    assert len(found) == 2
    boxes = [shapely.box(w.x, w.y, w.x + w.side, w.y + w.side) for w in found]
    assert boxes[0].intersection(boxes[1]).area == 0
    assert list(best_windows(np.zeros((5, 5), np.float32), 3, 2)) == []
