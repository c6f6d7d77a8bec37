"""Which image of a TIFF is the slide: the largest, wherever it stands; loops end in a refusal."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from hookpath.errors import SlideError
from hookpath.geometry import Region
from hookpath.slides import open_slide
from support.slides import RGB, halve, pyramid_of, write_pyramid
from support.zoo import place_code

SLIDE = place_code(320, 256)
SMALL = np.full((60, 80, 3), 90, np.uint8)
TILED: dict[str, Any] = {"tile": (64, 64), "photometric": "rgb", "metadata": None}
PLAIN: dict[str, Any] = {"photometric": "rgb", "metadata": None}


def write(path: Path, *pages: tuple[RGB, dict[str, Any]]) -> Path:
    with tifffile.TiffWriter(path) as writer:
        for data, options in pages:
            writer.write(data, **options)
    return path


def whole(path: Path) -> RGB:
    with open_slide(path) as slide:
        return slide.read(Region(0, 0, slide.width_l0, slide.height_l0, 1, 1))


@pytest.mark.parametrize("options", [TILED, PLAIN], ids=["tiles", "strips"])
@pytest.mark.parametrize("flag", [0, 1, 9], ids=["unmarked", "reduced", "macro"])
@pytest.mark.parametrize("last", [False, True])
def test_the_largest_image_is_the_slide(
    tmp_path: Path, options: dict[str, Any], flag: int, last: bool
) -> None:
    pages = [(SMALL, PLAIN | {"subfiletype": flag}), (SLIDE, options)]
    path = write(tmp_path / "a.tif", *(pages if last else reversed(pages)))
    assert np.array_equal(whole(path), SLIDE)


def test_it_is_reported_which_image_is_the_slide(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (SMALL, PLAIN), (SLIDE, TILED))
    with open_slide(path) as slide:
        (note,) = slide.notes
    assert "2 images: 80 × 60 px, 320 × 256 px; the largest, 320 × 256 px" in note


def test_levels_may_stand_in_any_order(tmp_path: Path) -> None:
    levels = pyramid_of(SLIDE, 3)
    reduced = TILED | {"subfiletype": 1}
    pages = [(levels[2], reduced), (levels[1], reduced), (levels[0], TILED)]
    with open_slide(write(tmp_path / "a.tif", *pages)) as slide:
        assert [level.downsample_x for level in slide.levels] == [1, 2, 4]
        found = slide.read(Region(0, 0, 80, 64, 4, 4))
    assert np.array_equal(found, levels[2])


@pytest.mark.parametrize("macro_first", [False, True])
def test_levels_of_another_image_are_not_the_slides(tmp_path: Path, macro_first: bool) -> None:
    """The macro's own small level is of a size that would fit the slide."""
    macro = np.full((128, 160, 3), 50, np.uint8)
    reduced = TILED | {"subfiletype": 1}
    own = [(macro, TILED), (halve(macro), reduced)]
    scan = [(SLIDE, TILED)]
    path = write(tmp_path / "a.tif", *(own + scan if macro_first else scan + own))
    with open_slide(path) as slide:
        assert len(slide.levels) == 1
        assert np.array_equal(slide.read(Region(0, 0, 160, 128, 2, 2)), halve(SLIDE))


def test_a_level_that_fits_no_factor_is_left_out(tmp_path: Path) -> None:
    odd = np.zeros((100, 200, 3), np.uint8)
    path = write(tmp_path / "a.tif", (SLIDE, TILED), (odd, TILED | {"subfiletype": 1}))
    with open_slide(path) as slide:
        assert len(slide.levels) == 1


