"""Which class a patch has, on label maps that can be counted by hand."""

from __future__ import annotations

import pytest
import torch

from hookpath.errors import ModelDesignError
from hookpath.models.patch_label_rule import LabelRule


def patch(**pixels: int) -> torch.Tensor:
    """A 10 × 10 label map with so many pixels of ``l1``, ``l2``, …; the rest is undrawn."""
    flat = torch.zeros(100, dtype=torch.int64)
    at = 0
    for name, count in pixels.items():
        flat[at : at + count] = int(name[1:])
        at += count
    return flat.reshape(1, 10, 10)


def label(rule: LabelRule, **pixels: int) -> int:
    found = rule(patch(**pixels))
    assert found.shape == (1, 1, 1)
    return int(found)


@pytest.mark.parametrize(
    ("tumour", "other", "expected"),
    [(26, 74, 2), (25, 75, 0), (1, 99, 0), (0, 100, 1), (0, 26, 1), (0, 25, 0), (100, 0, 2)],
)
def test_the_papers_rule_with_its_borders(tumour: int, other: int, expected: int) -> None:
    """Tumour above 25 %, non-tumour at none, dropped in between."""
    assert label(LabelRule(2, background=1), l2=tumour, l1=other) == expected


def test_of_several_classes_the_largest_counts_and_a_tie_is_dropped() -> None:
    rule = LabelRule(3)
    assert label(rule, l1=30, l2=45, l3=25) == 2
    assert label(rule, l1=40, l2=40) == 0


def test_background_gives_way_to_any_pixel_of_any_other_class() -> None:
    rule = LabelRule(3, background=1)
    assert label(rule, l1=60, l2=26, l3=14) == 2
    assert label(rule, l1=99, l3=1) == 0


def test_undrawn_area_is_of_no_class() -> None:
    assert label(LabelRule(2), l1=20) == 0
    assert label(LabelRule(2, share=0.0), l1=1) == 1
    assert label(LabelRule(2, share=0.0)) == 0


def test_each_patch_of_a_batch_has_its_own_class() -> None:
    batch = torch.cat([patch(l1=90), patch(l2=90), patch()])
    assert LabelRule(2)(batch)[:, 0, 0].tolist() == [1, 2, 0]


@pytest.mark.parametrize("wrong", [{"share": 1.0}, {"background": 3}, {"background": 0}])
def test_a_rule_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ModelDesignError):
        LabelRule(2, **wrong)  # type: ignore[arg-type]
