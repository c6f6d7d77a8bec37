"""No slide is shown by a network that learned from it."""

from pathlib import Path

import pytest

from hookpath.errors import TrainingError
from hookpath.sampling import AnnotatedSlide
from hookpath.slides import SlideRef
from hookpath.stages.stage_folds import plan_stages
from support.annotated import label_source


def slides(count: int, prefix: str = "t") -> list[AnnotatedSlide]:
    names = [f"{prefix}{i}" for i in range(count)]
    return [AnnotatedSlide(n, n, SlideRef(Path(n)), label_source([])) for n in names]


@pytest.mark.parametrize(("count", "folds", "networks"), [(7, 3, 3), (2, 5, 2), (5, 5, 5)])
def test_every_training_slide_is_shown_once_by_a_network_that_does_not_know_it(
    count: int, folds: int, networks: int
) -> None:
    train, val = slides(count), slides(2, "v")
    *parts, last = plan_stages(train, val, folds, seed=1)
    assert len(parts) == networks
    assert sorted(s.id for part in parts for s in part.shows) == [s.id for s in train]
    for part in parts:
        shown = {s.id for s in part.shows}
        assert shown.isdisjoint(s.id for s in part.learns)
        assert len(part.shows) + len(part.learns) == count
    sizes = [len(part.shows) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert (list(last.learns), list(last.shows)) == (train, val)


def test_slides_are_dealt_out_by_the_seed() -> None:
    plans = [[s.id for s in plan_stages(slides(8), [], 2, seed)[0].shows] for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def test_one_slide_is_too_few() -> None:
    with pytest.raises(TrainingError, match="at least two training slides"):
        plan_stages(slides(1), [], 5, 0)
