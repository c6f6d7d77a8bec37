"""Label images beside patches, and the layouts of other frameworks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.conversion import read_class_values
from hookpath.errors import UsageError
from hookpath.extraction import ExtractConfig, ExtractReport, Magnification, extract_projects
from hookpath.extraction.dataset_layouts import patch_files, run_lengths, write_coco, write_nnunet
from hookpath.projects import SPLIT_KEY, FolderProject
from support.reporting import Notes
from support.slides import position_image, write_pyramid

CONFIG = ExtractConfig((Magnification.parse("10x"),), size=64, where="all", masks=True)
VALUES = {"Tumor": 1, "Stroma": 2}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two slides of 128 × 64 px of 1 µm: tumour with a hole on one, stroma on the other."""
    made = tmp_path / "slides"
    made.mkdir()
    for name in ("a.tif", "b.tif"):
        write_pyramid(made / name, position_image(128, 64), mpp=1.0, levels=1)
    ring = box(10, 10, 50, 40) - box(20, 20, 30, 30)
    red = PathClass("Tumor", (200, 0, 0))
    write_geojson(made / "a.geojson", [PathObject(ring, path_class=red)])
    two = [PathObject(b, path_class=PathClass("Stroma")) for b in
           (box(70, 0, 80, 10), box(100, 0, 110, 10))]  # fmt: skip
    write_geojson(made / "b.geojson", two)
    FolderProject(made).images[1].set_metadata({SPLIT_KEY: "test"})
    return made


def extract(folder: Path, config: ExtractConfig = CONFIG) -> ExtractReport:
    return extract_projects([FolderProject(folder)], folder.parent / "out", config)


def masks(report: ExtractReport) -> list[np.ndarray]:
    assert report.table is not None
    return [np.asarray(Image.open(f.mask)) for f in patch_files(report.table)]


def test_values_mean_the_same_on_every_slide(folder: Path) -> None:
    report = extract(folder)
    found = read_class_values(report.out_dir / "labels.csv").classes
    assert {c.name: v for v, c in found.items() if c} == VALUES
    assert found[VALUES["Tumor"]] == PathClass("Tumor", (200, 0, 0))  # with its colour
    first, second, third, fourth = masks(report)  # two patches a slide
    expected = np.zeros((64, 64), np.uint8)
    expected[10:40, 10:50], expected[20:30, 20:30] = 1, 0
    assert np.array_equal(first, expected)
    assert not second.any()
    assert not third.any()
    assert np.unique(fourth).tolist() == [0, 2]
    assert (fourth == 2).sum() == 2 * 100


def test_a_new_class_changes_what_is_there(folder: Path) -> None:
    """Values of all slides must agree: what was extracted with others is extracted again."""
    extract(folder)
    assert len(extract(folder).resumed) == 2
    more = [PathObject(box(0, 0, 9, 9), path_class=PathClass(n)) for n in ("Fat", "Tumor")]
    write_geojson(folder / "a.geojson", more)
    report = extract(folder)
    assert [r.image for r in report.extracted] == ["a.tif", "b.tif"]


def test_coco_holds_every_piece_exactly(folder: Path) -> None:
    report = extract(folder)
    assert report.table is not None
    content = json.loads(write_coco(report.table, VALUES).read_text("utf-8"))
    assert [c["name"] for c in content["categories"]] == ["Tumor", "Stroma"]
    assert len(content["images"]) == 4
    assert [a["category_id"] for a in content["annotations"]] == [1, 2, 2]
    tumor = content["annotations"][0]
    assert (tumor["area"], tumor["bbox"]) == (40 * 30 - 100, [10, 10, 40, 30])
    assert decoded(tumor["segmentation"]).tolist() == (masks(report)[0] == 1).tolist()
    image = content["images"][tumor["image_id"] - 1]
    assert (report.out_dir / image["file_name"]).is_file()


def decoded(segmentation: dict[str, list[int]]) -> np.ndarray:
    """As COCO's own tools read uncompressed run lengths."""
    flat = np.concatenate([np.full(n, i % 2) for i, n in enumerate(segmentation["counts"])])
    return flat.reshape(segmentation["size"], order="F").astype(bool)


@pytest.mark.parametrize("rows", [[[1, 0], [1, 1]], [[0, 0], [0, 0]], [[1, 1], [1, 1]]])
def test_run_lengths_go_down_the_columns(rows: list[list[int]]) -> None:
    mask = np.array(rows, bool)
    counts = list(run_lengths(mask))
    assert sum(counts) == 4
    assert decoded({"counts": counts, "size": [2, 2]}).tolist() == mask.tolist()


