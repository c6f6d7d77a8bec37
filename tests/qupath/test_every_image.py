"""A project with images of every kind: seen as QuPath sees it, and used from end to end."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import box, wkt
from typer.testing import CliRunner

from hookpath.annotations import RUN_TAG
from hookpath.cli.app import app
from hookpath.errors import ProjectError
from hookpath.geometry import Region
from hookpath.projects import QuPathEntry, QuPathProject, open_project
from support.projects import snapshot
from support.qupath import run_alone
from support.qupath_slides import SLIDES, dump_project, make_project

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

#: Images that a model of RGB cannot predict, and why; of these only those of `BROKEN` are amiss.
REFUSED = {
    "verkettet": "no 8-bit RGB image",
    "Färbung getrennt": "no 8-bit RGB image",
    "ein Kanal": "no 8-bit RGB image",
    "Stapel": "µm/px is unknown",
    "Kanäle": "no 8-bit RGB image",
    "fehlt": "slide not found",
}
BROKEN = {"Stapel": "µm/px is unknown", "Kanäle": "µm/px is unknown", "fehlt": "slide not found"}
CHANNELS = {
    "verkettet": ["Red", "Green", "Blue", "Red (2)", "Green (2)", "Blue (2)"],
    "Färbung getrennt": ["Hematoxylin", "Eosin"],
    "Kanäle": ["Channel 1", "Channel 2", "Channel 3"],
}
TINY = (
    "--preset=fast", "--set=model.filters=4", "--set=model.depth=2", "--set=model.input_size=60",
    "--set=model.spacings=[1.0, 4.0]", "--set=epochs=2", "--set=steps_per_epoch=8",
    "--set=batch_size=2", "--set=warmup=0", "--set=device=cpu",
)  # fmt: skip

Seen = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seen]:
    """The project's folder, and what QuPath sees in it when one slide has gone."""
    folder = make_project(tmp_path_factory.mktemp("every"))
    (folder.parent / SLIDES / "fehlt.tif").unlink()
    return folder, dump_project(folder)


@pytest.fixture(scope="module")
def project(made: tuple[Path, Seen]) -> QuPathProject:
    """For tests that change nothing."""
    found = open_project(made[0])
    assert isinstance(found, QuPathProject)
    return found


def test_every_image_is_listed_with_what_people_wrote(
    project: QuPathProject, made: tuple[Path, Seen]
) -> None:
    seen = made[1]["images"]
    assert [(e.id, e.name, dict(e.metadata)) for e in project.images] == [
        (i["id"], i["name"], i["metadata"]) for i in seen
    ]
    colours = {c.name: c.color for c in project.classes}
    listed = {name: argb for name, argb in made[1]["classes"] if name}
    assert set(colours) == set(listed)
    for name, color in colours.items():
        assert color is not None
        red, green, blue = color
        assert red << 16 | green << 8 | blue == listed[name] & 0xFFFFFF


def test_objects_are_those_that_qupath_sees(
    project: QuPathProject, made: tuple[Path, Seen]
) -> None:
    for entry, image in zip(project.images, made[1]["images"], strict=True):
        found = {o.id: o for o in entry.objects()}
        assert set(found) == {o["id"] for o in image["objects"]}
        for theirs in image["objects"]:
            o = found[theirs["id"]]
            assert o.geometry.equals(wkt.loads(theirs["wkt"])), entry.name
            # A polygon of 96 sides is what QuPath itself makes of an ellipse.
            round_shape = theirs["roi"] == "EllipseROI"
            tolerance = 1e-2 if round_shape else 1e-6
            assert o.geometry.area == pytest.approx(theirs["area"], rel=tolerance)
            assert (o.path_class.name if o.path_class else None) == theirs["classification"]
            assert (o.name, o.locked) == (theirs["name"], theirs["locked"])


