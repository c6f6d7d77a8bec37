"""OME-Zarr in a real QuPath that has Bio-Formats: learned from, predicted, results in place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hookpath.annotations.object_planes import plane_of
from hookpath.inference import predict_project
from hookpath.projects import PlaneChoice, QuPathProject, twin_remarks
from support.multiplex import coded, write_strokes
from support.ngff import as_bioformats2raw, write_ome_zarr
from support.projects import skip_without_qupath
from support.qupath import run_alone
from support.qupath_slides import dump_project
from support.spots import (
    CONFIG,
    DRAWN_SPOTS,
    LEARNED,
    centres,
    learn_spots,
    lie_on_spots,
    seen_centres,
    spot_model,
    spotted,
)

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

NAMED = ("DAPI", "CD8", "CK", "CD20")
#: What a person chooses, and by whom it is read: QuPath gives channels no names and sees each image
#: of a folder of several, even where one of them was chosen.
CHOSEN = {
    "plain.ome.zarr": "zarr",
    "named.ome.zarr": "QuPath",
    "packed.ome.zarr/.zattrs": "zarr",
    "several.zarr#1": "QuPath",
    "several.zarr/1/.zattrs#1": "QuPath",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with every image of `CHOSEN`, and a stack."""
    skip_without_qupath(bioformats=True)
    root = tmp_path_factory.mktemp("zarr µ")
    raw: dict[str, Any] = {"compressors": None}  # blosc needs a library that is not QuPath's own
    write_ome_zarr(root / "plain.ome.zarr", spotted(), **raw)
    write_ome_zarr(root / "named.ome.zarr", spotted(), labels=NAMED, **raw)
    write_ome_zarr(root / "packed.ome.zarr", spotted(), compressors={"id": "zlib"})
    for index, pixels in enumerate((coded(2), spotted())):
        write_ome_zarr(root / "several.zarr" / str(index), pixels, **raw)
    as_bioformats2raw(root / "several.zarr", 2)
    planes = np.stack([coded(4), coded(4), spotted()], axis=1)
    planes[1, :2] = 300
    write_ome_zarr(root / "stack.ome.zarr", planes, "czyx", **raw)
    drawn = write_strokes(root / "drawn.geojson", DRAWN_SPOTS)
    run_alone("make_zarr.groovy", root, root / "Projekt", drawn, *CHOSEN, "stack.ome.zarr")
    return root / "Projekt"


@pytest.fixture(scope="module")
def done(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Where the results are, and every image as QuPath sees it after the prediction."""
    root = tmp_path_factory.mktemp("out")
    flat = CONFIG.model_copy(update={"images": tuple(CHOSEN)})
    found = predict_project(QuPathProject(folder), spot_model(root / "m"), root / "o", flat)
    assert found.problems == ()
    stack = CONFIG.model_copy(
        update={"images": ("stack.ome.zarr",), "planes": PlaneChoice(z=(0, 2))}
    )
    found = predict_project(QuPathProject(folder), root / "m", root / "s", stack)
    assert found.problems == ()
    return root, {image["name"]: image for image in dump_project(folder)["images"]}


@pytest.mark.parametrize("name", CHOSEN)
def test_objects_lie_where_the_channel_is_bright(
    done: tuple[Path, dict[str, Any]], name: str
) -> None:
    assert lie_on_spots(seen_centres(done[1][name]))


def test_each_is_read_by_whoever_gives_what_qupath_shows(
    done: tuple[Path, dict[str, Any]],
) -> None:
    records = [json.loads(p.read_text()) for p in (done[0] / "o").rglob("prediction.json")]
    readers = {record["image"]: record["slide"]["reader"].split()[0] for record in records}
    assert readers == CHOSEN


def test_of_a_stack_they_lie_on_the_plane_that_was_predicted(
    folder: Path, done: tuple[Path, dict[str, Any]]
) -> None:
    (entry,) = [e for e in QuPathProject(folder).images if e.name == "stack.ome.zarr"]
    ours = [o for o in entry.objects() if o.run and o.path_class and o.path_class.name == "B"]
    assert {plane_of(o) for o in ours} == {(2, 0)}
    assert lie_on_spots(centres(o.geometry for o in ours))


def test_other_images_of_one_folder_are_other_slides(folder: Path) -> None:
    entries = {e.name: e for e in QuPathProject(folder).images}
    assert twin_remarks([entries["several.zarr#1"], entries["plain.ome.zarr"]]) == []


@pytest.mark.parametrize("teacher", ["plain.ome.zarr", "named.ome.zarr", "stack.ome.zarr"])
def test_strokes_teach_and_objects_come_back(folder: Path, tmp_path: Path, teacher: str) -> None:
    """Learned from one image, read by zarr or through QuPath; each of the others predicted."""
    copy = shutil.copytree(folder, tmp_path / "Kopie")
    only = tmp_path / "only.csv"
    only.write_text(f"image,split\n{teacher},train\n", encoding="utf-8")
    model = learn_spots(QuPathProject(copy), tmp_path / "run", f"validation.splits='{only}'")
    flat = LEARNED.model_copy(update={"images": tuple(CHOSEN)})
    assert predict_project(QuPathProject(copy), model, tmp_path / "out", flat).problems == ()
    for image in dump_project(copy)["images"]:
        if image["name"] in CHOSEN:
            assert lie_on_spots(seen_centres(image)), image["name"]
