"""OME-Zarr: every sample where it belongs, µm, channels and planes, and nothing run."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.errors import SlideError
from hookpath.geometry import Region
from hookpath.projects import open_project
from hookpath.slides import open_slide
from hookpath.slides.readers import omezarr_reader
from support.ngff import COLORS, as_bioformats2raw, halved, write_ome_zarr
from support.zoo import place_code

pytestmark = pytest.mark.skipif(not omezarr_reader.has_zarr(), reason="zarr is not installed")

WIDTH, HEIGHT = 300, 205
CODE = np.moveaxis(place_code(WIDTH, HEIGHT), -1, 0)
RGB = ("Red", "Green", "Blue")


def with_metadata(path: Path, **changes: Any) -> Path:
    """The attributes of a group of version 0.4, changed."""
    file = path / ".zattrs"
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | changes))
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["cyx", "tczyx", "yxc", "zcyx"])
def test_colour_at_every_level(tmp_path: Path, version: str, axes: str) -> None:
    have = [axis for axis in "tzcyx" if axis in axes]
    whole = CODE.reshape(*(1 for _ in have[:-3]), *CODE.shape)
    pixels = np.transpose(whole, [have.index(axis) for axis in axes])
    levels = 3 if axes.endswith("yx") else 1
    path = tmp_path / "a.ome.zarr"
    write_ome_zarr(path, pixels, axes, version=version, labels=RGB, levels=levels)
    with open_slide(path) as slide:
        assert slide.reader.startswith("zarr ")
        assert slide.is_rgb
        assert slide.calibration.mpp == 0.5
        assert (slide.width_l0, slide.height_l0) == (WIDTH, HEIGHT)
        found = slide.read(Region(-10, -20, 200, 150, 1, 1))
        assert (found[:20] == 255).all()
        assert (found[20:, 10:] == place_code()[:130, :190]).all()
        wanted = halved(CODE)
        for level in range(1, len(slide.levels)):
            assert slide.levels[level].downsample_x == 2**level
            high, wide = wanted.shape[1:]
            assert (slide.read_level(level, 0, 0, wide, high) == np.moveaxis(wanted, 0, -1)).all()
            wanted = halved(wanted)
        mean = np.moveaxis(CODE[:, :200, :300], 0, -1).reshape(50, 4, 75, 4, 3).mean((1, 3))
        assert np.abs(slide.read(Region(0, 0, 75, 50, 4, 4)) - mean).mean() < 2


@pytest.mark.parametrize("kind", ["uint8", "uint16", ">u2", "int16", "float32"])
def test_channels_and_planes_as_they_are_stored(tmp_path: Path, kind: str) -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    base = np.arange(2 * 3 * 4).reshape(2, 3, 4, 1, 1)  # t, c, z
    pixels = (base + x + y).astype(kind)
    names = ("DAPI", "CD8", "DAPI")
    path = write_ome_zarr(tmp_path / "a.zarr", pixels, "tczyx", labels=names, colors=COLORS)
    with open_slide(path) as slide:
        assert [c.name for c in slide.channels] == ["DAPI", "CD8", "DAPI (2)"]
        assert slide.channels[1].color == (0, 255, 0)
        assert (slide.planes, slide.plane) == ((4, 2), (2, 0))
        assert (slide.dtype, slide.ground) == (np.dtype(kind).newbyteorder("="), 0)
        assert (slide.read(Region(-9, -9, 5, 5, 1, 1)) == 0).all()
    with open_slide(path, plane=(3, 1)) as slide:
        found = slide.read(Region(100, 60, 90, 80, 1, 1))
        assert (found == np.moveaxis(pixels[1, :, 3, 60:140, 100:190], 0, -1)).all()
        two = slide.read_channels((2, 0), 0, 100, 60, 90, 80)
        assert (two == found[..., [2, 0]]).all()
        three = slide.read_channels((2, 1, 0), 0, 100, 60, 90, 80)
        assert (three == found[..., ::-1]).all()


@pytest.mark.parametrize(
    ("scale", "unit", "mpp"),
    [(0.25, "micrometer", 0.25), (250, "nanometer", 0.25), (2.5e-4, "millimeter", 0.25),
     (2500, "angstrom", 0.25), (0.25, "", None), (1.0, "", None), (500, "micrometer", None)],
)  # fmt: skip
def test_micrometres_by_the_axes_units(
    tmp_path: Path, scale: float, unit: str, mpp: float | None
) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, scale=scale, unit=unit, labels=RGB, levels=1)
    with open_slide(path) as slide:
        if mpp is None:
            assert not slide.has_calibration
            assert bool(slide.spacing_note) == (scale != 1)
        else:
            assert slide.calibration.mpp == pytest.approx(mpp)


@pytest.mark.parametrize(
    ("labels", "colors", "is_rgb"),
    [(RGB, (), True), (("r", "G", "b"), (), True), (("Channel 0", "1", ""), COLORS, True),
     (("DAPI", "FITC", "Cy5"), COLORS, False), (("0", "1", "2"), COLORS[::-1], False),
     ((), (), False)],
)  # fmt: skip
def test_when_three_channels_are_colour(
    tmp_path: Path, labels: tuple[str, ...], colors: tuple[str, ...], is_rgb: bool
) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, labels=labels, colors=colors, levels=1)
    with open_slide(path) as slide:
        assert slide.is_rgb is is_rgb


def test_a_folder_of_bioformats2raw_gives_its_first_image(tmp_path: Path) -> None:
    folder = tmp_path / "a.zarr"
    folder.mkdir()
    write_ome_zarr(folder / "0", CODE, unit="", labels=RGB, levels=2)
    write_ome_zarr(folder / "1", CODE // 2, labels=RGB, levels=1)
    as_bioformats2raw(folder, images=2)
    (folder / "OME" / "METADATA.ome.xml").write_text(
        f'<OME><Image ID="Image:0"><Pixels SizeX="{WIDTH}" SizeY="{HEIGHT}" SizeC="3" SizeZ="1"'
        ' SizeT="1" PhysicalSizeX="250" PhysicalSizeXUnit="nm" PhysicalSizeY="250"'
        ' PhysicalSizeYUnit="nm"/></Image></OME>'
    )
    with open_slide(folder) as slide:
        assert slide.notes == ("holds 2 images; the first is read",)
        assert slide.calibration.mpp == 0.25
        assert (slide.read(Region(0, 0, 90, 90, 1, 1)) == place_code()[:90, :90]).all()


def test_a_level_that_contradicts_its_scale_is_left_out(tmp_path: Path) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, labels=RGB)
    said = json.loads((path / ".zattrs").read_text())["multiscales"]
    moves = said[0]["datasets"]
    moves[1]["coordinateTransformations"][0]["scale"][-1] = 0.5 * 3
    further = {"type": "translation", "translation": [0, 0.75, 0.75]}
    moves[2]["coordinateTransformations"].append(further)
    with open_slide(
        with_metadata(path, multiscales=said)
    ) as slide:  # (4 - 1) / 2 · 0.5 µm: its centre
        assert [level.downsample_x for level in slide.levels] == [1, 4]
    further["translation"] = [0, 20, 20]
    with open_slide(with_metadata(path, multiscales=said)) as slide:
        assert [level.downsample_x for level in slide.levels] == [1]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -0.5])
def test_a_scale_that_is_none_leaves_the_size_of_a_px_unknown(tmp_path: Path, value: float) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, labels=RGB)
    said = json.loads((path / ".zattrs").read_text())["multiscales"]
    for one in said[0]["datasets"]:
        one["coordinateTransformations"][0]["scale"][1:] = [value, value]
    with open_slide(with_metadata(path, multiscales=said)) as slide:
        assert not slide.has_calibration
        assert (slide.levels[0].width, slide.levels[0].height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"multiscales": []}, "cannot be used"),
        ({"multiscales": [{"axes": ["q", "x"], "datasets": []}]}, "has the axes q, x"),
        ({"multiscales": [{"axes": ["c", "y", "x"], "datasets": [{"path": "../b"}]}]}, "outside"),
        ({"multiscales": [{"axes": ["y", "x"], "datasets": [{"path": "0"}]}]}, "has not the axes"),
        ({"multiscales": "x"}, "cannot be used"),
        ({"multiscales": [{"axes": ["y", "x"], "datasets": [{"path": "0"}] * 65}]}, "more than 64"),
        ({"multiscales": [{"axes": ["x", "y", "x"], "datasets": []}]}, "has the axes x, y, x"),
    ],
)
def test_a_wrong_description_is_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    path = with_metadata(write_ome_zarr(tmp_path / "a.zarr", CODE, labels=RGB, levels=1), **changes)
    with pytest.raises(SlideError, match=rf"a\.zarr: .*{says}"):
        open_slide(path)


def test_no_image_a_plate_and_no_zarr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zarr"
    path.mkdir()
    (path / ".zattrs").write_text("{}")
    with pytest.raises(SlideError, match=r"a\.zarr: holds no OME-Zarr image"):
        open_slide(path)
    (path / ".zattrs").write_text('{"plate": {}}')
    with pytest.raises(SlideError, match="a plate of many images"):
        open_slide(path)
    monkeypatch.setattr(omezarr_reader, "has_zarr", lambda: False)
    with pytest.raises(SlideError, match=r"needs zarr: pip install 'hookpath\[formats\]'"):
        open_slide(path)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("/tmp/hookpath-was-run", "w"))


def test_a_codec_that_would_run_a_program_is_refused(tmp_path: Path) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, labels=RGB, levels=1, compressors=None)
    file = path / "0" / ".zarray"
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | {"filters": [{"id": "pickle"}]}))
    for chunk in (p for p in (path / "0").rglob("*") if p.is_file() and p != file):
        chunk.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(SlideError, match="is packed by 'pickle', which is not read"):
        open_slide(path)
    assert not Path("/tmp/hookpath-was-run").exists()


def test_a_damaged_chunk_is_reported_where(tmp_path: Path) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, labels=RGB, levels=1)
    (path / "0" / "0" / "0" / "0").write_bytes(b"\xff" * 9)
    with (
        pytest.raises(SlideError, match=r"a\.zarr: damaged at 0, 0 of level 0"),
        open_slide(path) as s,
    ):
        s.read(Region(0, 0, 64, 64, 1, 1))


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_a_chunk_that_is_no_file_is_damage(tmp_path: Path, kind: str) -> None:
    """A pipe is not waited for; zarr itself takes the others for chunks that are not there."""
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, labels=RGB, levels=1)
    chunk = path / "0" / "0" / "0" / "0"
    chunk.unlink()
    if kind == "pipe":
        make_pipe = getattr(os, "mkfifo", None)
        if make_pipe is None:
            pytest.skip("no pipes here")
        make_pipe(chunk)
    elif kind == "folder":
        chunk.mkdir()
    else:
        chunk.symlink_to("nowhere")
    with (
        pytest.raises(SlideError, match=r"damaged at 0, 0 of level 0 .*0 is (no|a link)"),
        open_slide(path) as s,
    ):
        s.read(Region(0, 0, 64, 64, 1, 1))


def test_a_side_that_no_slide_has_is_refused(tmp_path: Path) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, labels=RGB, levels=1)
    file = path / "0" / ".zarray"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"shape": [3, 2**40, 2**40]}))
    with pytest.raises(SlideError, match=r"a side of 1,099,511,627,776 px"):
        open_slide(path)


def test_chunks_that_no_memory_holds_are_refused(tmp_path: Path) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", CODE, labels=RGB, levels=1)
    file = path / "0" / ".zarray"
    said = json.loads(file.read_text())
    huge = {"shape": [3, 100_000, 100_000], "chunks": [1, 100_000, 100_000]}
    file.write_text(json.dumps(said | huge))
    with pytest.raises(SlideError, match=r"chunks of 1 × 100000 × 100000, too large"):
        open_slide(path)


def test_a_project_of_ome_zarr(tmp_path: Path) -> None:
    """Named, beside a TIFF, in a folder above, with annotations and results beside it."""
    slides = tmp_path / "above" / "slides"
    slides.mkdir(parents=True)
    path = write_ome_zarr(slides / "a.ome.zarr", CODE, labels=RGB)
    write_geojson(
        slides / "a.geojson", [PathObject(box(0, 0, 9, 9), path_class=PathClass("Tumor"))]
    )
    for source in (path, slides, tmp_path / "above"):
        (entry,) = open_project(source).images
        assert entry.name == "a.ome.zarr"
        assert [o.geometry.area for o in entry.objects()] == [81]
        assert entry.slide.identity().bytes > 0
    entry.write([PathObject(box(0, 0, 1, 1), path_class=PathClass("Tumor"))], "r")
    assert (slides / "a.ome.zarr.hookpath.geojson").is_file()
    assert not open_project(slides).remarks()  # type: ignore[attr-defined]
