"""Whole extractions: images and tables, workers, restarts, and what goes wrong."""

from __future__ import annotations

import csv
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import LineString, box

from hookpath.annotations import LabelRules, PathClass, PathObject, write_geojson
from hookpath.errors import OutputError, UsageError
from hookpath.extraction import ExtractConfig, ExtractReport, Magnification, extract_projects
from hookpath.extraction.extraction_record import RECORD_NAME
from hookpath.locking import CLAIMS_NAME
from hookpath.projects import REST_KEY, SPLIT_KEY, FolderEntry, FolderProject
from hookpath.slides import open_slide
from hookpath.temporary_files import is_unfinished
from support.annotated import DeadlySlide
from support.leftovers import leftovers
from support.slides import PERIOD, damage, position_image, write_pyramid
from support.tissue_square import area, slide_with
from support.training import Recorder

X10, X5 = Magnification.parse("10x"), Magnification.parse("5x")
ALL = ExtractConfig((X10,), size=64, where="all")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two slides of 256 × 192 px of 1 µm, the first with an annotated tumour in its first patch."""
    made = tmp_path / "slides"
    made.mkdir()
    for name in ("a.tif", "b.tif"):
        write_pyramid(made / name, position_image(256, 192), mpp=1.0)
    tumor = PathObject(box(0, 0, 64, 64), path_class=PathClass("Tumor"))
    write_geojson(made / "a.geojson", [tumor])
    return made


def _extract(folder: Path, config: ExtractConfig = ALL, out: Path | None = None) -> ExtractReport:
    return extract_projects([FolderProject(folder)], out or folder.parent / "out", config)


def _rows(report: ExtractReport) -> list[dict[str, str]]:
    assert report.table is not None
    with report.table.open(newline="") as table:
        return list(csv.DictReader(table))


def _content(out: Path) -> dict[str, bytes]:
    """All images and tables (records have times)."""
    files = (p for p in out.rglob("*") if p.is_file() and p.name != RECORD_NAME)
    return {str(p.relative_to(out)): p.read_bytes() for p in files}


def test_every_image_is_what_its_row_says(folder: Path) -> None:
    config = ExtractConfig((X10, X5), size=64, stride=50, where="all")
    report = _extract(folder, config)
    rows = _rows(report)
    # (256 - 64) // 50 + 1 = 4 columns, (192 - 64) // 50 + 1 = 3 rows; two slides, twice.
    assert len(rows) == 2 * 2 * 12
    assert [r.patches for r in report.extracted] == [{"10x": 12, "5x": 12}] * 2
    for row in rows:
        x, y, step = float(row["x"]), float(row["y"]), float(row["downsample"])
        with Image.open(report.out_dir / row["file"]) as image:
            pixels = np.asarray(image).astype(int)
        assert pixels.shape == (64, 64, 3)
        assert (row["magnification"], row["um_per_px"]) in {("10", "1"), ("5", "2")}
        # A pixel inside the slide whose columns and rows do not cross a period of the ramp.
        column = next(i for i in range(64) if x + i * step >= 0 and (x + i * step) % PERIOD < 60)
        line = next(i for i in range(64) if y + i * step >= 0 and (y + i * step) % PERIOD < 60)
        expected = [
            2 * ((v % PERIOD) + (step - 1) / 2) for v in (x + column * step, y + line * step)
        ]
        assert pixels[line, column, :2].tolist() == expected


def test_what_reaches_off_the_slide_is_white(folder: Path) -> None:
    report = _extract(folder, ExtractConfig((X10, X5), size=64, where="all"))
    first = _rows(report)[1]
    assert (first["x"], first["y"]) == ("-32", "-32")
    with Image.open(report.out_dir / first["file"]) as image:
        pixels = np.asarray(image)
    assert (pixels[:16] == 255).all()
    assert (pixels[:, :16] == 255).all()
    assert (pixels[16:, 16:, 2] == 200).all()


def test_the_table_has_labels_splits_and_projects(folder: Path) -> None:
    FolderProject(folder).images[0].set_metadata({SPLIT_KEY: "val"})
    report = _extract(folder)
    first, second = _rows(report)[:2]
    assert {k: first[k] for k in ("image", "split", "label", "label_share", "centre_label")} == {
        "image": "a.tif", "split": "val", "label": "Tumor", "label_share": "1.0000",
        "centre_label": "Tumor",
    }  # fmt: skip
    assert (first["project"], first["tissue_share"], second["label"]) == ("slides", "", "")
    assert report.extracted[0].by_label == {"Tumor": 1, "": 11}
    strong = _extract(folder, ExtractConfig((X10,), size=64, where="labels"))
    assert [r.patches for r in strong.extracted] == [{"10x": 1}, {}]


def _labels_of_the_square(folder: Path, out: Path, **settings: Any) -> ExtractReport:
    """Patches of 32 px of a slide of 8 × 8 of them, of which the inner 6 × 6 are tissue."""
    at = (Magnification.parse("8"),)
    config = ExtractConfig(at, size=32, where="all", tissue="saturation", **settings)
    return _extract(folder, config, out)


def test_undrawn_tissue_may_be_a_label(tmp_path: Path) -> None:
    slide_with(tmp_path / "slides", area("Tumor", 32, 32, 128, 128))
    report = _labels_of_the_square(tmp_path / "slides", tmp_path / "out", rest="Normal")
    assert report.extracted[0].by_label == {"": 28, "Tumor": 9, "Normal": 27}
    only = _labels_of_the_square(
        tmp_path / "slides", tmp_path / "out", rest="Normal", classes=("Tumor",)
    )
    assert only.extracted[0].by_label == {"": 55, "Tumor": 9}


def test_a_line_of_a_width_is_a_label(folder: Path) -> None:
    line = PathObject(LineString([(0, 96), (256, 96)]), path_class=PathClass("Vessel"))
    write_geojson(folder / "b.geojson", [line])
    config = replace(ALL, where="labels", images=("b.tif",), label_share=0.3)
    (plain,) = _extract(folder, config).extracted
    assert plain.by_label == {}
    (wide,) = _extract(folder, replace(config, rules=LabelRules(line_width_um=40))).extracted
    assert wide.by_label == {"Vessel": 4}  # of the middle row, 40 of 64 px high


def test_an_image_s_own_rest_is_a_label_and_a_change_of_it_extracts_again(tmp_path: Path) -> None:
    folder, out = tmp_path / "slides", tmp_path / "out"
    entry = slide_with(folder, area("Tumor", 32, 32, 128, 128))
    assert _labels_of_the_square(folder, out).extracted[0].by_label == {"": 55, "Tumor": 9}
    for name in ("Stroma", "Fat"):
        entry.set_metadata({REST_KEY: name})
        found = _labels_of_the_square(folder, out).extracted[0].by_label
        assert found == {"": 28, "Tumor": 9, name: 27}
    again = _labels_of_the_square(folder, out)
    assert (len(again.extracted), len(again.resumed)) == (0, 1)


def test_a_wanted_class_that_nobody_drew_is_reported(folder: Path) -> None:
    recorder = Recorder()
    config = ExtractConfig((X10,), size=64, where="all", classes=("Tumour", "Tumor"))
    extract_projects([FolderProject(folder)], folder.parent / "out", config, recorder)
    assert recorder.warnings == ["class 'Tumour' is on none of these images; there are: Tumor"]


def test_a_class_to_count_as_another_that_nobody_drew_is_reported(folder: Path) -> None:
    recorder = Recorder()
    rules = LabelRules(rename={"Tumor": "Cancer", "Absent": "X"})
    config = ExtractConfig((X10,), size=64, where="all", rules=rules)
    extract_projects([FolderProject(folder)], folder.parent / "out", config, recorder)
    (line,) = recorder.warnings
    assert line.startswith("class 'Absent', which is to count as 'X', is annotated on none of")
    assert line.endswith("there are: 'Tumor'")


def test_several_projects_go_into_one_table_and_images_can_be_chosen(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_pyramid(other / "a.tif", position_image(128, 64), mpp=1.0)
    projects = [FolderProject(folder), FolderProject(other)]
    config = ExtractConfig((X10,), size=64, where="all", images=("a.tif",))
    rows = _rows(extract_projects(projects, tmp_path / "out", config))
    assert [(r["project"], r["image"]) for r in rows] == [("slides", "a.tif")] * 12 + [
        ("other", "a.tif")
    ] * 2
    with pytest.raises(UsageError, match="no image named c"):
        extract_projects(projects, tmp_path / "out", ExtractConfig(images=("c.tif",)))


def test_the_table_lists_images_that_were_extracted_alike_before(folder: Path) -> None:
    for name in ("b.tif", "a.tif"):
        one = ExtractConfig((X10,), size=64, where="all", images=(name,))
        report = _extract(folder, one)
    assert [r["image"] for r in _rows(report)] == ["a.tif"] * 12 + ["b.tif"] * 12
    assert [r.image for r in report.extracted] == ["a.tif"]
    other = ExtractConfig((X10,), size=96, where="all", images=("a.tif",))
    assert {r["image"] for r in _rows(_extract(folder, other))} == {"a.tif"}


def test_jpeg_is_smaller_and_close(folder: Path) -> None:
    config = ExtractConfig((X10,), size=64, where="all", image_format="jpeg", quality=95)
    report = _extract(folder, config)
    path = report.out_dir / _rows(report)[0]["file"]
    assert path.suffix == ".jpg"
    with open_slide(folder / "a.tif") as slide, Image.open(path) as image:
        assert image.format == "JPEG"
        exact = slide.read_level(0, 0, 0, 64, 64).astype(int)
        assert np.abs(np.asarray(image) - exact).mean() < 4


def test_finished_slides_are_not_made_again_unless_something_changed(folder: Path) -> None:
    first = _extract(folder)
    before = _content(first.out_dir)
    again = _extract(folder)
    assert (len(again.extracted), len(again.resumed)) == (0, 2)
    assert _content(again.out_dir) == before

    drawn = PathObject(box(64, 0, 128, 64), path_class=PathClass("Stroma"))
    write_geojson(folder / "b.geojson", [drawn])
    changed = _extract(folder)
    assert [r.image for r in changed.extracted] == ["b.tif"]
    assert changed.extracted[0].by_label == {"Stroma": 1, "": 11}

    write_pyramid(folder / "a.tif", 255 - position_image(256, 192), 1.0)
    assert [r.image for r in _extract(folder).extracted] == ["a.tif"]
    other = ExtractConfig((X10,), size=32, where="all")
    assert len(_extract(folder, other).extracted) == 2
    for record in again.out_dir.glob("*/record.json"):  # by a machine whose clock is ahead
        os.utime(record, (1e11, 1e11))
    forced = ExtractConfig((X10,), size=32, where="all", again=True)
    assert len(_extract(folder, forced).extracted) == 2


def test_workers_change_nothing_but_the_time(folder: Path, tmp_path: Path) -> None:
    config = ExtractConfig((X10, X5), size=32, where="all")
    alone = _extract(folder, config, tmp_path / "alone")
    two = _extract(
        folder, ExtractConfig((X10, X5), size=32, where="all", workers=2), tmp_path / "two"
    )
    assert _content(alone.out_dir) == _content(two.out_dir)


def test_workers_do_without_torch() -> None:
    # It would cost each of them seconds, and hundreds of megabytes.
    code = "import sys, hookpath.extraction.extraction_worker; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_damaged_slide_is_listed_and_leaves_nothing(folder: Path) -> None:
    damage(folder / "a.tif", 3000)
    report = _extract(folder)
    assert [(p.image, p.code) for p in report.problems] == [("a.tif", "slide_unreadable")]
    assert [r.image for r in report.extracted] == ["b.tif"]
    assert {p.name for p in report.out_dir.iterdir()} == {
        "patches.csv",
        next(p.name for p in report.out_dir.iterdir() if p.name.startswith("b.tif-")),
    }


def test_a_slide_that_kills_its_reader_does_not_stop_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FolderEntry.slide.fget  # type: ignore[attr-defined]
    assert whole is not None

    def slide(entry: FolderEntry) -> object:
        reference = whole(entry)
        deadly = DeadlySlide(reference.path, signal_number=signal.SIGKILL)
        return deadly if entry.name == "a.tif" else reference

    monkeypatch.setattr(FolderEntry, "slide", property(slide))
    config = ExtractConfig((X10,), size=64, where="all", workers=1)
    report = _extract(folder, config)
    assert [(p.image, p.code) for p in report.problems] == [("a.tif", "extraction_failed")]
    assert "ended twice" in report.problems[0].message
    assert [r.image for r in report.extracted] == ["b.tif"]


def test_a_full_disk_ends_the_run_and_leaves_finished_slides(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.write_bytes
    written: list[Path] = []

    def write_bytes(path: Path, data: bytes) -> int:
        if len(written) == 20:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        written.append(path)
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(OutputError, match="the disk is full") as caught:
        _extract(folder)
    assert caught.value.code == "disk_full"
    (left,) = (folder.parent / "out").iterdir()
    assert left.name.startswith("a.tif-")
    monkeypatch.undo()
    report = _extract(folder)
    assert [r.image for r in report.resumed] == ["a.tif"]
    assert len(_rows(report)) == 24


def test_a_folder_that_cannot_be_written_to_is_said_at_once(folder: Path) -> None:
    (folder.parent / "out").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written to"):
        _extract(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_stopped_at_any_time_it_goes_on_where_it_was(
    folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    write_pyramid(folder / "c.tif", position_image(1024, 1024), mpp=1.0)
    out = tmp_path / "out"
    call = [sys.executable, "-m", "hookpath", "extract", str(folder), "-o", str(out), "--size=32",
            "--where=all", "--stride=24", "--workers=1"]  # fmt: skip
    started = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _wait_for(lambda: any(out.glob(".hookpath-*-c.tif-*/10x/*")))
    started.send_signal(number)
    # Its workers hold the pipes, too: they end with it, however that was.
    _, said = started.communicate(timeout=60)
    assert started.returncode != 0
    folders = (p for p in out.iterdir() if p.is_dir() and p.name != CLAIMS_NAME)
    finished = [p for p in folders if not is_unfinished(p)]
    assert all((p / RECORD_NAME).is_file() and (p / "patches.csv").is_file() for p in finished)
    if number == signal.SIGINT:
        assert b"stopped" in said
        assert not leftovers(out)

    config = ExtractConfig((X10,), size=32, stride=24, where="all")
    report = _extract(folder, config, out)
    assert {r.image for r in report.resumed} == {"a.tif", "b.tif"}
    assert not leftovers(out)
    whole = _extract(folder, config, tmp_path / "whole")
    assert _content(out) == _content(whole.out_dir)


def _wait_for(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end, "it never began"
        time.sleep(0.01)


def test_tissue_is_what_the_rule_says(tmp_path: Path) -> None:
    # Left half: grey, which is darker than glass but has no colour; right half: pink.
    image = np.full((256, 512, 3), 245, np.uint8)
    image[32:224, 32:224] = 120
    image[32:224, 288:480] = (200, 90, 150)
    write_pyramid(tmp_path / "s.tif", image, mpp=8.0)
    place = FolderProject(tmp_path)
    found = {}
    for rule in ("generous", "saturation"):
        config = ExtractConfig((Magnification.parse("8um"),), size=64, tissue=rule, again=True)
        rows = _rows(extract_projects([place], tmp_path / "out", config))
        found[rule] = {float(r["x"]) < 256 for r in rows}
    assert found == {"generous": {True, False}, "saturation": {False}}
