"""Whole slides made small, with labels and heatmaps on the same grid."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import torch

from hookpath.annotations import ClassTable
from hookpath.errors import TrainingError
from hookpath.geometry import BranchSpec, Calibration, Overview, Region
from hookpath.sampling import AnnotatedSlide, Heatmap, LoaderConfig, OverviewSet, OverviewStream
from hookpath.sampling.overview_samples import read_overview
from hookpath.slides import SlideRef
from support.annotated import CLASSES, label_source
from support.slides import write_pyramid
from support.training import Recorder

BRANCH = BranchSpec(8.0, 32, 32)


def slide(folder: Path, name: str, width: int = 256, height: int = 128, **metadata: str):
    """Left half dark and tumour, right half pale and stroma; 1 µm/px."""
    image = np.full((height, width, 3), 200, np.uint8)
    image[:, : width // 2] = (60, 30, 90)
    path = write_pyramid(folder / f"{name}.tif", image, mpp=1.0, levels=3)
    half = width // 2
    drawn = [
        ("Tumor", shapely.box(0, 0, half, height)),
        ("Stroma", shapely.box(half, 0, width, height)),
    ]
    return AnnotatedSlide(name, path.name, SlideRef(path), label_source(drawn), metadata=metadata)


def test_image_labels_and_heatmap_lie_on_one_grid(tmp_path: Path) -> None:
    values = np.zeros((1, 16, 32), np.uint8)
    values[:, :, :16] = 255
    found, labels = read_overview(slide(tmp_path, "a"), 32, Heatmap(values, (8.0, 8.0)))
    assert found.shape == (32, 32, 4)
    view = Overview.of((256, 128), Calibration.square(1.0), 32)
    assert (view.top, view.height) == (8, 16)
    inside = np.s_[8:24]
    assert (found[inside, :16, :3] == (60, 30, 90)).all()
    assert (found[inside, 16:, :3] == 200).all()
    assert (labels[inside, :16] == 1).all()
    assert (labels[inside, 16:] == 2).all()
    assert (found[inside, :16, 3] == 255).all()
    assert (found[inside, 16:, 3] == 0).all()
    for padding in (np.s_[:8], np.s_[24:]):
        assert (found[padding][..., :3] == 255).all()
        assert (found[padding][..., 3] == 0).all()
        assert (labels[padding] == 0).all()


def test_a_finer_grid_interpolates_between_the_cells_centres() -> None:
    ramp = np.array([[[0, 100, 200]]], np.uint8)
    found = Heatmap(ramp, (10.0, 10.0)).on(Region(0, 0, 30, 1, 1.0, 1.0))[0, 0]
    centres = np.arange(30) + 0.5
    assert np.array_equal(found, np.rint((centres - 5).clip(0, 20) * 10))


def test_a_coarser_grid_misses_no_cell() -> None:
    one = np.zeros((1, 1, 16), np.uint8)
    for column in range(16):
        one[:] = 0
        one[0, 0, column] = 255
        found = Heatmap(one, (1.0, 1.0)).on(Region(0, 0, 4, 1, 4.0, 1.0))
        assert found.sum() > 0


def test_off_the_map_there_is_nothing() -> None:
    full = Heatmap(np.full((2, 4, 4), 255, np.uint8), (8.0, 8.0))
    found = full.on(Region(-16, -8, 10, 6, 8.0, 8.0))
    assert found.shape == (2, 6, 10)
    assert (found[:, 1:5, 2:6] == 255).all()
    assert found.sum() == 2 * 16 * 255


def test_a_heatmap_comes_back_from_disk(tmp_path: Path) -> None:
    made = Heatmap(np.arange(24, dtype=np.uint8).reshape(2, 3, 4), (8.0, 4.0))
    made.save(tmp_path / "in" / "a.npz")
    again = Heatmap.load(tmp_path / "in" / "a.npz")
    assert np.array_equal(again.values, made.values)
    assert again.downsample == (8.0, 4.0)
    (tmp_path / "b.npz").write_bytes(b"PK nothing")
    with pytest.raises(TrainingError, match=r"b\.npz: no readable heatmap"):
        Heatmap.load(tmp_path / "b.npz")


def stream(
    sources: list[AnnotatedSlide], hierarchy: tuple[str, ...] = (), **options: Any
) -> OverviewStream:
    return OverviewStream(
        sources, CLASSES, BRANCH, LoaderConfig(2, 3, **options), hierarchy=hierarchy
    )  # type: ignore[arg-type]


def test_every_slide_comes_once_before_any_comes_again(tmp_path: Path) -> None:
    sources = [slide(tmp_path, f"s{i}") for i in range(4)]
    with stream(sources) as batches:
        seen = torch.cat([next(batches).slide_index for _ in range(6)]).tolist()
    for start in (0, 4, 8):
        assert sorted(seen[start : start + 4]) == [0, 1, 2, 3]
    assert seen[:4] != seen[4:8] or seen[:4] != seen[8:]


def test_a_stream_goes_on_where_it_was_left(tmp_path: Path) -> None:
    sources = [slide(tmp_path, f"s{i}") for i in range(3)]
    with stream(sources) as whole, stream(sources, workers=3) as again:
        first = [next(whole) for _ in range(5)]
        for _ in range(2):
            next(again)
        state = again.state_dict()
        with stream(sources) as resumed:
            resumed.load_state_dict(state)
            for expected in first[2:]:
                found = next(resumed)
                assert torch.equal(found.slide_index, expected.slide_index)
                assert torch.equal(found.images[0], expected.images[0])
            assert resumed.pixel_counts.tolist() == whole.pixel_counts.tolist()
    assert whole.pixel_counts.tolist() == [10 * 16 * 16] * 2


def test_a_rare_group_is_as_likely_as_a_frequent_one(tmp_path: Path) -> None:
    sources = [slide(tmp_path, f"s{i}", grade="1" if i else "3") for i in range(4)]
    with stream(sources, hierarchy=("grade",)) as batches:
        seen = torch.cat([next(batches).slide_index for _ in range(100)])
    assert 0.4 < float((seen == 0).float().mean()) < 0.6


def test_a_slide_that_fails_is_reported_and_left_out(tmp_path: Path) -> None:
    sources = [slide(tmp_path, f"s{i}") for i in range(3)]
    sources[1].slide.path.write_bytes(b"nothing")
    recorder = Recorder()
    with stream(sources, reporter=recorder) as batches:
        seen = torch.cat([next(batches).slide_index for _ in range(4)]).tolist()
    assert set(seen) == {0, 2}
    assert len(recorder.warnings) == 1
    assert "s1" in recorder.warnings[0]
    with OverviewSet(sources, BRANCH, 2, reporter=recorder) as held_out:
        for _ in range(2):
            assert torch.cat([b.slide_index for b in held_out]).tolist() == [0, 2]
    assert len(recorder.warnings) == 2


def test_without_any_slide_left_it_stops(tmp_path: Path) -> None:
    source = slide(tmp_path, "s")
    source.slide.path.write_bytes(b"nothing")
    with stream([source]) as batches, pytest.raises(TrainingError, match="no slide is left"):
        next(batches)
    with pytest.raises(TrainingError, match="no slide to take"):
        OverviewStream([], ClassTable(()), BRANCH, LoaderConfig(1))
