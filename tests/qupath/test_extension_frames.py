"""The frames that QuPath shows a slide in: results fit, or the image is refused by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio import Affine
from rasterio.features import geometry_mask
from shapely import affinity
from shapely.geometry import Polygon, box

from support.dark_slides import (
    DARK_RGB,
    DISC,
    FRAME,
    HEIGHT,
    MPP,
    PALE_RGB,
    WIDTH,
    save_dark_model,
    write_dark_slide,
)
from support.extension import installed_extension
from support.qupath import run_alone
from support.qupath_slides import dump_project
from support.seen import check_dark
from support.slides import write_scn

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

CORNER, CANVAS = (516, 260), (2048, 1536)
#: A staircase of whole pixels, which QuPath's own way from vertices to geometry cuts in half.
STAIRS = Polygon(
    [(x + dx, 40 + 3 * (x % 7)) for x in range(40, 400, 2) for dx in (0, 1)]
    + [(x, 200 + 5 * (x % 3)) for x in range(400, 40, -1)]
)

CASES = {
    "all": "Hookpath.predictProject(model: '{model}')",
    "wrong frame": """Hookpath.importPredictions(new File('{out}').listFiles()
        .find {{ it.name.startsWith('not_cropped') }}.path)""",
    "joined alone": "Hookpath.predictProject(model: '{model}', images: ['two in one'])",
    "stairs": "Hookpath.importPredictions('{stairs}').added()",
    "cut off": "Hookpath.importPredictions('{half}')",
    "no such file": "Hookpath.importPredictions('{half}.not')",
    "no predictions": "Hookpath.importPredictions('{empty}')",
}


def scan(path: Path) -> None:
    pale = geometry_mask([DISC, FRAME], (HEIGHT, WIDTH), Affine.identity())
    image = np.where(pale[..., None], PALE_RGB, DARK_RGB).astype(np.uint8)
    write_scn(path, image, MPP, CORNER, CANVAS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each case gave, and the project as QuPath reads it afterwards."""
    root = tmp_path_factory.mktemp("frames")
    slides = root / "Präparate µ"
    slides.mkdir()
    scan(slides / "scan.scn")
    for name in ("plain.tif", "moved.tif"):
        write_dark_slide(slides / name, [DISC, FRAME])
    write_dark_slide(slides / "unknown.tif", [DISC, FRAME], None)
    folder = root / "Projekt 50 %"
    run_alone("make_frames.groovy", slides, folder)
    (slides / "moved.tif").rename(slides / "now here.tif")
    given = {"model": save_dark_model(root / "dark"), **import_files(root)}
    given["out"] = folder / "hookpath" / "predictions" / "dark"
    cases = {name: text.format(**given) for name, text in CASES.items()}
    cases = {"update": update_uri(slides), **cases}
    qupath = installed_extension(tmp_path_factory.mktemp("QuPath home"))
    outcomes = qupath.cases(folder / "project.qpproj", "cropped to bounds", cases)
    return {"outcomes": outcomes, "project": dump_project(folder)}


def update_uri(slides: Path) -> str:
    """What QuPath's dialog for moved files does."""
    return f"""
        def entry = getProject().getImageList().find {{ it.getImageName() == 'moved' }}
        def now = new File('{slides}', 'now here.tif').toURI()
        entry.updateURIs([(entry.getURIs().first()): now])"""


def import_files(root: Path) -> dict[str, Path]:
    """A GeoJSON file with a jagged outline, one that is cut off, and an empty folder."""
    ring = [[x, y] for x, y in STAIRS.exterior.coords]
    stairs = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"objectType": "annotation", "name": "stairs"},
    }
    text = json.dumps({"type": "FeatureCollection", "features": [stairs]})
    (root / "stairs.geojson").write_text(text, encoding="utf-8")
    (root / "half.geojson").write_text(text[: len(text) // 2], encoding="utf-8")
    (root / "empty").mkdir()
    names = {"stairs": "stairs.geojson", "half": "half.geojson", "empty": "empty"}
    return {key: root / name for key, name in names.items()}


def image(made: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [i for i in made["project"]["images"] if i["name"] == name]
    return dict(found)


def problem(made: dict[str, Any], case: str) -> str:
    return str(made["outcomes"][case]["problem"])


@pytest.mark.parametrize("name", ["set by hand", "more levels", "moved"])
def test_results_lie_where_the_slide_is_dark(made: dict[str, Any], name: str) -> None:
    check_dark(image(made, name)["objects"], [DISC, FRAME])


def test_the_corner_of_the_bounds_is_the_origin_unless_a_person_wanted_it_otherwise(
    made: dict[str, Any],
) -> None:
    cropped = made["outcomes"]["all"]["objects"]
    dark = [o for o in cropped if o["classification"] == "Dark"]
    assert sorted(o["area"] for o in dark) == pytest.approx([DISC.area, FRAME.area], rel=0.01)
    moved = [affinity.translate(shape, *CORNER) for shape in (DISC, FRAME)]
    check_dark(image(made, "not cropped")["objects"], moved)


def test_images_that_cannot_be_read_in_their_frame_are_refused_by_name(
    made: dict[str, Any],
) -> None:
    assert "2 of 9 images failed" in problem(made, "all")
    assert "no 8-bit RGB image (6 channels" in problem(made, "joined alone")
    for name in ("two in one", "no pixel size"):
        assert image(made, name)["objects"] == []


def test_turned_and_cut_images_are_read_through_qupath_in_its_frame(made: dict[str, Any]) -> None:
    # A quarter turn clockwise: what was at the bottom comes to the left.
    turned = [affinity.affine_transform(s, [0, -1, 1, 0, HEIGHT, 0]) for s in (DISC, FRAME)]
    check_dark(image(made, "rotated")["objects"], turned)
    # Of the two only the disc is in the cut-out.
    check_dark(image(made, "cut out")["objects"], [affinity.translate(DISC, -16, -16)])


def test_predictions_of_another_frame_do_not_come_in(made: dict[str, Any]) -> None:
    said = problem(made, "wrong frame")
    assert "1024 × 768" in said
    assert "2048 × 1536" in said
    assert made["outcomes"]["wrong frame"]["objects"] == made["outcomes"]["all"]["objects"]


def test_a_jagged_outline_keeps_its_area(made: dict[str, Any]) -> None:
    assert STAIRS.is_valid
    assert box(40, 40, 401, 210).covers(STAIRS)
    assert made["outcomes"]["stairs"]["value"] == "1"
    (found,) = [o for o in made["outcomes"]["stairs"]["objects"] if o["name"] == "stairs"]
    assert found["area"] == pytest.approx(STAIRS.area, rel=1e-4)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("cut off", "half.geojson"),
        ("no such file", "no such file"),
        ("no predictions", "no finished prediction"),
    ],
)
def test_what_cannot_be_imported_is_one_line(made: dict[str, Any], case: str, words: str) -> None:
    assert words in problem(made, case)
    assert "\n" not in problem(made, case)
    assert made["outcomes"][case]["objects"] == made["outcomes"]["stairs"]["objects"]
