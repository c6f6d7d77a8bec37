"""Training sees context at every phase of its pixel grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.annotations import ClassTable
from hookpath.geometry import BranchSpec
from hookpath.projects import open_project
from hookpath.sampling import AnnotatedSlide, BalancedSampler, Draw, load_sources
from hookpath.training.phases import AnyPhase
from support.textures import DARK, PALE

CLASSES = ClassTable((DARK, PALE))
#: µm/px 1 and 8 on slides of 1 µm/px: eight phases, by target pixel.
BRANCHES = (BranchSpec(1.0, 24, 8), BranchSpec(8.0, 24, 8))


@pytest.fixture(scope="module")
def sources(folder: Path) -> list[AnnotatedSlide]:
    return load_sources(open_project(folder).images, CLASSES)[0]


def samplers(sources: list[AnnotatedSlide]) -> tuple[BalancedSampler, AnyPhase]:
    facts = [s.read_facts() for s in sources]
    plain, inner = (BalancedSampler(sources, facts, CLASSES, BRANCHES, 0) for _ in range(2))
    return plain, AnyPhase(inner, sources, BRANCHES, 0)


def steps_of(sampler: AnyPhase, n: int) -> list[list[Draw]]:
    drawn = []
    for _ in range(n):
        drawn.append(sampler.draw(4))
        sampler.observe(np.array([10, 10]))
    return drawn


def test_all_phases_occur_evenly_and_no_target_pixel_is_resampled(
    sources: list[AnnotatedSlide],
) -> None:
    plain, moved = samplers(sources)
    before, after = plain.draw(900), moved.draw(900)
    for axis in ("x_l0", "y_l0"):
        shift = np.array(
            [getattr(b, axis) - getattr(a, axis) for a, b in zip(before, after, strict=True)]
        )
        assert set(shift) == set(range(-4, 4))
        assert np.bincount(shift.astype(int) % 8).min() > 60
    assert [(d.slide_index, d.label) for d in before] == [(d.slide_index, d.label) for d in after]


def test_a_state_gives_the_same_draws_again(sources: list[AnnotatedSlide]) -> None:
    first, second = samplers(sources)[1], samplers(sources)[1]
    steps_of(first, 3)
    state = first.state_dict()
    expected = steps_of(first, 3)
    second.load_state_dict(state)
    assert steps_of(second, 3) == expected
    assert len({tuple(batch) for batch in expected}) == 3
