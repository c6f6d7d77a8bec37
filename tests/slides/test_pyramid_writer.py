"""Maps are written in strips, hold exactly what was given, and are there whole or not at all."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import openslide
import pytest
import tifffile
import tiffslide

from hookpath.errors import HookpathError, OutputError
from hookpath.slides import PyramidWriter, open_map, open_slide
from hookpath.slides.writing.tiff_directories import ImageSpec

COLORS = [(255, 255, 255), (200, 0, 0), (0, 160, 0), (80, 90, 250)]
Array = npt.NDArray[Any]


def labels_of(width: int, height: int) -> Array:
    """Label patches of 13 × 7 px, 0…3, and a blank corner."""
    found = np.add.outer(np.arange(height) // 7, np.arange(width) // 13) % 4
    found[: height // 2, : width // 2] = 0
    return found.astype(np.uint8)


def noise(width: int, height: int, channels: int, dtype: str = "uint8") -> Array:
    values = np.random.default_rng(0).random((height, width, channels))
    return values.astype(dtype) if dtype == "float32" else (values * 256).astype(dtype)


def write(path: Path, array: Array, rows: int = 50, **given: Any) -> Path:
    """Write all of `array` in strips of `rows` rows, tiles of 64 px."""
    height, width = array.shape[:2]
    channels = array.shape[2] if array.ndim == 3 else 1
    options: dict[str, Any] = {"tile": 64, "dtype": array.dtype.name, "spacing_um": 0.5034} | given
    with PyramidWriter(path, width, height, channels, **options) as writer:
        for y in range(0, height, rows):
            writer.write_rows(y, array[y : y + rows])
    return path


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (65, 63), (300, 211), (128, 500)])
@pytest.mark.parametrize("rows", [1, 64, 77, 1000])
def test_class_maps_read_back_everywhere(tmp_path: Path, size: tuple[int, int], rows: int) -> None:
    labels = labels_of(*size)
    path = write(tmp_path / "c.tif", labels, rows, colormap=COLORS)
    rgb = np.array(COLORS, np.uint8)[labels]
    assert np.array_equal(tifffile.imread(path, level=0), labels)
    with openslide.OpenSlide(path) as slide:
        seen = np.asarray(slide.read_region((0, 0), 0, size).convert("RGB"))
    assert np.array_equal(seen, rgb)
    with tiffslide.TiffSlide(path) as slide:
        assert slide.dimensions == size
    with open_map(path) as opened:
        assert np.array_equal(opened.read(0, 0, *size), labels)


@pytest.mark.parametrize("channels", [2, 3, 5])
def test_channels_read_back(tmp_path: Path, channels: int) -> None:
    array = noise(200, 150, channels)
    path = write(tmp_path / "p.tif", array)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.series[0].axes == "CYX"
        assert np.array_equal(np.moveaxis(tiff.series[0].asarray(), 0, -1), array)
    with openslide.OpenSlide(path) as slide:
        first = np.asarray(slide.read_region((0, 0), 0, (200, 150)).convert("RGB"))
    assert np.array_equal(first, np.repeat(array[..., :1], 3, axis=2))
    with open_map(path) as opened:
        assert np.array_equal(opened.read(0, 0, 200, 150), array)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_sample_types(tmp_path: Path, dtype: str) -> None:
    array = noise(100, 90, 2, dtype)
    with open_map(write(tmp_path / "p.tif", array)) as opened:
        found = opened.read(0, 0, 100, 90)
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


def test_every_reader_knows_the_spacing(tmp_path: Path) -> None:
    path = write(tmp_path / "c.tif", labels_of(300, 211), colormap=COLORS, spacing_um=0.5034)
    with openslide.OpenSlide(path) as slide:
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5034, rel=1e-7)
        assert float(slide.properties["openslide.mpp-y"]) == pytest.approx(0.5034, rel=1e-7)
    with tiffslide.TiffSlide(path) as slide:
        assert slide.properties["tiffslide.mpp-x"] == pytest.approx(0.5034, rel=1e-7)
    with open_slide(path) as slide:
        assert slide.calibration.mpp == pytest.approx(0.5034, rel=1e-7)
    with open_map(path) as opened:
        assert opened.spacing_um == 0.5034


def test_all_levels_are_found_by_openslide_and_by_ome_readers(tmp_path: Path) -> None:
    path = write(tmp_path / "p.tif", noise(300, 211, 3))
    sizes = [(300, 211), (150, 106), (75, 53), (38, 27)]
    with openslide.OpenSlide(path) as slide:
        assert list(slide.level_dimensions) == sizes
    with tifffile.TiffFile(path) as tiff:
        assert [level.shape[:0:-1] for level in tiff.series[0].levels] == sizes
        assert len(tiff.series) == 1
    with open_map(path) as opened:
        assert list(opened.level_sizes) == sizes


def test_lower_levels_of_a_class_map_hold_the_commonest_label(tmp_path: Path) -> None:
    labels = np.zeros((128, 128), np.uint8)
    labels[:2, :8] = [[1, 1, 1, 3, 1, 2, 3, 1], [1, 3, 3, 3, 2, 3, 2, 1]]
    with open_map(write(tmp_path / "c.tif", labels, colormap=COLORS)) as opened:
        assert opened.level_sizes == ((128, 128), (64, 64))
        lower = opened.read(0, 0, 64, 64, level=1)
    # 1113 → 1; 1 3 3 3 → 3; 1 2 2 3 → 2; 3 1 2 1 → 1.
    assert lower[0, :4].tolist() == [1, 3, 2, 1]


def test_labels_are_never_mixed(tmp_path: Path) -> None:
    labels = np.where(np.indices((200, 200)).sum(axis=0) % 2, 0, 2).astype(np.uint8)
    with open_map(write(tmp_path / "c.tif", labels, colormap=COLORS)) as opened:
        for level, (width, height) in enumerate(opened.level_sizes):
            assert set(np.unique(opened.read(0, 0, width, height, level))) <= {0, 2}


def test_lower_levels_of_probabilities_are_means(tmp_path: Path) -> None:
    array = noise(128, 128, 2)
    expected = array.astype(int).reshape(64, 2, 64, 2, 2).sum(axis=(1, 3))
    with open_map(write(tmp_path / "p.tif", array)) as opened:
        assert np.array_equal(opened.read(0, 0, 64, 64, level=1), (expected + 2) // 4)


def test_odd_edges_count_twice(tmp_path: Path) -> None:
    array = np.full((65, 65, 1), 10, np.uint8)
    array[-1], array[:, -1] = 50, 90
    with open_map(write(tmp_path / "p.tif", array)) as opened:
        lower = opened.read(0, 0, 33, 33, level=1)
    assert lower[0, 0] == 10
    assert lower[-1, 0] == 50
    assert (lower[:, -1] == 90).all()


def test_rows_left_out_are_zero(tmp_path: Path) -> None:
    path = tmp_path / "c.tif"
    ones = np.ones((10, 100), np.uint8)
    with PyramidWriter(path, 100, 400, 1, 0.5, tile=64, colormap=COLORS) as writer:
        writer.write_rows(150, ones)
        writer.write_rows(160, ones)
        writer.write_rows(300, ones)
    with open_map(path) as opened:
        found = opened.read(0, 0, 100, 400)
    rows = np.flatnonzero(found.any(axis=1)).tolist()
    assert rows == [*range(150, 170), *range(300, 310)]


def test_blank_tiles_are_stored_once(tmp_path: Path) -> None:
    path = tmp_path / "c.tif"
    with PyramidWriter(path, 64 * 100, 64 * 100, 1, 0.5, tile=64, colormap=COLORS):
        pass
    with tifffile.TiffFile(path) as tiff:
        assert len(set(tiff.pages.first.dataoffsets)) == 1
    assert path.stat().st_size < 64 * 100 * 64


def test_names_colours_and_description_are_kept(tmp_path: Path) -> None:
    array = noise(70, 70, 2)
    path = write(
        tmp_path / "p.tif",
        array,
        description="hookpath: µ & <b>",
        channel_names=["Tümor", "Other"],
        channel_colors=[(255, 0, 0), None],
    )
    with tifffile.TiffFile(path) as tiff:
        xml = tiff.ome_metadata
    # Bio-Formats drops character references: "&#181;m" becomes a unit it does not know.
    assert "&#" not in xml
    found = {element.tag.split("}")[1]: element for element in ElementTree.fromstring(xml).iter()}  # type: ignore[arg-type]
    channels = [e for e in ElementTree.fromstring(xml).iter() if e.tag.endswith("Channel")]  # type: ignore[arg-type]
    assert [channel.get("Name") for channel in channels] == ["Tümor", "Other"]
    # OME: red, green, blue, alpha as a signed 32-bit integer.
    assert [channel.get("Color") for channel in channels] == [str(0xFF0000FF - 2**32), None]
    assert found["Description"].text == "hookpath: µ & <b>"
    assert found["Pixels"].get("PhysicalSizeX") == "0.5034"


def test_colours_of_the_class_map(tmp_path: Path) -> None:
    with open_map(write(tmp_path / "c.tif", labels_of(70, 70), colormap=COLORS)) as opened:
        assert opened.colormap is not None
        assert [tuple(color) for color in opened.colormap[:4].tolist()] == COLORS


def test_jpeg_is_near(tmp_path: Path) -> None:
    smooth = np.full((100, 100, 2), (60, 200), np.uint8)
    path = write(tmp_path / "p.tif", smooth, compression="jpeg")
    with open_map(path) as opened:
        assert np.abs(opened.read(0, 0, 100, 100).astype(int) - smooth).max() <= 2


def spec(width: int, height: int, channels: int = 1) -> ImageSpec:
    return ImageSpec(
        width=width,
        height=height,
        channel_names=("a",) * channels,
        channel_colors=(None,) * channels,
        spacing_um=0.5,
        tile=512,
        dtype=np.dtype(np.uint8),
        compression="deflate",
        colormap=None,
        name="a",
        description="",
    )


def test_bigtiff_only_where_four_gigabytes_may_be_exceeded() -> None:
    # With the lower levels, 4/3 of the px: 3 · 2^30 · 4/3 is 4 GiB.
    assert not spec(32768, 65536).needs_big
    assert spec(32768, 98304).needs_big
    assert spec(32768, 32768, 3).needs_big


def test_bigtiff_reads_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageSpec, "needs_big", True)
    array = noise(300, 211, 3)
    path = write(tmp_path / "p.tif", array)
    assert struct.unpack("<2sH", path.read_bytes()[:4]) == (b"II", 43)
    with openslide.OpenSlide(path) as slide:
        assert slide.level_count == 4
        first = np.asarray(slide.read_region((0, 0), 0, (300, 211)).convert("RGB"))
    assert np.array_equal(first[..., 0], array[..., 0])
    with open_map(path) as opened:
        assert np.array_equal(opened.read(0, 0, 300, 211), array)


def test_nothing_is_there_before_the_end_and_only_the_file_after(tmp_path: Path) -> None:
    path = tmp_path / "c.tif"
    path.write_bytes(b"the old one")
    with PyramidWriter(path, 100, 100, 1, 0.5) as writer:
        writer.write_rows(0, np.zeros((100, 100), np.uint8))
        assert path.read_bytes() == b"the old one"
    assert [found.name for found in tmp_path.iterdir()] == ["c.tif"]
    assert tifffile.imread(path).shape == (100, 100)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "c.tif"
    path.write_bytes(b"the old one")

    def interrupted() -> None:
        with PyramidWriter(path, 100, 100, 1, 0.5) as writer:
            writer.write_rows(0, np.zeros((50, 100), np.uint8))
            raise error

    with pytest.raises(error):
        interrupted()
    assert [found.name for found in tmp_path.iterdir()] == ["c.tif"]
    assert path.read_bytes() == b"the old one"


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writing on fails as on a full disk (another errno, the same way)."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("lacking", [1, 0.1, 0.5, 0.9999])
def test_no_room_is_one_clear_error_and_leaves_nothing(tmp_path: Path, lacking: float) -> None:
    path, array = tmp_path / "p.tif", noise(200, 200, 1)
    size = write(path, array).stat().st_size
    path.unlink()
    room = size - (1 if lacking == 1 else int(size * lacking))
    with files_no_larger_than(room), pytest.raises(OutputError) as caught:
        write(path, array, rows=64)
    assert isinstance(caught.value, HookpathError)
    assert str(caught.value).startswith(f"{path}: cannot be written (")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "none" / "p.tif"
    with (
        pytest.raises(OutputError, match=r"p\.tif: cannot be written"),
        PyramidWriter(path, 9, 9, 1, 0.5),
    ):
        pass


def test_rows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    rows = np.zeros((10, 100), np.uint8)
    wrong: list[tuple[int, Array]] = [
        (0, rows[:, :99]),
        (0, rows[..., None].repeat(2, axis=2)),
        (0, rows.astype(np.float32)),
        (95, rows),
        (-1, rows),
    ]
    for y, bad in wrong:
        with (
            pytest.raises(ValueError, match="rows"),
            PyramidWriter(tmp_path / "c.tif", 100, 100, 1, 0.5) as writer,
        ):
            writer.write_rows(y, bad)
    with PyramidWriter(tmp_path / "c.tif", 100, 100, 1, 0.5) as writer:
        writer.write_rows(0, rows)
        with pytest.raises(ValueError, match="come after 10"):
            writer.write_rows(5, rows)
    with pytest.raises(ValueError, match="not open"):
        writer.write_rows(10, rows)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"width": 0}, "1 px"),
        ({"spacing_um": float("nan")}, "µm/px"),
        ({"tile": 100}, "multiple of 16"),
        ({"dtype": "int64"}, "int64"),
        ({"compression": "lzw"}, "lzw"),
        ({"colormap": COLORS, "compression": "jpeg"}, "mix labels"),
        ({"colormap": COLORS, "channels": 2}, "one channel"),
        ({"colormap": COLORS * 65}, "256 colours"),
        ({"channel_names": ["a", "b"]}, "2 names for 1"),
        ({"channel_colors": [None, None]}, "2 colours for 1"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    tmp_path: Path, options: dict[str, Any], word: str
) -> None:
    given: dict[str, Any] = {"width": 10, "height": 10, "channels": 1, "spacing_um": 0.5}
    with pytest.raises(ValueError, match=word):
        PyramidWriter(tmp_path / "p.tif", **(given | options))
