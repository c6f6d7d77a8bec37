"""Several projects as one, and folders of any shape."""

from __future__ import annotations

from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.errors import ProjectError, UsageError
from hookpath.projects import (
    SPLIT_KEY,
    FolderProject,
    ImageEntry,
    PooledProject,
    Project,
    open_project,
    own_entry,
    pooled,
    result_key,
    summarise,
    teaching_objects,
)
from hookpath.projects.project_discovery import projects_below
from support.edited import propose
from support.projects import write_project_file
from support.textures import texture_slide

TUMOR = PathClass("Tumor", (200, 0, 0))


def slides(folder: Path, *names: str) -> FolderProject:
    """A folder of tiny slides, a square of 10 px annotated on each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        path = texture_slide(folder / name, seed=number, size=64)
        write_geojson(
            path.with_suffix(".geojson"), [PathObject(box(0, 0, 10, 10), path_class=TUMOR)]
        )
    return FolderProject(folder)


@pytest.fixture
def pool(tmp_path: Path) -> PooledProject:
    made = pooled([slides(tmp_path / "A", "s.tif", "t.tif"), slides(tmp_path / "B", "s.tif")])
    assert isinstance(made, PooledProject)
    return made


def test_it_is_a_project_whose_images_keep_apart(pool: PooledProject) -> None:
    assert isinstance(pool, Project)
    assert all(isinstance(e, ImageEntry) for e in pool.images)
    assert [e.name for e in pool.images] == ["s.tif (A)", "t.tif", "s.tif (B)"]
    assert len({e.id for e in pool.images}) == 3
    assert pool.name == "A + B"
    assert [e.slide.path.parent.name for e in pool.images] == ["A", "A", "B"]
    assert pool.read(pool.images[2].id).name == "s.tif (B)"
    with pytest.raises(UsageError, match="no image with the id"):
        pool.read("s.tif")


def test_results_are_filed_as_if_each_project_were_alone_where_that_is_clear(
    pool: PooledProject,
) -> None:
    (alone,) = [e for e in FolderProject(pool.projects[0].source).images if e.name == "t.tif"]
    assert result_key(pool.images[1]) == result_key(alone) == ("t.tif", "t.tif")
    assert len({result_key(e) for e in pool.images}) == 3


def test_writing_goes_into_each_image_s_own_project(pool: PooledProject, tmp_path: Path) -> None:
    with pool.changes() as changes:
        changes.write(pool.images[2].id, [PathObject(box(0, 0, 5, 5), path_class=TUMOR)], "r")
        changes.set_metadata(pool.images[1].id, {SPLIT_KEY: "val"})
    assert [o.run for o in FolderProject(tmp_path / "B").images[0].objects()] == [None, "r"]
    assert [dict(e.metadata) for e in FolderProject(tmp_path / "A").images] == [
        {},
        {SPLIT_KEY: "val"},
    ]
    assert pool.images[2].remove_results().removed == 1


def test_the_loop_of_an_image_s_own_project_counts(tmp_path: Path) -> None:
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
        texture_slide(tmp_path / name / "a.tif", seed=0)
    propose(tmp_path / "B", "a.tif")
    pool = pooled([FolderProject(tmp_path / name) for name in ("A", "B")])
    assert [len(teaching_objects(e)) for e in pool.images] == [0, 2]
    assert own_entry(pool.images[1]).id == "a.tif"


def test_one_project_is_itself(tmp_path: Path) -> None:
    project = slides(tmp_path / "A", "s.tif")
    assert pooled([project]) is project


def test_a_folder_of_any_shape(tmp_path: Path) -> None:
    slides(tmp_path / "TCGA" / "0a-uuid", "TCGA-AA-0001.svs.tif")
    slides(tmp_path / "TCGA" / "1b-uuid" / "deep", "TCGA-AA-0002.svs.tif")
    write_project_file(tmp_path / "lab" / "kidney", [])
    write_project_file(tmp_path / "lab" / "liver", [])
    (tmp_path / "lab" / "loose.qpproj").write_text('{"images": []}')
    (tmp_path / "lab" / "liver" / "data" / "1").mkdir(parents=True)
    (tmp_path / "lab" / "liver" / "data" / "1" / "x.tif").write_bytes(b"?")
    for ours in ("run", "out"):
        (tmp_path / ours / "maps").mkdir(parents=True)
        (tmp_path / ours / "maps" / "m.tif").write_bytes(b"?")
    (tmp_path / "run" / "run.json").write_text("{}")
    (tmp_path / "out" / "maps" / "prediction.json").write_text("{}")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "one.png").write_bytes(b"?")
    found = [p.relative_to(tmp_path).as_posix() for p in projects_below(tmp_path)]
    assert found == [
        "TCGA/0a-uuid",
        "TCGA/1b-uuid/deep",
        "lab/kidney/project.qpproj",
        "lab/liver/project.qpproj",
        "lab/loose.qpproj",
    ]
    project = open_project(tmp_path / "TCGA")
    assert (project.name, project.source) == ("TCGA", tmp_path / "TCGA")
    areas = [i.annotated_mm2["Tumor"] for i in summarise(project)]
    assert areas == pytest.approx([1e-4, 1e-4])  # 10 × 10 px of 1 µm
    assert open_project(tmp_path / "lab" / "..").name == tmp_path.name


def test_a_folder_with_nothing_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    with pytest.raises(ProjectError, match="no slide in this folder, nor below it"):
        open_project(tmp_path / "empty")
