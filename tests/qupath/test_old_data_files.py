"""Data files that other versions of QuPath wrote: read, written to, human work unchanged."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject
from hookpath.errors import ProjectError
from hookpath.projects import open_project
from support.projects import skip_without_qupath, snapshot
from support.shared import copy_of_shared

pytestmark = [pytest.mark.qupath, pytest.mark.shared_data]

PROJECTS = [
    ("stardist_0.2.0-m12", "qupath_example_project", 0, {"annotation": 19}),
    ("stardist_0.2.0-m12", "qupath_example_project", 1, {"annotation": 32}),
    ("coscia_0.6.0", ".", 0, {"annotation": 10, "cell": 121}),
]


@pytest.mark.parametrize(("name", "folder", "index", "expected"), PROJECTS)
def test_a_project_of_another_version(
    tmp_path: Path, name: str, folder: str, index: int, expected: dict[str, int]
) -> None:
    skip_without_qupath()
    root = copy_of_shared(f"qupath-projects/{name}", tmp_path) / folder
    untouched = snapshot(root)
    human = open_project(root).images[index].objects()
    assert Counter(o.object_type for o in human) == expected
    assert snapshot(root) == untouched
    with pytest.raises(ProjectError, match="channels"):
        _ = open_project(root).images[index].slide

    ours = [PathObject(box(0, 0, 9, 9), "detection", PathClass("X", (1, 2, 3)))]
    assert open_project(root).images[index].write(ours, "run-1").added == 1
    again = open_project(root).images[index].objects()
    assert comparable(o for o in again if o.run is None) == comparable(human)
    assert [o.id for o in again if o.run == "run-1"] == [ours[0].id]
    open_project(root).images[index].remove_results()
    assert comparable(open_project(root).images[index].objects()) == comparable(human)


def comparable(objects: Iterable[PathObject]) -> list[str]:
    """Everything but the ids: before 0.4, data files had none and each reading makes new ones."""
    return sorted(repr(dataclasses.replace(o, id="", geometry=o.geometry.wkt)) for o in objects)  # type: ignore[arg-type]
