"""A model knows its slides by their content."""

from __future__ import annotations

import pytest

from hookpath.models import part_of_training

CARD = {"split": {"train": ["a"], "val": ["b"]}, "contents": {"train": ["c1"], "val": ["c2"]}}


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [("x", "c1", "train"), ("a", "c2", "val"), ("a", "other", "unseen"), ("b", "", "val")],
)
def test_content_decides_and_names_where_it_is_unknown(name: str, content: str, part: str) -> None:
    assert part_of_training(CARD, name, content) == part


def test_older_models_know_names_and_others_nothing() -> None:
    assert part_of_training({"split": CARD["split"]}, "a", "c9") == "train"
    assert part_of_training({}, "a", "c1") is None
    assert part_of_training({"contents": 3, "split": {"train": "ab"}}, "a", "c1") == "unseen"
