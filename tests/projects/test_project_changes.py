"""One read of what images share, one write and one backup of it, however many images there are."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hookpath.errors import ProjectError, UsageError, WriteRefusedError
from hookpath.loop import LoopSettings, overview, start
from hookpath.loop.state.image_records import STATE_KEY
from hookpath.projects import SPLIT_KEY, FolderProject, QuPathProject, open_project, summarise
from hookpath.projects.folder_store import project_file as folder_file
from hookpath.projects.folder_store.project_file import FOLDER_FILE
from hookpath.projects.qupath_store import project_json as qpproj
from hookpath.slides import reader_selection
from support.projects import write_project_file
from support.slides import write_pyramid
from support.textures import texture_image

SETTINGS = LoopSettings(train={"family": "unet"})
N = 12


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often shared files were read and written, and slides opened."""
    found: Counter[str] = Counter()

    def counted(module: Any, name: str, what: str) -> None:
        original = getattr(module, name)

        def count(*given: Any, **named: Any) -> Any:
            found[what] += 1
            return original(*given, **named)

        monkeypatch.setattr(module, name, count)

    counted(qpproj, "read_project", "read")
    counted(folder_file, "_read", "read")
    counted(qpproj, "write_json", "write")
    counted(folder_file, "write_json", "write")
    counted(reader_selection, "_open", "open")
    return found


def slides(folder: Path) -> list[Path]:
    folder.mkdir()
    first = write_pyramid(folder / "s00.tif", texture_image(0, 64), 1.0, levels=1)
    paths = [first, *(folder / f"s{number:02d}.tif" for number in range(1, N))]
    for path in paths[1:]:
        path.write_bytes(first.read_bytes())
    return paths


def qupath_project(root: Path) -> Path:
    """N images, with nothing annotated (that needs no QuPath)."""
    servers = [
        {
            "builderType": "uri",
            "uri": path.as_uri(),
            "metadata": {"isRGB": True, "width": 64, "height": 64},
        }
        for path in slides(root.parent / "slides")
    ]
    return write_project_file(root, [(f"image {i}", s) for i, s in enumerate(servers)])


def test_reading_is_linear(tmp_path: Path, counts: Counter[str]) -> None:
    project = open_project(qupath_project(tmp_path / "p"))
    for _ in range(2):
        for entry in project.images:
            assert dict(entry.metadata) == {}
            assert entry.description.size_l0 == (64, 64)
            assert entry.slide.path.is_file()
    assert counts == {"read": 1, "open": N}
    project.close()


def test_a_folder_is_read_once(tmp_path: Path, counts: Counter[str]) -> None:
    slides(tmp_path / "s")
    (tmp_path / "s" / FOLDER_FILE).write_text('{"images": {"s01.tif": {"mpp": 2}}}')
    found = summarise(open_project(tmp_path / "s"))
    assert [image.spacing_um for image in found[:3]] == [1.0, 2.0, 1.0]
    assert counts == {"read": 1, "open": N}


def test_changes_are_written_once(tmp_path: Path, counts: Counter[str]) -> None:
    source = qupath_project(tmp_path / "p")
    before = source.read_text()
    project = QuPathProject(source)
    with project.changes() as changes:
        for entry in project.images:
            entry.set_metadata({"Färbung": "H&E"})
            changes.set_metadata(entry.id, {SPLIT_KEY: "val"})
            assert dict(entry.metadata) == {"Färbung": "H&E", SPLIT_KEY: "val"}
        with project.changes() as inner:  # within another: that one writes
            inner.set_metadata("1", {"Färbung": None})
        assert source.read_text() == before
    assert counts == {"read": 4, "write": 1}  # opened; looked at, changed and checked at the end
    (backup,) = source.parent.glob("project.qpproj.hookpath-*.bak")
    assert backup.read_text() == before
    images = open_project(source).images
    assert dict(images[0].metadata) == {SPLIT_KEY: "val"}
    assert {tuple(i.metadata) for i in images[1:]} == {("Färbung", SPLIT_KEY)}


def test_nothing_new_is_not_written(tmp_path: Path, counts: Counter[str]) -> None:
    source = qupath_project(tmp_path / "p")
    project = QuPathProject(source)
    with project.changes():
        pass
    project.images[0].set_metadata({"gone": None})
    assert counts["write"] == 0
    assert list(source.parent.glob("*.bak")) == []


def test_what_was_done_is_written_although_the_command_failed(tmp_path: Path) -> None:
    slides(tmp_path / "s")
    project = FolderProject(tmp_path / "s")

    def stopped() -> None:
        with project.changes() as changes:
            changes.set_metadata("s03.tif", {SPLIT_KEY: "test"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert open_project(tmp_path / "s").read("s03.tif").metadata == {SPLIT_KEY: "test"}
    with pytest.raises(UsageError, match="no image with the id s99"):
        project.read("s99")


def test_somebody_elses_changes_stay(tmp_path: Path) -> None:
    source = qupath_project(tmp_path / "p")
    project = QuPathProject(source)
    with project.changes() as changes:
        changes.set_metadata("2", {SPLIT_KEY: "val"})
        changes.set_metadata("3", {SPLIT_KEY: "val"})
        content = json.loads(source.read_text())
        content["images"][1]["metadata"] = {"reader": "B"}
        source.write_text(json.dumps(content))
    assert open_project(source).read("2").metadata == {"reader": "B", SPLIT_KEY: "val"}
    content["images"] = content["images"][:2]
    source.write_text(json.dumps(content))
    with pytest.raises(WriteRefusedError, match="image 3 is no longer in"):
        project.images[2].set_metadata({"reader": "C"})


def test_a_loop_begins_with_one_write(tmp_path: Path, counts: Counter[str]) -> None:
    folder = tmp_path / "s"
    slides(folder)
    (folder / FOLDER_FILE).write_text('{"images": {}}')
    loop = start(tmp_path / "loop", FolderProject(folder), SETTINGS)
    assert counts["write"] == 1
    (backup,) = folder.glob("*.bak")
    assert backup.read_text() == '{"images": {}}'
    project = FolderProject(folder)
    assert {e.metadata[STATE_KEY] for e in project.images} == {"todo"}
    overview(loop, project)
    assert counts["write"] == 1
    project.images[0].set_metadata({STATE_KEY: None})
    overview(loop, FolderProject(folder))
    assert counts["write"] == 3


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    source = qupath_project(tmp_path / "p")

    def mark(ids: range) -> None:
        for i in ids:
            open_project(source).images[i].set_metadata({SPLIT_KEY: "val"})

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(mark, (range(0, N, 2), range(1, N, 2))))
    assert [e.metadata.get(SPLIT_KEY) for e in open_project(source).images] == ["val"] * N
    assert not [p for p in source.parent.iterdir() if p.name.startswith(".")]


def test_a_read_only_project_says_so_at_the_end(tmp_path: Path) -> None:
    source = qupath_project(tmp_path / "p")
    project = QuPathProject(source)
    source.parent.chmod(0o555)
    try:
        with (
            pytest.raises(ProjectError, match="read-only"),
            project.changes() as changes,
        ):
            changes.set_metadata("1", {SPLIT_KEY: "val"})
    finally:
        source.parent.chmod(0o755)
