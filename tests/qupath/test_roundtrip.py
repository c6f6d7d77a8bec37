"""What QuPath itself drew is left as it was, and it sees our results as we meant them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import wkt
from shapely.geometry import MultiPolygon, Polygon, box

from hookpath.annotations import RUN_TAG, PathClass, PathObject, object_to_feature
from hookpath.errors import ProjectError
from hookpath.projects import ImageEntry, open_project
from support.projects import SLIDE_NAME, make_qupath_store, snapshot, traced_outlines
from support.qupath import run_script, seen_by_qupath

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

TUMOR = PathClass("Tumor", (200, 10, 20))
NECROSIS = PathClass("Nekrose (größer)", (11, 22, 33))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A project whose first image a script drew into inside QuPath, and what QuPath sees there."""
    root = tmp_path_factory.mktemp("qupath") / "Projekt 50 % µ"
    make_qupath_store(root, human=[])
    run_script("draw.groovy", root / "project.qpproj", SLIDE_NAME, save=True)
    return root, seen_by_qupath(root / "project.qpproj", SLIDE_NAME)


@pytest.fixture
def project(drawn: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """A copy of the annotated project; its slides stay where they are."""
    shutil.copytree(drawn[0], tmp_path / "Kopie µ")
    return tmp_path / "Kopie µ" / "project.qpproj"


def entry_of(project: Path) -> ImageEntry:
    return open_project(project).images[0]


def detections(n: int) -> list[PathObject]:
    """Squares of 4 px in rows of 100; every other one is Tumor."""
    return [
        PathObject(
            box(x := 6 * (i % 100), y := 6 * (i // 100), x + 4, y + 4),
            "detection",
            TUMOR if i % 2 else NECROSIS,
            measurements={"Area µm^2": 4.0, "Probability": i / n},
        )
        for i in range(n)
    ]


def areas() -> list[PathObject]:
    """A ring, two parts, and a shape whose rings touch in a point."""
    ring = box(0, 0, 300, 300) - box(50, 50, 250, 250)
    parts = MultiPolygon([box(310, 0, 350, 40.125), box(310, 60, 350, 100)])
    pinched = Polygon(
        [(400, 0), (440, 0), (440, 40), (400, 40)], [[(400, 20), (420, 10), (420, 30)]]
    )
    return [
        PathObject(shape, "annotation", TUMOR, measurements={"Probability": 0.1})
        for shape in (ring, parts, pinched)
    ]


def human_of(seen: dict[str, Any]) -> list[dict[str, Any]]:
    return [o for o in seen["objects"] if RUN_TAG not in o["metadata"]]


def ours_of(seen: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {o["id"]: o for o in seen["objects"] if RUN_TAG in o["metadata"]}


def test_we_read_what_qupath_sees(drawn: tuple[Path, dict[str, Any]]) -> None:
    root, seen = drawn
    found = {o.id: o for o in entry_of(root).objects()}
    assert set(found) == {o["id"] for o in seen["objects"]}
    for theirs in seen["objects"]:
        o = found[theirs["id"]]
        assert o.geometry.equals(wkt.loads(theirs["wkt"]))
        assert (o.path_class.name if o.path_class else None) == theirs["classification"]
        assert (o.name, o.locked) == (theirs["name"], theirs["locked"])
        assert theirs["type"].lower() == f"path{o.object_type}object"
        assert {k: str(v) for k, v in o.measurements.items()} == {
            k: str(v).replace("NaN", "nan") for k, v in theirs["measurements"].items()
        }
        assert o.metadata == theirs["metadata"]
    assert sum(o["parent"] is not None for o in seen["objects"]) == 3


def test_qupath_sees_results_and_untouched_human_work(
    project: Path, drawn: tuple[Path, dict[str, Any]]
) -> None:
    before = drawn[1]
    written = detections(2000)
    entry_of(project).write(written, "run-1")
    seen = seen_by_qupath(project, SLIDE_NAME)
    assert human_of(seen) == before["objects"]
    assert {k: v for k, v in seen.items() if k != "objects"} == {
        k: v for k, v in before.items() if k != "objects"
    }
    found = ours_of(seen)
    assert set(found) == {o.id for o in written}
    for o in written:
        check_seen(found[o.id], o, "run-1")

    report = entry_of(project).write(outlines := areas(), "run-2")
    assert (report.added, report.removed) == (len(outlines), 2000)
    seen = seen_by_qupath(project, SLIDE_NAME)
    assert human_of(seen) == before["objects"]
    assert set(ours_of(seen)) == {o.id for o in outlines}
    for o in outlines:
        check_seen(ours_of(seen)[o.id], o, "run-2")
    assert entry_of(project).write(areas(), "run-3").removed == len(outlines)

    assert entry_of(project).remove_results().removed == len(outlines)
    assert seen_by_qupath(project, SLIDE_NAME) == before


def check_seen(theirs: dict[str, Any], o: PathObject, run: str) -> None:
    """QuPath's view of an object of ours."""
    assert o.path_class is not None
    assert o.path_class.color is not None
    red, green, blue = o.path_class.color
    assert theirs["type"].lower() == f"path{o.object_type}object"
    assert theirs["classification"] == o.path_class.name
    assert theirs["classColor"] & 0xFFFFFF == red << 16 | green << 8 | blue
    # QuPath's GeoJSON reader keeps measurements as 32-bit floats.
    assert theirs["measurements"] == {k: float(np.float32(v)) for k, v in o.measurements.items()}
    assert theirs["metadata"][RUN_TAG] == run
    # QuPath's own grid is 0.01 px.
    assert wkt.loads(theirs["wkt"]).symmetric_difference(o.geometry).area < 0.01 * o.geometry.length


def test_what_a_person_nested_in_a_result_survives_the_next_run(project: Path) -> None:
    from hookpath.projects.qupath_store.paquo_bridge import _java

    java = _java()
    from paquo.projects import QuPathProject as PaquoProject

    entry_of(project).write(areas(), "run-1")
    ring = next(o for o in entry_of(project).objects() if o.run == "run-1")
    with PaquoProject(project, mode="r+") as opened:
        hierarchy = opened.images[0].hierarchy.java_object
        parent = next(o for o in hierarchy.getAllObjects(False) if str(o.getID()) == ring.id)
        roi = java.JClass("qupath.lib.roi.ROIs").createRectangleROI(10, 10, 20, 20)
        child = java.PathObjects.createAnnotationObject(roi)
        hierarchy.addObjectBelowParent(parent, child, True)
        assert child.getParent().equals(parent)
        opened.images[0].save()
    entry_of(project).write([], "run-2")
    kept = {o.id: o for o in entry_of(project).objects()}
    assert ring.id not in kept
    assert kept[str(child.getID())].geometry.equals(box(10, 10, 30, 30))


@pytest.mark.parametrize("content", ["half", "empty", "junk"])
def test_a_damaged_data_file_is_one_clear_line_and_the_rest_goes_on(
    project: Path, content: str
) -> None:
    damaged, other = open_project(project).images
    data = project.parent / "data" / damaged.id / "data.qpdata"
    whole = data.read_bytes()
    data.write_bytes({"half": whole[: len(whole) // 2], "empty": b"", "junk": b"x" * 99}[content])
    before = snapshot(project.parent)
    for attempt in (damaged.objects, lambda: damaged.write(areas(), "run-1")):
        with pytest.raises(ProjectError, match=rf"^{re.escape(SLIDE_NAME)}: .*incomplete.*\.bak"):
            attempt()
    assert snapshot(project.parent) == before
    assert other.write(areas(), "run-1").added == len(areas())


def test_a_persons_jagged_outlines_are_read_as_drawn(tmp_path: Path) -> None:
    outlines = [PathObject(p, "annotation", TUMOR) for p in traced_outlines()]
    make_qupath_store(tmp_path / "p", human=[object_to_feature(o) for o in outlines])
    found = {o.id: o.geometry for o in entry_of(tmp_path / "p").objects()}
    assert [found[o.id].equals(o.geometry) for o in outlines] == [True] * len(outlines)


def test_results_can_be_written_while_the_slides_are_away(
    project: Path, drawn: tuple[Path, dict[str, Any]]
) -> None:
    slides = drawn[0] / "slides"
    away = slides.rename(slides.with_name("away"))
    try:
        human = entry_of(project).objects()
        assert entry_of(project).write(areas(), "run-1").added == len(areas())
        kept = [o for o in entry_of(project).objects() if o.run is None]
        assert [repr(o) for o in kept] == [repr(o) for o in human]  # a NaN equals no NaN
    finally:
        away.rename(slides)


def test_a_class_list_that_cannot_be_written_does_not_cost_the_results(project: Path) -> None:
    listed = project.parent / "classifiers" / "classes.json"
    before = listed.read_bytes()
    listed.chmod(0o444)
    with pytest.raises(ProjectError, match=r"results are in the project.*marked read-only"):
        entry_of(project).write(detections(2), "run-1")
    listed.chmod(0o644)
    assert listed.read_bytes() == before
    assert entry_of(project).write(detections(2), "run-1").removed == 2
    assert [c for c in open_project(project).classes if c == NECROSIS] == [NECROSIS]
    assert listed.read_bytes() != before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
def test_ctrl_c_reaches_python_once_qupaths_code_runs(project: Path) -> None:
    """The JVM's own handler would end the process without any clean-up."""
    script = (
        "import os, signal, sys\n"
        "from hookpath.projects import open_project\n"
        "open_project(sys.argv[1]).images[0].objects()\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    signal.pause()\n"
        "except KeyboardInterrupt:\n"
        "    print('cleaned up')\n"
    )
    command = [sys.executable, "-c", script, str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "cleaned up\n"
    assert done.returncode == 0