def test_pixels_sizes_and_um_are_those_that_qupath_sees(
    project: QuPathProject, made: tuple[Path, Seen]
) -> None:
    compared = 0
    for entry, image in zip(project.images, made[1]["images"], strict=True):
        if entry.name in REFUSED:
            continue
        with entry.slide.open() as slide:
            assert [slide.width_l0, slide.height_l0] == image["size"]
            assert [slide.calibration.mpp_x, slide.calibration.mpp_y] == pytest.approx(image["um"])
            for downsample, theirs in zip((1, 2), image["pixels"], strict=True):
                if downsample > 1 and image["server"] == "PyramidGeneratingImageServer":
                    continue  # QuPath smooths its own levels as it likes
                where = [theirs[name] for name in ("x", "y", "width", "height")]
                ours = slide.read(Region(*where, downsample, downsample)).astype(int)  # type: ignore[call-arg]
                packed = ours[..., 0] << 16 | ours[..., 1] << 8 | ours[..., 2]
                seen = np.reshape(theirs["rgb"], packed.shape)
                # QuPath shows what lies beyond the edge of a cut-out; to us it is off the slide.
                rows, columns = (
                    max(0, -(-(end - start) // downsample))
                    for start, end in zip(where[1::-1], image["size"][::-1], strict=True)
                )
                assert (packed == seen)[:rows, :columns].all(), (entry.name, downsample)
                compared += 1
    assert compared == 2 * (len(made[1]["images"]) - len(REFUSED)) - 1


def test_every_image_that_is_there_opens_with_the_channels_that_qupath_shows(
    project: QuPathProject,
) -> None:
    refused, channels = {}, {}
    for entry in project.images:
        try:
            with entry.slide.open() as slide:
                if not slide.is_rgb:
                    channels[entry.name] = [c.name for c in slide.channels]
                    assert slide.read(Region(0, 0, 8, 8, 2, 2)).shape[2] == len(slide.channels)
                if entry.name == "Stapel":
                    assert (slide.planes, slide.plane) == ((3, 1), (1, 0))
        except ProjectError as error:
            refused[entry.name] = str(error)
    assert set(refused) == {"fehlt"}
    assert refused["fehlt"].startswith("fehlt: slide not found")
    assert len(channels.pop("ein Kanal")) == 1
    assert channels == CHANNELS


def test_info_tells_every_problem_and_writes_nothing(made: tuple[Path, Seen]) -> None:
    before = snapshot(made[0].parent)
    done = CliRunner().invoke(app, ["info", str(made[0])])
    assert done.exit_code == 1
    for name, why in BROKEN.items():
        lines = [line for line in done.output.splitlines() if line.startswith(f"{name}: ")]
        assert any(why in line for line in lines), name
    assert snapshot(made[0].parent) == before


def hookpath(*args: object) -> Any:
    """A command in this process."""
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture
def copy(made: tuple[Path, Seen], tmp_path: Path) -> Path:
    """A copy of the project; its slides stay where they are."""
    return shutil.copytree(made[0], tmp_path / "Kopie µ")


def differences(after: Seen, before: Seen) -> list[str]:
    """What QuPath sees changed, except our objects."""
    found = [key for key in before if key != "images" and after[key] != before[key]]
    for new, old in zip(after["images"], before["images"], strict=True):
        theirs = [o for o in new["objects"] if RUN_TAG not in o["metadata"]]
        new = {**new, "objects": theirs}
        found += [f"{old['name']}: {k}" for k in {**old, **new} if new.get(k) != old.get(k)]
    return found


def test_a_slide_that_moved_is_missed_until_qupath_updates_its_path(
    copy: Path, made: tuple[Path, Seen], tmp_path: Path
) -> None:
    def entry() -> QuPathEntry:
        return next(e for e in QuPathProject(copy).images if e.name == "zieht um")

    old = made[0].parent / SLIDES / "zieht um.tif"
    new = tmp_path / "neu ß" / "umgezogen µ.tif"
    new.parent.mkdir()
    old.rename(new)
    try:
        with pytest.raises(ProjectError, match="zieht um: slide not found"):
            _ = entry().slide
        drawn = [repr(o) for o in entry().objects()]
        run_alone("update_uris.groovy", copy / "project.qpproj", old, new)
        assert entry().slide.path == new
        assert [repr(o) for o in entry().objects()] == drawn
    finally:
        new.rename(old)


def test_train_predict_evaluate_leave_all_that_was_there(
    copy: Path, made: tuple[Path, Seen], tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    done = hookpath("train", copy, "-o", run, *TINY)
    assert done.exit_code == 0, done.output
    before = snapshot(copy / "data")

    done = hookpath(
        "predict", copy, "--model", run, "-o", out, "--min-area=0", "--no-tissue", "--as",
        "annotations",
    )  # fmt: skip
    assert done.exit_code == 1
    assert f"{len(REFUSED)} of 20 images failed; verkettet: " in done.output
    assert "no 8-bit RGB image (6 channels of uint8: Red, Green, Blue, Red (2)" in done.output
    touched = {e.name for e in QuPathProject(copy).images if changed(copy, before, e)}
    assert touched.isdisjoint(REFUSED)

    after = dump_project(copy)
    # Where there was no data file there is one now.
    assert differences(after, made[1]) == ["nie geöffnet: hasData"]
    for image in after["images"]:
        ours = [o for o in image["objects"] if RUN_TAG in o["metadata"]]
        assert bool(ours) == (image["name"] not in REFUSED)
        assert {o["classification"] for o in ours} <= {"Dark", "Pale", "Pale: Saum (größer)"}
        assert not any(o["locked"] or o["parent"] for o in ours)
        if ours:
            width, height = image["size"]
            edge = 8 if image["name"] == "verschoben" else 0  # nothing is there, perhaps "Ignore*"
            inside = box(edge, edge, width - edge, height - edge)
            area = sum(wkt.loads(o["wkt"]).intersection(inside).area for o in ours)
            assert area == pytest.approx(inside.area, rel=0.02), image["name"]

    scored = hookpath("evaluate", copy, "--predictions", out, "-o", tmp_path / "ev", "--split=test")
    assert scored.exit_code == 0, scored.output


def changed(root: Path, before: dict[str, Any], entry: QuPathEntry) -> bool:
    name = str(entry.data_file.relative_to(root / "data"))
    return snapshot(root / "data").get(name) != before.get(name)
