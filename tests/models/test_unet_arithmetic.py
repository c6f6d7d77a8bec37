"""Map sizes and the constraints of HookNet sections 3.2 and 3.3, with the paper's numbers."""

import pytest

from hookpath.errors import ModelDesignError
from hookpath.models import Hook, UNetShape, map_sizes
from hookpath.models.unet_arithmetic import plan_hooks


def test_284_px_give_70_px_through_the_papers_maps() -> None:
    sizes = map_sizes(284, 4)
    assert sizes.encoder == (280, 136, 64, 28)
    assert sizes.decoder == (70, 38, 22, 14, 10)
    assert sizes.output == 70


@pytest.mark.parametrize(("size", "output"), [(220, 6), (508, 294), (1244, 1030)])
def test_every_valid_size_loses_the_same_border(size: int, output: int) -> None:
    assert map_sizes(size, 4).output == output
    assert UNetShape(4).margin() == 107


def test_margins_of_inner_maps_do_not_depend_on_the_input() -> None:
    for size in (220, 284, 508):
        decoder = map_sizes(size, 4).decoder
        assert [(size - (m << d)) / 2 for d, m in enumerate(decoder)] == [
            UNetShape(4).margin(d) for d in range(5)
        ]


@pytest.mark.parametrize("wanted", [1, 6, 7, 70, 71, 1000])
def test_tile_size_is_the_smallest_that_suffices(wanted: int) -> None:
    found = UNetShape(4).tile_size(wanted)
    assert map_sizes(found, 4).output >= wanted
    assert found < 252 or map_sizes(found - 32, 4).output < wanted


@pytest.mark.parametrize("size", [283, 285, 302, 12, 0, -4])
def test_an_odd_map_before_a_pooling_is_refused(size: int) -> None:
    with pytest.raises(ModelDesignError, match=f"{size} px"):
        map_sizes(size, 4)


def test_hook_depths_of_the_papers_pairs() -> None:
    assert plan_hooks((0.5, 2.0), 284, 4, 4) == (Hook(4, 2, 4),)
    assert plan_hooks((0.5, 8.0), 284, 4, 4) == (Hook(16, 0, 4),)


def test_three_branches_hook_in_a_chain() -> None:
    assert plan_hooks((0.5, 1.0, 8.0), 284, 4, 4) == (Hook(2, 3, 4), Hook(8, 1, 4))


@pytest.mark.parametrize(
    ("spacings", "size", "message"),
    [
        ((0.5,), 284, "at least 2 branches"),
        ((0.5, 16.0), 284, r"2\^4 · 0.5 = 8 µm/px is below the context's 16 µm/px.*depth of 5"),
        ((0.5, 1.5), 284, "is 3, but hooking needs a power of two.*nearest that works is 2 µm/px"),
        ((0.5, 0.5), 284, "power of two above 1"),
        ((8.0, 0.5), 284, "power of two above 1"),
        ((0.5, 8.0), 300, "nearest valid input sizes: 284 px and 316 px"),
        ((0.5, 8.0), 100, "nearest valid input sizes: 2.. px"),
    ],
)
def test_a_design_that_cannot_work_is_refused_with_numbers(
    spacings: tuple[float, ...], size: int, message: str
) -> None:
    with pytest.raises(ModelDesignError, match=message):
        plan_hooks(spacings, size, 4, 4)


def test_the_sizes_that_a_refusal_names_do_work() -> None:
    for size in (284, 316):
        assert plan_hooks((0.5, 8.0), size, 4, 4)
