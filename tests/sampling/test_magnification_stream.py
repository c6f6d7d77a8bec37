"""Patches at many magnifications: each says the one it was read at, and lies on tissue."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hookpath.annotations import ClassTable
from hookpath.errors import TrainingError
from hookpath.geometry import BranchSpec
from hookpath.sampling import AnnotatedSlide, LoaderConfig, ScaleStream, ScaleValidation
from hookpath.sampling.magnification_stream import reaches
from hookpath.slides import SlideRef
from support.annotated import label_source
from support.ruler import UM_PER_GREY, ramp_slide
from support.slides import write_pyramid
from support.streams import Listener, all_same, take

PATCH = (BranchSpec(1.0, 32, 32),)
SCALES = (5.0, 10.0, 20.0)
NO_CLASSES = ClassTable(())


def source_of(path: Path) -> AnnotatedSlide:
    return AnnotatedSlide(path.stem, path.name, SlideRef(path), label_source([], NO_CLASSES))


@pytest.fixture
def slide(tmp_path: Path) -> AnnotatedSlide:
    return source_of(ramp_slide(tmp_path / "ramp.tif", mpp=0.5))


def stream_of(*slides: AnnotatedSlide, **options: object) -> ScaleStream:
    options = {"batch_size": 16, "seed": 3} | options
    return ScaleStream(slides, PATCH, SCALES, LoaderConfig(**options))  # type: ignore[arg-type]


def test_a_patch_is_read_at_the_magnification_that_it_is_labelled_with(
    slide: AnnotatedSlide,
) -> None:
    for batch in take(stream_of(slide), 4):
        red = batch.images[0][:, 0].double()
        rise = (red[:, :, 16:].mean((1, 2)) - red[:, :, :16].mean((1, 2))) / 16
        magnification = batch.labels[0][:, 0, 0].double()
        assert np.allclose(rise, 10 / magnification / UM_PER_GREY, atol=1 / 16)


def test_all_magnifications_come_evenly_and_so_does_what_lies_between(
    slide: AnnotatedSlide,
) -> None:
    found = np.concatenate([b.labels[0].ravel() for b in take(stream_of(slide), 40)])
    nearest = np.abs(np.log(found)[:, None] - np.log(SCALES)).argmin(1)
    shares = np.bincount(nearest) / len(found)
    assert np.allclose(shares, 1 / 3, atol=0.06)
    low, high = 5 / 2**0.5, 20 * 2**0.5
    assert low - 1e-4 <= found.min() < 5
    assert 20 < found.max() <= high + 1e-4
    assert np.max(np.diff(np.sort(np.log(found)))) < 0.05, "no gap between the trained ones"


def test_magnifications_are_varied_half_way_to_their_neighbours() -> None:
    found = reaches((5.0, 20.0, 40.0))
    assert found[5.0] == pytest.approx((2.5, 10.0))
    assert found[20.0] == pytest.approx((10.0, 800**0.5))
    assert found[40.0] == pytest.approx((800**0.5, 40 * 2**0.5))


def test_the_stream_follows_from_seed_and_state(slide: AnnotatedSlide) -> None:
    stream = stream_of(slide)
    take(stream, 2)
    state = stream.state_dict()
    expected = take(stream, 3)
    resumed = stream_of(slide)
    resumed.load_state_dict(state)
    assert all_same(take(resumed, 3), expected)
    assert not all_same(take(stream_of(slide, seed=4), 2), take(stream_of(slide), 2))


def test_a_coarse_slide_is_not_enlarged(tmp_path: Path, slide: AnnotatedSlide) -> None:
    coarse = source_of(ramp_slide(tmp_path / "coarse.tif", mpp=1.0))
    for batch in take(stream_of(coarse, slide), 20):
        of_coarse = batch.labels[0].ravel()[batch.slide_index == 0]
        assert bool((of_coarse <= 10 * 1.15 + 1e-4).all())
        assert len(of_coarse) > 0


def test_a_magnification_that_no_slide_offers_is_reported(tmp_path: Path) -> None:
    coarse = source_of(ramp_slide(tmp_path / "coarse.tif", mpp=1.0))
    said = Listener()
    take(stream_of(coarse, reporter=said), 1)
    assert said.warnings == ["no slide to learn from is fine and large enough for 20×"]


def test_patches_lie_on_the_slide_and_on_tissue(tmp_path: Path) -> None:
    image = np.full((512, 1024, 3), 255, np.uint8)
    image[:, :400] = (150, 60, 130)
    half = source_of(write_pyramid(tmp_path / "half.tif", image, mpp=0.5))
    branches = (BranchSpec(1.0, 96, 96),)
    batches = take(ScaleStream([half], branches, SCALES, LoaderConfig(16)), 10)
    glass = torch.cat([(b.images[0].amin(1) > 200).double().mean((1, 2)) for b in batches])
    assert float(glass.max()) < 1
    everywhere = 1 - 400 / 1024
    assert float(glass.mean()) < everywhere / 2, "tissue masks reach a patch's breadth beyond it"


def test_validation_patches_stay_the_same_at_exactly_the_trained_magnifications(
    slide: AnnotatedSlide,
) -> None:
    held_out = ScaleValidation([slide], PATCH, SCALES, 9, LoaderConfig(4))
    first, again = list(held_out), list(held_out)
    assert all_same(first, again)
    assert held_out.patches == 9
    found = np.concatenate([b.labels[0].ravel() for b in first])
    assert sorted(found) == [5.0] * 3 + [10.0] * 3 + [20.0] * 3


def test_slides_that_offer_one_magnification_teach_nothing(tmp_path: Path) -> None:
    coarse = source_of(ramp_slide(tmp_path / "coarse.tif", mpp=1.8))
    with pytest.raises(TrainingError, match="fewer than two of the magnifications 5, 10, 20"):
        stream_of(coarse)


def test_glass_teaches_nothing(tmp_path: Path) -> None:
    glass = np.full((256, 256, 3), 245, np.uint8)
    empty = source_of(write_pyramid(tmp_path / "glass.tif", glass, mpp=0.5))
    said = Listener()
    with pytest.raises(TrainingError, match="none holds tissue"):
        stream_of(empty, reporter=said)
    assert "no tissue found" in said.warnings[0]
