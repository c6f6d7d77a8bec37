"""What a run takes of what people drew, and what it says of the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.errors import TrainingError
from hookpath.projects import open_project, summarise
from hookpath.training import TrainConfig
from hookpath.training.data.training_data import TrainingData, gather
from support.reporting import Notes
from support.slides import write_pyramid

CONFIG = TrainConfig.load(overrides=["validation.fraction=0"])
#: At 8 µm/px 125 × 125 px are 1 mm².
MM2 = 125 * 125


def area(name: str | None, x: float, y: float, side: float = 25) -> PathObject:
    """A square, by default of 0.04 mm²."""
    path_class = None if name is None else PathClass(name)
    return PathObject(shapely.box(x, y, x + side, y + side), path_class=path_class)


def folder_with(folder: Path, **annotated: list[PathObject]) -> Path:
    """Slides of 256 × 256 px at 8 µm/px, and what is annotated on each."""
    folder.mkdir(exist_ok=True)
    for name, objects in annotated.items():
        image = np.full((256, 256, 3), 200, np.uint8)
        path = write_pyramid(folder / f"{name}.tif", image, mpp=8.0, levels=1)
        write_geojson(path.with_suffix(".geojson"), objects)
    return folder


def gathered(
    folder: Path, notes: Notes | None = None, config: TrainConfig = CONFIG
) -> TrainingData:
    return gather([open_project(folder)], config, notes or Notes())


def test_one_class_and_what_is_of_no_interest_can_be_told_apart(tmp_path: Path) -> None:
    """QuPath's usual foreground and background."""
    data = gathered(folder_with(tmp_path, a=[area("Tumor", 0, 0), area("Ignore*", 50, 0)]))
    assert data.classes.names == ("Tumor", "Ignore*")
    assert data.train[0].labels.report.area_l0 == {"Tumor": 625, "Ignore*": 625}


def test_classes_go_by_qupaths_rule(tmp_path: Path) -> None:
    names = [
        "Tumor", "Artefact*", "Region of necrosis", "Regional fibrosis", "Ignored glands",
        "Ignore*", "Tumor: Boundary*", "Stroma",
    ]  # fmt: skip
    annotated = [area(name, 30.0 * i, 0) for i, name in enumerate([*names, "Region*"][:8])]
    annotated += [area("Region*", 0, 100)]
    data = gathered(folder_with(tmp_path, a=annotated))
    assert data.classes.names == tuple(names)
    (image,) = summarise(open_project(tmp_path))
    assert dict(image.annotated_mm2) == pytest.approx(dict.fromkeys(names, 0.04))


def test_only_classes_of_no_interest_are_nothing_to_find(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a=[area("Ignore*", 0, 0), area("Artefact*", 50, 0)])
    with pytest.raises(TrainingError, match="only classes of no interest are annotated"):
        gathered(folder)


def test_what_is_left_out_is_reported_by_class_number_area_and_reason(tmp_path: Path) -> None:
    line = PathObject(shapely.LineString([(0, 200), (50, 200)]), path_class=PathClass("Tumor"))
    usual = [area("Tumor", 0, 0), area("Stroma", 50, 0)]
    folder = folder_with(
        tmp_path,
        a=[*usual, area(None, 100, 0), area("Region*", 0, 60), line],
        b=[*usual, area(None, 100, 0), area("Fat", 0, 60), area("Tumor", 240, 0, 32)],
        c=[area(None, 0, 0), line],
    )
    notes = Notes()
    config = TrainConfig.load(overrides=["validation.fraction=0", "classes=['Tumor','Stroma']"])
    gathered(folder, notes, config)
    assert [w for w in notes.warnings if "not used" in w] == [
        "c.tif, a.tif, b.tif: without a class: 3 annotations, 0.1200 mm², not used: no class",
        "c.tif, a.tif: Tumor: 2 annotations, not used: lines have no area; draw areas, or use "
        "--line-width",
        "b.tif: Fat: 1 annotation, 0.0400 mm², not used: the class is not among those to be "
        "learned",
        "b.tif: Tumor: 1 annotation, 0.0328 mm², not used: beyond the slide",
    ]
    assert [i for i in notes.infos if "region" in i] == [
        "a.tif: Region*: 1 annotation, 0.0400 mm², not used as a class: it marks a region"
    ]
    ((_, reported),) = [r for r in notes.results if r[0] == "left_out"]
    assert [i["image"] for i in reported["images"]] == ["c.tif", "a.tif", "b.tif"]
    assert reported["images"][2]["left_out"][0] == {
        "class": "", "count": 1, "mm2": pytest.approx(0.04), "why": "unclassified"
    }  # fmt: skip


