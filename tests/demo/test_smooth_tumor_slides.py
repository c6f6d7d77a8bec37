"""Synthetic slides whose outline must be learnt."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from hookpath.annotations import LabelSource, read_geojson
from hookpath.demo.smooth_tumor_slides import (
    CLASSES,
    GRADE_KEY,
    GRADES,
    OTHER,
    TUMOUR,
    make_blob_slides,
    synthesize_blobs,
)
from hookpath.geometry import Region
from hookpath.projects import SPLIT_KEY

SIZE = 512


def test_the_same_seed_paints_the_same_slide() -> None:
    first, again, other = (synthesize_blobs(np.random.default_rng(s), SIZE, 0.7) for s in (1, 1, 2))
    assert np.array_equal(first.rgb, again.rgb)
    assert np.array_equal(first.truth, again.truth)
    assert not np.array_equal(first.truth, other.truth)


def test_the_outline_is_whole_while_what_it_holds_is_not() -> None:
    made = synthesize_blobs(np.random.default_rng(3), 1024, 0.6)
    tumour = made.truth == TUMOUR
    assert ndimage.label(tumour)[1] <= 2
    assert 0.05 < tumour.mean() < 0.5
    grey = made.rgb.mean(2)
    assert abs(grey[tumour].mean() - grey[made.truth == OTHER].mean()) < 12
    assert grey[made.truth == 0].mean() > 225


def test_slides_are_drawn_whole_but_for_those_of_the_test(tmp_path: Path) -> None:
    project = make_blob_slides(tmp_path, {"train": 3, "val": 1, "test": 1}, SIZE, seed=5)
    found = {e.name: e for e in project.images}
    assert {e.metadata[GRADE_KEY] for e in project.images} == set(GRADES)
    assert found["test-1.tif"].metadata[SPLIT_KEY] == "test"
    assert not found["test-1.tif"].objects()
    truth = read_geojson(tmp_path / "truth" / "test-1.geojson")
    everything = Region(0, 0, SIZE, SIZE, 1, 1)
    made = synthesize_blobs(np.random.default_rng([5, 4]), SIZE, GRADES["2"]).truth
    assert np.array_equal(LabelSource(truth, CLASSES).rasterize(everything), made)
    annotated = LabelSource(found["train-1.tif"].objects(), CLASSES).rasterize(everything)
    assert set(np.unique(annotated)) == {0, TUMOUR, OTHER}
    with found["val-1.tif"].slide.open() as slide:
        assert slide.calibration.mpp == 1.0


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    make_blob_slides(tmp_path, {"train": 1}, SIZE)
    before = (tmp_path / "slides" / "train-1.tif").stat().st_mtime_ns
    again = make_blob_slides(tmp_path, {"train": 2}, SIZE)
    assert (tmp_path / "slides" / "train-1.tif").stat().st_mtime_ns == before
    assert [e.metadata[GRADE_KEY] for e in again.images] == ["1", "2"]


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    """Ids of what is annotated included: a demo that is made again has the same figures."""
    for name in ("one", "two"):
        make_blob_slides(tmp_path / name, {"train": 1, "test": 1}, SIZE, seed=5)
    for file in sorted((tmp_path / "one").rglob("*.geojson")):
        twin = tmp_path / "two" / file.relative_to(tmp_path / "one")
        assert twin.read_bytes() == file.read_bytes()
        ids = [o.id for o in read_geojson(file)]
        assert len(set(ids)) == len(ids) > 0
