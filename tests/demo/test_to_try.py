"""Slides to try things on in a viewer."""

from dataclasses import replace
from pathlib import Path

import pytest

from hookpath.demo import TO_TRY, paint_demo
from hookpath.errors import UsageError
from hookpath.projects import SPLIT_KEY, open_project


def test_only_slides_and_polygons_are_made(tmp_path: Path) -> None:
    small = replace(TO_TRY, size=512)
    slides = paint_demo(tmp_path / "demo", small)
    project = open_project(slides)
    drawn = {e.name: {o.path_class for o in e.objects()} for e in project.images}
    assert set(drawn) == {"train-1.tif", "train-2.tif", "train-3.tif", "val-1.tif", "test-1.tif"}
    assert drawn["test-1.tif"] == set()
    assert all(drawn[name] for name in drawn if name != "test-1.tif")
    assert {e.metadata[SPLIT_KEY] for e in project.images} == {"train", "val", "test"}
    before = (slides / "train-1.tif").stat().st_mtime_ns
    assert paint_demo(tmp_path / "demo", small) == slides
    assert (slides / "train-1.tif").stat().st_mtime_ns == before
    with pytest.raises(UsageError, match="other settings"):
        paint_demo(tmp_path / "demo", replace(small, seed=1))
