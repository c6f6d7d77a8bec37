"""What a training would see and take, before it begins."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hookpath.errors import UsageError
from hookpath.projects import open_project
from hookpath.training import TrainConfig
from hookpath.training_preview import Look, look, look_page
from hookpath.training_preview.run_cost import Cost
from support.textures import texture_folder
from support.training import LEARNS

SETTINGS = [*LEARNS, "device=cpu", "workers=0"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Look:
    folder = texture_folder(tmp_path_factory.mktemp("s") / "slides", slides=3)
    return look([open_project(folder)], TrainConfig.load(overrides=SETTINGS), patches=6)


def test_patches_of_every_class_stand_beside_their_labels(found: Look) -> None:
    samples = found.sampled.samples
    assert len(samples) == 6
    assert {s.label for s in samples} == {1, 2}
    for sample in samples:
        assert len(sample.images) == len(found.branches)
        assert [i.shape for i in sample.images] == [
            (b.input_size, b.input_size, 3) for b in found.branches
        ]
        side = found.branches[0].output_size
        assert sample.labels.shape == (side, side)
        assert sample.varied.shape == sample.images[0].shape
        counts = np.bincount(sample.labels.ravel(), minlength=3)[1:]
        assert counts.argmax() + 1 == sample.label


def test_balance_is_that_of_the_drawing_and_of_the_patches(found: Look) -> None:
    # Two rectangles of 88 × 216 px of 1 µm on each slide, of which one validates.
    assert found.areas_mm2["train"] == pytest.approx({"Dark": 0.038016, "Pale": 0.038016})
    assert found.areas_mm2["val"] == pytest.approx({"Dark": 0.019008, "Pale": 0.019008})
    assert found.sampled.patches >= 48
    assert found.sampled.pixels.sum() > 0
    assert [len(found.split[part]) for part in ("train", "val", "test")] == [2, 1, 0]


def test_off_slide_shares_are_of_every_branch(found: Look) -> None:
    assert len(found.off_slide) == len(found.branches)
    assert all(0 <= share <= 1 for share in found.off_slide)
    assert list(found.off_slide) == sorted(found.off_slide)  # the wider, the more of it is off


def test_steps_are_measured(found: Look) -> None:
    assert found.cost.step_s is not None
    assert found.cost.step_s > 0
    assert found.cost.fits
    assert "CPU" in found.cost.device


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (Cost("CPU", 100, 0.5), "about 50 s for 100 steps, validation aside"),
        (Cost("CPU", 1000, 0.5, minutes=2), "ends within 2 min, after about 240 steps"),
        (Cost("CPU", 100, 0.5, minutes=2), "about 50 s for 100 steps, validation aside"),
        (Cost("CPU", 0), "seconds: all that is annotated is known, and fitted at once"),
        (Cost("CPU", 40, 0.5, "tile"), "about 20 s to look at 40 tiles, then a fit"),
    ],
)
def test_time_in_words(cost: Cost, text: str) -> None:
    assert cost.time_text == text


def test_the_page_holds_everything_and_fetches_nothing(found: Look) -> None:
    page = look_page(found, "Before <training>")
    assert "Before &lt;training&gt;" in page
    shown = len(found.branches) + 2  # labels, and the target varied
    assert page.count('<img src="data:image/jpeg;base64,') == 6 * shown
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "model.filters" in page


def test_systems_in_stages_are_reported_to_look_at_their_first() -> None:
    with pytest.raises(UsageError, match="-m classifier"):
        look([], TrainConfig.of({"family": "h2gnet"}))
