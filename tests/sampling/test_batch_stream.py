"""The stream of training patches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch

from hookpath.errors import TrainingError
from hookpath.geometry import Region
from hookpath.sampling import AnnotatedSlide
from hookpath.slides import SlideRef
from support.annotated import BRANCHES, annotated_slide, two_slides
from support.streams import Listener, same, stream_of, take


@pytest.fixture
def slides(tmp_path: Path) -> list[AnnotatedSlide]:
    return two_slides(tmp_path)


def test_batches_have_the_promised_shapes(slides: list[AnnotatedSlide]) -> None:
    with stream_of(slides) as stream:
        batch = next(stream)
    assert [tuple(i.shape) for i in batch.images] == [(4, 3, 48, 48)] * 2
    assert [tuple(x.shape) for x in batch.labels] == [(4, 16, 16)] * 2
    assert {t.dtype for t in batch.images + batch.labels} == {torch.uint8}
    assert len(batch) == 4
    assert batch.branches == BRANCHES


def test_steps_ends_the_stream(slides: list[AnnotatedSlide]) -> None:
    with stream_of(slides, steps=3) as stream:
        assert len(list(stream)) == 3
        assert stream.delivered == 3


def test_same_seed_same_stream_and_another_seed_another(slides: list[AnnotatedSlide]) -> None:
    with stream_of(slides) as a, stream_of(slides) as b, stream_of(slides, seed=4) as c:
        first = take(a, 5)
        assert all(same(x, y) for x, y in zip(first, take(b, 5), strict=True))
        assert not any(same(x, y) for x, y in zip(first, take(c, 5), strict=True))


def test_pixels_and_labels_belong_to_one_centre(tmp_path: Path) -> None:
    """On a position-coded slide the colour at a patch's centre tells where the centre is."""
    slide = annotated_slide(tmp_path / "s.tif", [("Tumor", shapely.box(30, 30, 100, 90))], 128)
    with stream_of([slide], steps=6, batch_size=8) as stream:
        for batch in stream:
            for i in range(len(batch)):
                target, context = (image[i].double() for image in batch.images)
                # Mean of the four centre pixels: red = 2·x_pixel, i.e. 2·(x_centre - 0.5).
                x, y = target[:2, 23:25, 23:25].mean((1, 2)) / 2 + 0.5
                x_context, y_context = context[:2, 23:25, 23:25].mean((1, 2)) / 2 + 0.5
                assert abs(x - x_context) <= 0.5
                assert abs(y - y_context) <= 0.5
                for branch, label in zip(BRANCHES, batch.labels, strict=True):
                    down = branch.spacing_um
                    region = Region.centred(float(x), float(y), 16, 16, (down, down))
                    assert np.array_equal(label[i].numpy(), slide.labels.rasterize(region))


def test_pixel_counts_are_those_of_delivered_batches(slides: list[AnnotatedSlide]) -> None:
    with stream_of(slides) as stream:
        seen = sum(
            np.bincount(b.labels[0].numpy().ravel(), minlength=3)[1:] for b in take(stream, 4)
        )
        assert stream.pixel_counts.tolist() == seen.tolist()


def test_resumed_stream_goes_on_with_the_same_batches(slides: list[AnnotatedSlide]) -> None:
    with stream_of(slides) as whole, stream_of(slides) as first, stream_of(slides) as second:
        expected = take(whole, 6)
        take(first, 3)
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert all(same(x, y) for x, y in zip(expected[3:], take(second, 3), strict=True))
        assert second.pixel_counts.tolist() == whole.pixel_counts.tolist()
        assert second.delivered == 6


def test_a_slide_that_cannot_be_opened_is_left_out(
    slides: list[AnnotatedSlide], tmp_path: Path
) -> None:
    broken = AnnotatedSlide("x", "x.tif", SlideRef(tmp_path / "x.tif"), slides[0].labels)
    (tmp_path / "x.tif").write_bytes(b"not a slide")
    recorder = Listener()
    with stream_of([slides[0], broken], reporter=recorder) as stream:
        assert all((b.slide_index == 0).all() for b in take(stream, 5))
    assert len(recorder.warnings) == 1
    assert "x.tif" in recorder.warnings[0]
    with pytest.raises(TrainingError, match="none can be opened"):
        stream_of([broken])


def test_nothing_drawn_is_refused_at_once(tmp_path: Path) -> None:
    off = annotated_slide(tmp_path / "s.tif", [("Tumor", shapely.box(900, 900, 950, 950))], 128)
    with pytest.raises(TrainingError, match="no annotated area"):
        stream_of([off])
