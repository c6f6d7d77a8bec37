"""Label masks and the tables that say what their values are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject
from hookpath.conversion import (
    ClassValues,
    MaskWriter,
    mask_downsample,
    read_class_values,
    read_mask,
    write_class_values,
)
from hookpath.errors import AnnotationError
from support.shared import copy_of_shared

TUMOR, STROMA = PathClass("Tumor", (200, 0, 0)), PathClass("Stroma", (0, 200, 0))
VALUES = ClassValues({3: TUMOR, 7: STROMA, 255: None})


def _labels() -> np.ndarray:
    """A ring of tumour about stroma, and a place that nobody knows."""
    labels = np.zeros((40, 60), np.uint8)
    labels[5:25, 10:40] = 3
    labels[10:15, 20:30] = 7
    labels[30:, 50:] = 255
    return labels


def _save(path: Path, labels: np.ndarray) -> Path:
    if path.suffix == ".png":
        Image.fromarray(labels).save(path)
    else:
        tiles: dict[str, Any] = {"tile": (16, 16)} if path.stem == "tiled" else {}
        tifffile.imwrite(path, labels, compression="zlib", **tiles)
    return path


@pytest.mark.parametrize("name", ["a.png", "tiled.tif", "strips.tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pieces_of_a_mask_become_polygons_with_holes(
    tmp_path: Path, name: str, dtype: type
) -> None:
    path = _save(tmp_path / name, _labels().astype(dtype))
    tumor, stroma = read_mask(path, VALUES, (4.0, 8.0))
    assert (tumor.path_class, stroma.path_class) == (TUMOR, STROMA)
    assert tumor.geometry.equals(box(40, 40, 160, 200).difference(box(80, 80, 120, 120)))
    assert stroma.geometry.equals(box(80, 80, 120, 120))


def test_a_palette_counts_by_index_and_a_black_and_white_mask_has_0_and_1(tmp_path: Path) -> None:
    palette = Image.fromarray(_labels(), mode="P")
    palette.putpalette([v for i in range(256) for v in (i, 0, 255 - i)])
    palette.save(tmp_path / "p.png")
    assert len(read_mask(tmp_path / "p.png", VALUES, (1, 1))) == 2
    Image.fromarray(_labels() == 3).save(tmp_path / "b.png")
    (found,) = read_mask(tmp_path / "b.png", ClassValues({1: TUMOR}), (1, 1))
    assert found.geometry.area == 20 * 30 - 50


def test_a_value_that_the_table_lacks_is_named(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.png", _labels())
    with pytest.raises(AnnotationError, match=r"a\.png: the table of classes lacks the value 7"):
        read_mask(path, ClassValues({3: TUMOR, 255: None}), (1, 1))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.zeros((4, 4, 3), np.uint8), "3 values a pixel are colours"),
        (np.zeros((4, 4), np.float32), "float32 are no labels"),
    ],
)
def test_what_is_no_label_image_is_refused(tmp_path: Path, labels: np.ndarray, said: str) -> None:
    with pytest.raises(AnnotationError, match=said):
        read_mask(_save(tmp_path / "a.tif", labels), VALUES, (1, 1))
    broken = tmp_path / "b.png"
    broken.write_bytes(b"\x89PNG and nothing more")
    with pytest.raises(AnnotationError, match=r"b\.png"):
        read_mask(broken, VALUES, (1, 1))


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_objects_drawn_into_a_mask_come_back(tmp_path: Path, name: str) -> None:
    ring = box(40, 40, 160, 200).difference(box(80, 80, 120, 120))
    annotated = [
        PathObject(ring, path_class=TUMOR),
        PathObject(box(80, 80, 120, 120), path_class=STROMA),
    ]
    writer = MaskWriter((241, 320), (4.0, 8.0), {3: TUMOR, 7: STROMA})
    assert (writer.width, writer.height) == (61, 40)
    if name.endswith("png"):
        writer.write_png(tmp_path / name, annotated)
    else:
        writer.write_tiff(tmp_path / name, annotated, 4.0)
    expected = np.pad(np.where(_labels() == 255, 0, _labels()), ((0, 0), (0, 1)))
    shown = (
        Image.open(tmp_path / name) if name.endswith("png") else tifffile.imread(tmp_path / name)
    )
    np.testing.assert_array_equal(np.asarray(shown), expected)
    again = read_mask(tmp_path / name, VALUES, (4.0, 8.0))
    assert all(a.geometry.equals(b.geometry) for a, b in zip(again, annotated, strict=True))


@pytest.mark.parametrize(
    ("mask", "slide", "factor"),
    [
        ((100, 80), (1600, 1280), (16.0, 16.0)),
        # Halved three times, odd rows dropped each time.
        ((125, 87), (1007, 703), (8.0, 8.0)),
        ((100, 100), (250, 250), (2.5, 2.5)),
    ],
)
def test_the_scale_of_a_mask_follows_from_its_size(
    mask: tuple[int, int], slide: tuple[int, int], factor: tuple[float, float]
) -> None:
    assert mask_downsample(mask, slide) == factor


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(AnnotationError, match="does not cover a slide of 1000 × 500"):
        mask_downsample((100, 100), (1000, 500))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.csv",
            'value,name,colour,ignore\n3,Tumor,#c80000,\n7,Stroma,"rgb(0,200,0)",no\n255,,,yes\n',
        ),
        ("a.csv", "value;name;color\n3;Tumor;200 0 0\n7;Stroma;#00c800\n"),
        (
            "a.json",
            '[{"value":3,"name":"Tumor","colour":[200,0,0]},'
            '{"value":7,"name":"Stroma","colour":"#00c800"},{"value":255,"ignore":true}]',
        ),
        (
            "a.json",
            '{"3": {"name":"Tumor","colour":[200,0,0]},"7":{"name":"Stroma","color":"#00C800"}}',
        ),
        (
            "a.toml",
            '[[classes]]\nvalue=3\nname="Tumor"\ncolour="#c80000"\n'
            '[[classes]]\nvalue=7\nname="Stroma"\ncolour=[0,200,0]\n',
        ),
    ],
)
def test_tables_of_classes_in_every_spelling(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = read_class_values(tmp_path / name).classes
    assert {v: c for v, c in found.items() if c} == {3: TUMOR, 7: STROMA}
    assert 255 not in found or found[255] is None


def test_a_written_table_is_read_again(tmp_path: Path) -> None:
    classes = {1: PathClass("a, b"), 9: TUMOR}
    write_class_values(tmp_path / "c.csv", classes)
    assert read_class_values(tmp_path / "c.csv").classes == classes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("value,name\nx,Tumor\n", "class 1"),
        ("value,name\n1,Tumor\n1,Stroma\n", "class 2: the value 1 was there before"),
        ("name\nTumor\n", "class 1: no value"),
        ("value,name,colour\n1,Tumor,red\n", "'red' is neither"),
        ("value,name,ignore\n1,Tumor,perhaps\n", "either yes or no"),
        ("", "no class in the table"),
    ],
)
def test_a_wrong_table_is_named_with_its_row(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(AnnotationError, match=said) as caught:
        read_class_values(tmp_path / "c.csv")
    assert "c.csv" in str(caught.value)


@pytest.mark.shared_data
def test_bcss_mask_with_its_own_table(tmp_path: Path) -> None:
    folder = copy_of_shared("other-annotations/bcss_histomicstk", tmp_path)
    values = read_class_values(folder / "sample_GTcodes.csv")
    (path,) = folder.glob("*.png")
    found = read_mask(path, values, (1, 1))
    labels = np.asarray(Image.open(path))
    for value, named in values.classes.items():
        if named:
            area = sum(
                o.geometry.area for o in found if o.path_class and o.path_class.name == named.name
            )
            assert area == (labels == value).sum()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_mask_that_is_stored_turned_is_refused(tmp_path: Path, suffix: str) -> None:
    """Where its labels lie would be anybody's guess."""
    path = tmp_path / f"a{suffix}"
    if suffix == ".png":
        exif = Image.Exif()
        exif[274] = 3
        Image.fromarray(_labels()).save(path, exif=exif)
    else:
        tifffile.imwrite(path, _labels(), extratags=[(274, 3, 1, 3, True)])
    with pytest.raises(AnnotationError, match=r"turned or mirrored \(Orientation tag 3\)"):
        read_mask(path, VALUES, (1, 1))