def test_padded_levels_lie_where_they_should(tmp_path: Path) -> None:
    """Whole tiles of 64 px: 330 × 270 px is 384 × 320, its halves are 192 × 192 and 128 × 128."""
    levels = pyramid_of(place_code(330, 270), 3)

    def filled(level: RGB) -> RGB:
        height, width = (-(-side // 64) * 64 for side in level.shape[:2])
        fill = ((0, height - level.shape[0]), (0, width - level.shape[1]), (0, 0))
        return np.pad(level, fill, constant_values=255)

    options = [TILED, TILED | {"subfiletype": 1}, TILED | {"subfiletype": 1}]
    pages = [(filled(level), o) for level, o in zip(levels, options, strict=True)]
    with open_slide(write(tmp_path / "a.tif", *pages)) as slide:
        assert [level.downsample_x for level in slide.levels][:2] == [1, 2]
        for factor, level in zip((1, 2, 4), levels, strict=True):
            size = 64 // factor * 4, 64 // factor * 4
            found = slide.read(Region(0, 0, *size, factor, factor)).astype(int)
            assert np.abs(found - level[: size[1], : size[0]]).max() <= 1


def test_resolution_tags_have_a_say_in_what_a_level_is(tmp_path: Path) -> None:
    """80 px of 300, padded to 160 px (of 320): by size it is a half, by its tags a quarter."""
    base = np.zeros((320, 320, 3), np.uint8)
    level = np.zeros((160, 160, 3), np.uint8)
    for fraction, levels in ((2, 2), (1, 2), (4, 1)):
        tags = [
            {"resolution": (r, r), "resolutionunit": "CENTIMETER"} for r in (2e4, 2e4 / fraction)
        ]
        here = {"tile": (160, 160), "photometric": "rgb", "metadata": None}
        pages = [(base, here | tags[0]), (level, here | tags[1] | {"subfiletype": 1})]
        with open_slide(write(tmp_path / f"{fraction}.tif", *pages)) as slide:  # type: ignore[arg-type]
            assert len(slide.levels) == levels


@pytest.mark.parametrize("n", [2, 5])
def test_images_of_one_size_are_a_stack(tmp_path: Path, n: int) -> None:
    path = write(tmp_path / "a.tif", *[(SLIDE, TILED)] * n)
    with pytest.raises(SlideError, match=rf"a\.tif: has {n} channels or planes.*; export"):
        open_slide(path)


def test_the_largest_page_is_the_slide_whatever_it_calls_itself(tmp_path: Path) -> None:
    levels = pyramid_of(SLIDE, 3)
    reduced = TILED | {"subfiletype": 1}
    pages = [(levels[2], TILED), (levels[0], reduced), (levels[1], reduced)]
    path = write(tmp_path / "a.tif", *pages)
    assert np.array_equal(whole(path), SLIDE)


def test_planes_without_pages_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((4, 64, 64), np.uint8), truncate=True)
    with pytest.raises(SlideError, match=r"channels or planes.*; export"):
        open_slide(path)


def test_samples_that_nobody_explains_are_refused(tmp_path: Path) -> None:
    """No photometric tag: white may be 0 or 255."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((64, 64), np.uint8), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages.first.tags["PhotometricInterpretation"].offset
    with path.open("r+b") as file:
        file.seek(place)
        file.write(struct.pack("<H", 65000))
    with pytest.raises(SlideError, match=r"no photometric tag.*; export"):
        open_slide(path)


def test_pixels_in_another_file_are_not_looked_for_here(tmp_path: Path) -> None:
    """An OME-TIFF of several files."""
    path = ome(
        tmp_path / "a.ome.tif", (SLIDE, {"axes": "YXS"}, {"photometric": "rgb", "tile": (64, 64)})
    )
    with tifffile.TiffFile(path, mode="r+") as tiff:
        xml = tiff.pages.first.description
        uuid = '<UUID FileName="b.ome.tif">urn:uuid:1</UUID>'
        other = f'<TiffData IFD="0" PlaneCount="1">{uuid}</TiffData>'
        tiff.pages.first.tags["ImageDescription"].overwrite(
            xml.replace('<TiffData IFD="0" PlaneCount="1"/>', other)
        )
    with pytest.raises(SlideError, match=r"in another file \(b\.ome\.tif\); open"):
        open_slide(path)


def test_a_plane_of_a_grey_stack_is_grey_as_a_lone_one_is(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = np.arange(4 * 64 * 64, dtype=np.uint16).reshape(4, 64, 64).astype(np.uint8)
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "ZYX"})
    with open_slide(path, plane=(3, 0)) as slide:
        assert slide.planes == (4, 1)
        assert slide.is_rgb
        assert (slide.read_level(0, 0, 0, 64, 64) == pixels[3, ..., None]).all()


def ome(path: Path, *images: tuple[RGB, dict[str, Any], dict[str, Any]]) -> Path:
    with tifffile.TiffWriter(path, ome=True) as writer:
        for data, metadata, options in images:
            writer.write(data, metadata=metadata, **options)
    return path


def test_a_macro_before_the_scan_in_an_ome_tiff(tmp_path: Path) -> None:
    sizes = {"PhysicalSizeX": 8, "PhysicalSizeY": 8}, {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    rgb = {"photometric": "rgb", "tile": (64, 64)}
    path = ome(
        tmp_path / "a.ome.tif",
        (SMALL, {"axes": "YXS", "Name": "macro", **sizes[0]}, rgb),
        (SLIDE, {"axes": "YXS", "Name": "scan", **sizes[1]}, rgb),
    )
    with open_slide(path) as slide:
        assert (slide.width_l0, slide.height_l0) == (320, 256)
        assert slide.calibration.mpp == pytest.approx(0.5)
        assert "80 × 60 px (macro)" in slide.notes[0]


def test_an_ome_xml_that_names_no_pages_hides_no_image(tmp_path: Path) -> None:
    rgb = {"photometric": "rgb", "tile": (64, 64)}
    path = ome(tmp_path / "a.ome.tif", (SMALL, {"axes": "YXS"}, rgb), (SLIDE, {"axes": "YXS"}, rgb))
    with tifffile.TiffFile(path, mode="r+") as tiff:
        description = tiff.pages.first.tags["ImageDescription"]
        description.overwrite(re.sub(r"<TiffData [^>]*/>", "<TiffData/>", description.value))
    assert np.array_equal(whole(path), SLIDE)


def test_two_scans_of_one_size_are_listed(tmp_path: Path) -> None:
    rgb = {"photometric": "rgb", "tile": (64, 64)}
    named = [(SLIDE, {"axes": "YXS", "Name": name}, rgb) for name in ("one", "two")]
    with pytest.raises(SlideError, match=r"2 images: 320 × 256 px \(one\), .*\(two\); .*export"):
        open_slide(ome(tmp_path / "a.ome.tif", *named))


CHANNELS = np.moveaxis(SLIDE, -1, 0)


@pytest.mark.parametrize(
    ("names", "order"),
    [(["Red", "Green", "Blue"], [0, 1, 2]), (["b", "G", "r"], [2, 1, 0])],
)
def test_channels_named_red_green_and_blue(
    tmp_path: Path, names: list[str], order: list[int]
) -> None:
    metadata = {"axes": "CYX", "Channel": {"Name": names}}
    options = {"photometric": "minisblack", "tile": (64, 64)}
    path = ome(tmp_path / "a.ome.tif", (CHANNELS, metadata, options))
    assert np.array_equal(whole(path), SLIDE[..., order])


def test_three_channels_of_8_bits_that_nobody_calls_red_green_and_blue_are_no_rgb(
    tmp_path: Path,
) -> None:
    options = {"photometric": "minisblack", "tile": (64, 64)}
    path = ome(tmp_path / "a.ome.tif", (CHANNELS, {"axes": "CYX"}, options))
    with open_slide(path) as slide:
        assert not slide.is_rgb
        assert [c.name for c in slide.channels] == ["Channel 1", "Channel 2", "Channel 3"]
        height, width = CHANNELS.shape[1:]
        found = slide.read_level(0, 0, 0, width, height)
        assert (found == np.moveaxis(CHANNELS, 0, -1)).all()


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_directories_that_go_round_in_a_circle(
    tmp_path: Path, big: bool, order: str, n: int
) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as writer:  # type: ignore[arg-type]
        for side in range(64, 64 + n):
            writer.write(np.zeros((side, 64, 3), np.uint8), **PLAIN)
    with tifffile.TiffFile(path) as tiff:
        first, last = tiff.pages[0].offset, tiff.pages[-1].offset
    link = struct.Struct(order + ("Q" if big else "I"))
    with path.open("r+b") as file:
        file.seek(last)
        count = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))[0]
        file.seek(count * (20 if big else 12), 1)
        file.write(link.pack(first))
    with pytest.raises(SlideError, match=r"a\.tif: .*go round in a circle.*; .*copy"):
        open_slide(path)


@pytest.mark.parametrize(
    ("samples", "said"),
    [((1, 1), True), ((2, 2), True), ((2, 1), True), ((1, 1), False), ((2, 2), False)],
)
def test_ycbcr_whose_colour_is_stored_more_coarsely(
    tmp_path: Path, samples: tuple[int, int], said: bool
) -> None:
    """TIFF 6.0's units of brightnesses with one Cb and one Cr, which tifffile does not write."""
    across, down = samples
    y = (np.arange(64 * 64).reshape(64, 64) % 200).astype(np.uint8)
    luma = y.reshape(64 // down, down, 64 // across, across).swapaxes(1, 2)
    units = np.full((64 // down, 64 // across, across * down + 2), 128, np.uint8)
    units[..., :-2] = luma.reshape(*units.shape[:2], -1)
    data = units.tobytes()
    tags = [
        (256, 3, 1, 64), (257, 3, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 6),
        (273, 4, 1, 8), (277, 3, 1, 3), (278, 3, 1, 64), (279, 4, 1, len(data)),
    ]  # fmt: skip
    if said:
        tags.append((530, 3, 2, across | down << 16))
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = b"II*\0" + struct.pack("<I", 8 + len(data))
    path = tmp_path / "a.tif"
    path.write_bytes(head + data + struct.pack("<H", len(tags)) + directory + bytes(4))
    assert np.array_equal(whole(path), np.repeat(y[..., None], 3, axis=2))


def test_a_pyramids_first_page_need_not_be_its_largest(tmp_path: Path) -> None:
    """With SubIFDs, as Bio-Formats writes it behind a label."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(SMALL, **PLAIN)
        writer.write(SLIDE, subifds=1, **TILED)
        writer.write(halve(SLIDE), subfiletype=1, **TILED)
    with open_slide(path) as slide:
        assert [level.width for level in slide.levels] == [320, 160]


def test_what_no_codec_reads_is_named(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "a.tif", SLIDE, 0.5, levels=1)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages.first.tags["Compression"].overwrite(34676)
    with pytest.raises(SlideError, match=r"cannot be read here \(.*SGILOG.*\); save"):
        open_slide(path)


@pytest.mark.parametrize("codec", ["jpeg", "jpeg2000", "png"])
def test_a_tile_that_announces_too_much_is_not_decoded(tmp_path: Path, codec: str) -> None:
    """A few kilobytes would become gigabytes."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, SLIDE, tile=(64, 64), photometric="rgb", compression=codec)
    small = tmp_path / "b.tif"
    large = np.zeros((2048, 2048, 3), np.uint8)
    tifffile.imwrite(small, large, tile=(2048, 2048), photometric="rgb", compression=codec)
    with tifffile.TiffFile(small) as tiff:
        page = tiff.pages.first
        bomb = small.read_bytes()[page.dataoffsets[0] :][: page.databytecounts[0]]
    place = path.stat().st_size
    with path.open("ab") as file:
        file.write(bomb)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tags = tiff.pages.first.tags
        tags["TileOffsets"].overwrite([place, *tags["TileOffsets"].value[1:]])
        tags["TileByteCounts"].overwrite([len(bomb), *tags["TileByteCounts"].value[1:]])
    with pytest.raises(SlideError, match=r"damaged.*holds 4194304 px, which are too many.*; copy"):
        open_slide(path)
