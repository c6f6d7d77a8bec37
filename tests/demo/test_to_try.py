"""Slides to try things on in a viewer."""

from dataclasses import replace
from pathlib import Path

import pytest

from hookpath.demo import TO_TRY, make_demo_slides
from hookpath.errors import UsageError
from hookpath.projects import SPLIT_KEY, open_project


def test_only_slides_and_polygons_are_made(tmp_path: Path) -> None:
    small = replace(TO_TRY, size=512)
    slides = make_demo_slides(tmp_path / "demo", small)
    project = open_project(slides)
    annotated = {e.name: {o.path_class for o in e.objects()} for e in project.images}
    assert set(annotated) == {
        "train-1.tif",
        "train-2.tif",
        "train-3.tif",
        "val-1.tif",
        "test-1.tif",
    }
    assert annotated["test-1.tif"] == set()
    assert all(annotated[name] for name in annotated if name != "test-1.tif")
    assert {e.metadata[SPLIT_KEY] for e in project.images} == {"train", "val", "test"}
    before = (slides / "train-1.tif").stat().st_mtime_ns
    assert make_demo_slides(tmp_path / "demo", small) == slides
    assert (slides / "train-1.tif").stat().st_mtime_ns == before
    with pytest.raises(UsageError, match="other settings"):
        make_demo_slides(tmp_path / "demo", replace(small, seed=1))