def test_info_says_the_same_of_each_image(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path, a=[area("Tumor", 0, 0), area(None, 50, 0), area("Ignore*", 5, 5, 5)]
    )
    (image,) = summarise(open_project(folder))
    assert dict(image.annotated_mm2) == pytest.approx({"Tumor": 600 / MM2, "Ignore*": 25 / MM2})
    assert [(x["class"], x["count"], x["why"]) for x in image.left_out] == [
        ("", 1, "unclassified"),
        ("Tumor", 1, "covered"),
    ]
    assert [x["mm2"] for x in image.left_out] == pytest.approx([0.04, 25 / MM2])
    assert image.notes[0] == "without a class: 1 annotation, 0.0400 mm², not used: no class"


def test_lines_and_points_are_learned_from_where_they_have_a_width(tmp_path: Path) -> None:
    line = PathObject(shapely.LineString([(10, 50), (60, 50)]), path_class=PathClass("Tumor"))
    dot = PathObject(shapely.Point(100, 100), path_class=PathClass("Stroma"))
    folder = folder_with(tmp_path, a=[line, dot])
    with pytest.raises(TrainingError, match="no area with a class"):
        gathered(folder)
    config = TrainConfig.load(overrides=["validation.fraction=0", "labels.line_width_um=80"])
    notes = Notes()
    data = gathered(folder, notes, config)
    area = data.train[0].labels.report.area_l0
    assert area["Tumor"] == pytest.approx(50 * 10 + np.pi * 25, rel=1e-2)
    assert area["Stroma"] == pytest.approx(np.pi * 25, rel=1e-2)
    assert not notes.warnings[1:]
    (image,) = summarise(open_project(folder), rules=config.labels)
    assert image.annotated_mm2["Tumor"] == pytest.approx(area["Tumor"] / MM2)
    assert image.left_out == ()


def test_derived_classes_count_as_their_base_class(tmp_path: Path) -> None:
    annotated = [area("Tumor: Positive", 0, 0), area("Tumor", 50, 0), area("Stroma", 100, 0)]
    folder = folder_with(tmp_path, a=annotated)
    assert gathered(folder).classes.names == ("Tumor: Positive", "Tumor", "Stroma")
    config = TrainConfig.load(overrides=["validation.fraction=0", "labels.fold_derived=true"])
    data = gathered(folder, config=config)
    assert data.train[0].labels.report.area_l0 == {"Tumor": 1250, "Stroma": 625}


def test_a_name_that_is_read_as_another_is_reported_once_for_all_images(tmp_path: Path) -> None:
    annotated = [area(" Tumor", 0, 0), area("Stroma", 50, 0)]
    folder = folder_with(tmp_path, a=annotated, b=annotated, c=annotated, d=annotated)
    notes = Notes()
    assert gathered(folder, notes).classes.names == ("Tumor", "Stroma")
    reported = [i for i in notes.infos if "is read as" in i]
    assert reported == ["a.tif, b.tif, c.tif and 1 more image: class ' Tumor' is read as 'Tumor'"]


def test_slides_of_one_name_in_two_projects_stay_apart(tmp_path: Path) -> None:
    annotated = [area("Tumor", 0, 0), area("Stroma", 50, 0)]
    projects = [open_project(folder_with(tmp_path / name, a=annotated)) for name in ("one", "two")]
    notes = Notes()
    named = CONFIG.changed(["validation.val=['a.tif (two)']"])
    data = gather(projects, named, notes)
    assert data.split == {"train": ["a.tif (one)"], "val": ["a.tif (two)"], "test": []}
    with pytest.raises(TrainingError, match=r"no annotated slide is called 'a.tif'"):
        gather(projects, CONFIG.changed(["validation.val=['a.tif']"]), notes)


def test_classes_that_count_as_another_are_one(tmp_path: Path) -> None:
    annotated = [area("Benign", 0, 0), area("Stroma", 50, 0), area("Tumor", 100, 0)]
    notes = Notes()
    rules = 'labels.rename={"Benign" = "Other", "Stroma" = "Other", "Fat" = "Other"}'
    data = gathered(folder_with(tmp_path, a=annotated), notes, CONFIG.changed([rules]))
    assert data.train[0].labels.report.area_l0 == {"Other": 1250, "Tumor": 625}
    assert notes.warnings[0].startswith(
        "class 'Fat', which is to count as 'Other', is annotated on none of these images"
    )