def test_nnunet_ignores_what_nobody_drew(folder: Path) -> None:
    report = extract(folder)
    assert report.table is not None
    root = write_nnunet(report.table, VALUES, "My slides")
    content = json.loads((root / "dataset.json").read_text("utf-8"))
    assert root.name == "Dataset001_My_slides"
    assert content["labels"] == {"background": 0, "Tumor": 1, "Stroma": 2, "ignore": 3}
    assert content["numTraining"] == 2
    assert len(list((root / "imagesTs").iterdir())) == 2
    names = sorted(p.name for p in (root / "labelsTr").iterdir())
    images = sorted(p.name for p in (root / "imagesTr").iterdir())
    assert images == [n.replace(".png", "_0000.png") for n in names]
    first = np.asarray(Image.open(root / "labelsTr" / names[0]))
    assert np.unique(first).tolist() == [1, 3]
    again = write_nnunet(report.table, VALUES, "My slides")
    assert sorted(p.name for p in (again / "labelsTr").iterdir()) == names


def test_nnunet_of_no_patch_is_an_empty_set(folder: Path) -> None:
    (folder / "patches.csv").write_text("file,split\n")
    root = write_nnunet(folder / "patches.csv", VALUES, "none")
    assert json.loads((root / "dataset.json").read_text("utf-8"))["numTraining"] == 0


def test_nnunet_keeps_every_patch_and_class_whatever_they_are_called(folder: Path) -> None:
    for path in folder.glob("a.*"):
        path.rename(folder / ("組織" * 36 + path.suffix))  # 216 bytes
    report = extract(folder)
    assert report.table is not None
    root = write_nnunet(report.table, {"background": 1, "ignore": 2}, "x")
    assert len(list((root / "imagesTr").iterdir())) == 2
    assert json.loads((root / "dataset.json").read_text("utf-8"))["labels"] == {
        "background": 0,
        "background (class)": 1,
        "ignore (class)": 2,
        "ignore": 3,
    }


def test_what_nnunet_cannot_read_is_refused(folder: Path) -> None:
    two = dataclasses.replace(CONFIG, at=(*CONFIG.at, Magnification.parse("5x")))
    for config, message in (
        (two, "one magnification"),
        (dataclasses.replace(CONFIG, image_format="jpeg"), "PNG images"),
    ):
        report = extract(folder, config)
        assert report.table is not None
        with pytest.raises(UsageError, match=message):
            write_nnunet(report.table, VALUES, "x")


def test_masks_of_nothing_are_refused(folder: Path) -> None:
    for path in folder.glob("*.geojson"):
        path.unlink()
    with pytest.raises(UsageError, match="nothing of a class is annotated"):
        extract(folder)


@pytest.mark.parametrize("text", ["20", "10", "5"])
def test_a_bare_number_that_may_be_either_is_asked_about(text: str) -> None:
    with pytest.raises(UsageError, match=rf"{text} µm/px meant.*{text}um.*magnification {text}x"):
        Magnification.parse(text)
    assert Magnification.parse(f"{text}um").spacing_um == float(text)
    assert [Magnification.parse(t).spacing_um for t in ("0.5", "4", "8")] == [0.5, 4, 8]


def test_why_there_is_no_patch(folder: Path) -> None:
    config = dataclasses.replace(CONFIG, masks=False, where="labels", label_share=0.9)
    notes = Notes()
    extract_projects([FolderProject(folder)], folder.parent / "out", config, notes)
    # 30 × 40 px with a hole of 10 × 10 of 64 × 64.
    assert notes.warnings[0] == (
        "a.tif: no patch has enough of what is asked for (of 2 places none has 90% of one class, "
        "the best has 27%; try a smaller --size or --label-share)"
    )
    near = dataclasses.replace(config, label_share=0.27)
    extract_projects([FolderProject(folder)], folder.parent / "near", near, notes)
    assert any("none has 27.0% of one class, the best has 26.9%" in w for w in notes.warnings)
    large = dataclasses.replace(config, size=100)
    extract_projects([FolderProject(folder)], folder.parent / "large", large, notes)
    assert "the slide is smaller than one patch of 100 px at 10x" in notes.warnings[-1]
