"""Features are found again exactly where they are the same, and never where they are not."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hookpath.annotations import ClassTable
from hookpath.geometry import Calibration
from hookpath.probing.feature_cache import FeatureCache, digest, identity_of_slide
from hookpath.projects import open_project
from hookpath.sampling import AnnotatedSlide, load_source
from hookpath.slides.recolored_slide import Recolouring
from support.textures import DARK, PALE, texture_folder


def vectors(value: float, cells: int = 4) -> np.ndarray:
    return np.full((cells, 3), value, np.float16)


def test_what_was_put_comes_back_and_nothing_else(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "c")
    name, other = digest("a"), digest("b")
    assert cache.get(name) is None
    cache.put(name, vectors(0.5))
    found = FeatureCache(tmp_path / "c").get(name)
    assert found is not None
    assert np.array_equal(found, vectors(0.5))
    assert cache.get(other) is None
    assert (cache.hits, cache.misses) == (0, 2)


def test_a_damaged_file_is_one_that_is_not_there(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    name = digest("a")
    cache.put(name, vectors(1))
    (path,) = tmp_path.glob("??/*.npy")
    path.write_bytes(path.read_bytes()[:-5])
    assert cache.get(name) is None


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, most_bytes=2 * (128 + 24))
    names = [digest(i) for i in range(3)]
    for age, name in zip((30, 20, 10), names, strict=True):
        cache.put(name, vectors(age))
        path = tmp_path / name[:2] / f"{name}.npy"
        os.utime(path, (1e9 - age, 1e9 - age))
    assert cache.get(names[0]) is not None  # now it is the youngest
    cache.trim()
    assert [cache.get(name) is not None for name in names] == [True, False, True]


def test_what_was_used_under_a_clock_that_ran_ahead_is_not_kept_for_ever(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, most_bytes=128 + 24)
    names = [digest(i) for i in range(2)]
    cache.put(names[0], vectors(0))
    (path,) = tmp_path.glob("??/*.npy")
    os.utime(path, (1e11, 1e11))
    cache.trim()
    time.sleep(0.02)
    cache.put(names[1], vectors(1))
    cache.trim()
    assert [cache.get(name) is not None for name in names] == [False, True]


def test_no_room_keeps_nothing(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "c", most_bytes=0)
    cache.put(digest("a"), vectors(1))
    assert cache.get(digest("a")) is None
    assert not (tmp_path / "c").exists()


def test_what_is_at_hand_is_bounded(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, most_bytes=0, memory_bytes=2 * 24)
    for i in range(3):
        cache.put(digest(i), vectors(i))
    assert [cache.get(digest(i)) is not None for i in range(3)] == [False, True, True]


@pytest.fixture
def source(tmp_path: Path) -> AnnotatedSlide:
    entry = open_project(texture_folder(tmp_path / "p", slides=1)).images[0]
    return load_source(entry, entry.objects(), ClassTable.of([DARK, PALE]))


def test_a_slide_is_another_when_its_file_scale_or_colours_are(source: AnnotatedSlide) -> None:
    names = [identity_of_slide(source)]
    assert identity_of_slide(replace(source, identity=None)) == names[0]
    assumed = replace(source.slide, overruling=Calibration(0.5, 0.5))
    names.append(identity_of_slide(replace(source, slide=assumed, identity=None)))
    stained = Recolouring(((1.1, 0, 0), (0, 1, 0), (0, 0, 1)))
    names.append(identity_of_slide(replace(source, stain=stained)))
    path = source.slide.path
    os.utime(path, (1, 1))
    assert identity_of_slide(replace(source, identity=None)) == names[0]
    path.write_bytes(path.read_bytes() + b" ")
    names.append(identity_of_slide(replace(source, identity=None)))
    assert len(set(names)) == 4
