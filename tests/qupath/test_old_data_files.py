"""Data files that other versions of QuPath wrote: read, written to, human work unchanged."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject
from hookpath.inference import predict_project
from hookpath.projects import open_project
from support.multiplex import coded, write_ome
from support.projects import skip_without_qupath, snapshot
from support.shared import copy_of_shared
from support.spots import CONFIG, spot_model

pytestmark = [pytest.mark.qupath, pytest.mark.shared_data]

PROJECTS = [
    ("stardist_0.2.0-m12", "qupath_example_project", 0, {"annotation": 19}),
    ("stardist_0.2.0-m12", "qupath_example_project", 1, {"annotation": 32}),
    ("coscia_0.6.0", ".", 0, {"annotation": 10, "cell": 121}),
]


def copy_with_slides(name: str, folder: str, to: Path) -> Path:
    """A project's folder; an image that did not come along is made, of its size and channels."""
    root = copy_of_shared(f"qupath-projects/{name}", to) / folder
    for image in json.loads((root / "project.qpproj").read_text())["images"]:
        about = image["serverBuilder"]["metadata"]
        if not [*root.rglob(about["name"])]:
            names = [channel["name"] for channel in about["channels"]]
            pixels = coded(len(names), about["height"], about["width"])
            mpp = about["pixelCalibration"]["pixelWidth"]["value"]
            write_ome(root / about["name"], pixels, names, levels=1, mpp=mpp)
    return root


@pytest.mark.parametrize(("name", "folder", "index", "expected"), PROJECTS)
def test_a_project_of_another_version(
    tmp_path: Path, name: str, folder: str, index: int, expected: dict[str, int]
) -> None:
    skip_without_qupath()
    root = copy_with_slides(name, folder, tmp_path)
    untouched = snapshot(root)
    human = open_project(root).images[index].objects()
    assert Counter(o.object_type for o in human) == expected
    assert snapshot(root) == untouched

    ours = [PathObject(box(0, 0, 9, 9), "detection", PathClass("X", (1, 2, 3)))]
    assert open_project(root).images[index].write(ours, "run-1").added == 1
    again = open_project(root).images[index].objects()
    assert comparable(o for o in again if o.run is None) == comparable(human)
    assert [o.id for o in again if o.run == "run-1"] == [ours[0].id]
    open_project(root).images[index].remove_results()
    assert comparable(open_project(root).images[index].objects()) == comparable(human)


@pytest.mark.parametrize(("name", "folder"), dict.fromkeys(p[:2] for p in PROJECTS))
def test_its_images_are_predicted(tmp_path: Path, name: str, folder: str) -> None:
    """By the channels that QuPath recorded."""
    skip_without_qupath()
    root = copy_with_slides(name, folder, tmp_path)
    image = open_project(root).images[0]
    human = image.objects()
    with image.slide.open() as slide:
        channel = slide.channels[1].name
    model = spot_model(tmp_path / "m", channel)
    one = CONFIG.model_copy(update={"images": (image.name,)})
    assert predict_project(open_project(root), model, tmp_path / "o", one).problems == ()
    after = open_project(root).images[0].objects()
    assert [o for o in after if o.run]
    assert comparable(o for o in after if not o.run) == comparable(human)


def comparable(objects: Iterable[PathObject]) -> list[str]:
    """Everything but the ids: before 0.4, data files had none and each reading makes new ones."""
    return sorted(repr(dataclasses.replace(o, id="", geometry=o.geometry.wkt)) for o in objects)  # type: ignore[arg-type]
