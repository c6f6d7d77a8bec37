"""Many slides: resuming, failures, and what the project gets."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from shapely import affinity, box

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.errors import OutputError, PredictionError, UsageError
from hookpath.inference import PredictConfig, PredictReport, load_prediction, predict_project
from hookpath.inference import project_prediction as project_module
from hookpath.projects import open_project
from hookpath.projects.folder_store.folder_project import FOLDER_FILE  # type: ignore[attr-defined]
from support.predictors import save_random_model
from support.reporting import Notes
from support.textures import texture_folder, texture_slide
from support.viewer import what_qupath_shows

CONFIG = PredictConfig(min_area_um2=1, device="cpu")


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("model"), seed=3)


class Work:
    """A folder project of three slides and how to predict it."""

    def __init__(self, root: Path, model_dir: Path) -> None:
        self.slides = texture_folder(root / "slides", slides=3, size=160)
        self.out, self.model_dir, self.notes = root / "out", model_dir, Notes()

    def predict(self, config: PredictConfig = CONFIG, **changes: Any) -> PredictReport:
        return predict_project(
            open_project(self.slides),
            changes.pop("model_dir", self.model_dir),
            self.out,
            config.model_copy(update=changes),
            self.notes,
        )

    def folder(self, name: str) -> Path:
        (found,) = self.out.glob(f"{name}-*")
        return found

    def objects(self, stem: str) -> list[PathObject]:
        return what_qupath_shows(self.slides / f"{stem}.tif")

    def hashes(self) -> dict[str, str]:
        """Of every annotation file and result."""
        files = [*self.slides.glob("*.geojson"), *(p for p in self.out.rglob("*") if p.is_file())]
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture
def work(tmp_path: Path, model_dir: Path) -> Work:
    return Work(tmp_path, model_dir)


def images(found: Any) -> list[str]:
    return [one.record.image for one in found]


def test_every_slide_is_predicted_and_the_project_gets_the_objects(work: Work) -> None:
    human = {o.id: o for o in work.objects("s0")}
    report = work.predict()
    assert images(report.predicted) == ["s0.tif", "s1.tif", "s2.tif"]
    assert report.problems == ()
    assert [kind for kind, _ in work.notes.results] == ["slide"] * 3
    for number, found in enumerate(report.predicted):
        assert found.record.in_project
        assert found.record.objects > 0
        ours = [o for o in work.objects(f"s{number}") if o.run is not None]
        assert {o.run for o in ours} == {found.record.run}
        assert {o.id for o in ours} == {o.id for o in found.objects}
        total = sum(o.measurements["Area µm^2"] for o in ours)
        assert total == pytest.approx(1e6 * sum(found.record.areas_mm2.values()), rel=0.05)
        assert all(0.5 <= o.measurements["Probability"] <= 1 for o in ours)
    assert {o.id: o for o in work.objects("s0") if o.run is None} == human


def test_a_second_run_changes_nothing(work: Work) -> None:
    first = work.predict()
    before = work.hashes()
    second = work.predict()
    assert second.predicted == ()
    assert second.resumed == first.predicted
    assert work.hashes() == before


def test_the_same_slide_is_the_same_by_any_path(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = work.predict()
    os.utime(work.slides / "s0.tif", (1, 1))
    monkeypatch.chdir(work.slides.parent)
    again = predict_project(open_project("slides"), work.model_dir, Path("out"), CONFIG)
    assert again.predicted == ()
    assert images(again.resumed) == images(first.predicted)
    moved = work.slides.rename(work.slides.with_name("elsewhere"))
    assert predict_project(open_project(moved), work.model_dir, work.out, CONFIG).predicted == ()


def test_another_pixel_size_is_predicted_again_and_says_so(work: Work) -> None:
    first = work.predict()
    source = open_project(work.slides, override_mpp=0.5)
    report = predict_project(source, work.model_dir, work.out, CONFIG, work.notes)
    assert images(report.predicted) == images(first.predicted)
    assert "s1.tif: was of another pixel size (0.5 µm/px, then 1); predicted again" in (
        work.notes.infos
    )
    then, now = first.predicted[0].record, report.predicted[0].record
    assert now.downsample[0] == 2 * then.downsample[0]
    assert (now.slide.mpp, now.slide.reader) == ((0.5, 0.5), "tifffile")
    # A pixel size that the project corrects counts in the same way.
    (work.slides / FOLDER_FILE).write_text('{"images": {"s1.tif": {"mpp": 0.5}}}')
    assert images(work.predict().resumed) == ["s1.tif"]


def test_a_slide_that_another_took_the_place_of_is_predicted_again(work: Work) -> None:
    work.predict()
    path = work.slides / "s1.tif"
    times = path.stat()
    texture_slide(path, seed=9, size=160)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert images(work.predict().predicted) == ["s1.tif"]


def test_predicting_again_asks_no_clock(work: Work) -> None:
    """Finished by a machine whose clock is ahead, or before this one's was set back."""
    first = work.predict()
    for record in work.out.glob("*/prediction.json"):
        os.utime(record, (1e11, 1e11))
    assert images(work.predict(again=True).predicted) == images(first.predicted)


def test_predicting_again_replaces_the_objects(work: Work) -> None:
    first = work.predict()
    again = work.predict(again=True)
    assert images(again.predicted) == images(first.predicted)
    for number, found in enumerate(again.predicted):
        ours = [o for o in work.objects(f"s{number}") if o.run is not None]
        assert {o.id for o in ours} == {o.id for o in found.objects}
        assert len(ours) == found.record.objects == first.predicted[number].record.objects


def stop_at(name: str, error: BaseException) -> Callable[..., Any]:
    """`predict_slide` that raises at one image."""
    original = project_module.predict_slide  # type: ignore[attr-defined]

    def stopping(*given: Any) -> Any:
        if name in given:
            raise error
        return original(*given)

    return stopping


def test_a_stopped_run_goes_on_at_the_first_unfinished_slide(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_module, "predict_slide", stop_at("s1.tif", KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        work.predict()
    monkeypatch.undo()
    report = work.predict()
    assert images(report.resumed) == ["s0.tif"]
    assert images(report.predicted) == ["s1.tif", "s2.tif"]


def test_a_run_stopped_before_the_project_was_written_writes_it_next_time(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hookpath.projects import FolderEntry

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FolderEntry, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        work.predict()
    monkeypatch.undo()
    assert all(o.run is None for o in work.objects("s0"))
    report = work.predict()
    assert images(report.resumed) == ["s0.tif"]
    assert any(o.run is not None for o in work.objects("s0"))


def test_bad_slides_are_listed_and_the_others_go_on(work: Work) -> None:
    (work.slides / "s0.tif").write_bytes(b"0123456789")
    (work.slides / "s1.tif").write_bytes((work.slides / "s1.tif").read_bytes()[:4000])
    report = work.predict()
    assert images(report.predicted) == ["s2.tif"]
    assert [p.image for p in report.problems] == ["s0.tif", "s1.tif"]
    for problem in report.problems:
        assert problem.image in problem.message
        assert "\n" not in problem.message
    assert len(work.notes.warnings) == 2


def test_what_makes_other_results_is_predicted_anew(
    work: Work, tmp_path_factory: pytest.TempPathFactory
) -> None:
    work.predict(as_="none", tiff=False)
    assert images(work.predict(as_="none").predicted) == ["s0.tif", "s1.tif", "s2.tif"]
    assert work.predict(as_="none", readers=1, device="cpu").predicted == ()
    assert work.predict(as_="annotations").predicted == ()
    assert len(work.predict(as_="annotations", overlap=0.25).predicted) == 3
    work.predict(as_="annotations")
    texture_folder(work.slides, slides=1, size=192)
    assert images(work.predict(as_="annotations").predicted) == ["s0.tif"]
    other = save_random_model(tmp_path_factory.mktemp("other"), seed=4)
    assert len(work.predict(as_="annotations", model_dir=other).predicted) == 3


def test_what_becomes_of_objects_is_no_part_of_what_was_computed(work: Work) -> None:
    first = work.predict().predicted[0]
    maps = [p.stat().st_mtime_ns for p in sorted(work.out.rglob("*.tif"))]
    report = work.predict(as_="annotations", min_area_um2=500)
    assert (report.predicted, len(report.resumed)) == ((), 3)
    ours = [o for o in work.objects("s0") if o.run is not None]
    assert {o.object_type for o in ours} == {"annotation"}
    assert {o.run for o in ours} == {report.resumed[0].record.run} != {first.record.run}
    assert [p.stat().st_mtime_ns for p in sorted(work.out.rglob("*.tif"))] == maps
    anew = work.predict(as_="annotations", min_area_um2=500, again=True).predicted[0]
    assert [o.geometry.wkb for o in anew.objects] == [o.geometry.wkb for o in ours]


def test_without_maps_only_the_kind_of_object_can_change(work: Work) -> None:
    first = work.predict(tiff=False)
    turned = work.predict(tiff=False, as_="annotations")
    assert [len(f.objects) for f in turned.resumed] == [len(f.objects) for f in first.predicted]
    assert {o.object_type for f in turned.resumed for o in f.objects} == {"annotation"}
    assert len(work.predict(tiff=False, min_area_um2=500).predicted) == 3


def test_lost_files_are_made_again(work: Work) -> None:
    work.predict()
    (work.folder("s1.tif") / "classes.tif").unlink()
    assert images(work.predict().predicted) == ["s1.tif"]


def test_objects_that_were_taken_out_come_back_beside_what_a_person_kept(work: Work) -> None:
    work.predict()
    objects = work.objects("s0")
    ours = next(o for o in objects if o.run is not None)
    human = [o for o in objects if o.run is None]
    moved = affinity.translate(ours.geometry, 30, 0)
    edited = PathObject(
        moved, ours.object_type, ours.path_class, metadata=ours.metadata, id=ours.id
    )
    write_geojson(work.slides / "s0.geojson", [*human, edited])
    report = work.predict()
    assert report.problems == ()
    assert report.predicted == ()
    now = {o.id: o for o in work.objects("s0")}
    assert now[ours.id].geometry.equals(moved)
    new = [o for o in now.values() if o.run is not None and o.id != ours.id]
    assert len(new) == report.resumed[0].record.objects


def draw(work: Work, name: str, *boxes: tuple[float, float, float, float]) -> None:
    """Set what the person drew on the first slide."""
    annotated = [PathObject(box(*b), path_class=PathClass(name)) for b in boxes]
    write_geojson(work.slides / "s0.geojson", annotated)


def test_inside_annotations_of_a_class_only(work: Work) -> None:
    draw(work, "Region*", (20, 30, 60, 70), (100, 100, 120, 140))
    report = work.predict(inside="Region*", tissue=False)
    assert images(report.predicted) == ["s0.tif"]
    assert [p.image for p in report.problems] == ["s1.tif", "s2.tif"]
    assert "no annotation of class 'Region*'" in report.problems[0].message
    labels = tifffile.imread(work.folder("s0.tif") / "classes.tif")
    expected = np.zeros((160, 160), bool)
    expected[30:70, 20:60] = expected[100:140, 100:120] = True
    assert np.array_equal(labels > 0, expected)
    assert images(work.predict(inside="Region*", tissue=False).resumed) == ["s0.tif"]
    draw(work, "Region*", (20, 30, 60, 71))
    assert images(work.predict(inside="Region*", tissue=False).predicted) == ["s0.tif"]


def test_inside_any_annotation_means_human_ones(work: Work) -> None:
    config = PredictConfig(min_area_um2=1, device="cpu", as_="annotations", images=("s0.tif",))
    work.predict(config)
    assert any(o.run is not None for o in work.objects("s0"))
    work.predict(config, inside="*", tissue=False)
    labels = tifffile.imread(work.folder("s0.tif") / "classes.tif")
    assert (labels > 0).sum() == 2 * 40 * 120  # the two rectangles of texture_objects(160)


def test_chosen_images_and_names_that_are_not_there(work: Work) -> None:
    assert images(work.predict(images=("s1.tif",)).predicted) == ["s1.tif"]
    with pytest.raises(UsageError, match=r"no image named s7\.tif"):
        work.predict(images=("s1.tif", "s7.tif"))


def test_annotations_changed_meanwhile_are_not_touched(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(work, "Tumor", (20, 30, 60, 70))
    original = project_module.predict_slide  # type: ignore[attr-defined]

    def drawing_meanwhile(*given: Any) -> Any:
        found = original(*given)
        write_geojson(
            work.slides / "s0.geojson", [*work.objects("s0"), PathObject(box(1, 1, 9, 9))]
        )
        return found

    chosen: dict[str, Any] = {"images": ("s0.tif",), "inside": "Tumor"}
    with monkeypatch.context() as patch:
        patch.setattr(project_module, "predict_slide", drawing_meanwhile)
        report = work.predict(**chosen)
    assert images(report.predicted) == ["s0.tif"]
    assert sum(o.run is None for o in work.objects("s0")) == 2
    assert any(o.run is not None for o in work.objects("s0"))
    assert images(work.predict(**chosen).resumed) == ["s0.tif"]


def test_a_place_that_cannot_be_written_to_is_one_line_before_any_work(work: Work) -> None:
    work.out.mkdir()
    work.out.chmod(0o555)
    with pytest.raises(PredictionError, match=r"out: cannot be written to .*read-only"):
        work.predict()
    work.out.chmod(0o755)
    work.out.rmdir()
    work.out.write_text("a file")
    with pytest.raises(PredictionError, match="out: cannot be written to"):
        work.predict()


def test_a_full_disk_stops_the_run_with_one_line(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OutputError("classes.tif: cannot be written")
    full.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(project_module, "predict_slide", stop_at("s1.tif", full))
    with pytest.raises(PredictionError, match=r"the disk is full.*finished slides are kept"):
        work.predict()
    monkeypatch.undo()
    assert images(work.predict().resumed) == ["s0.tif"]


def test_a_finished_prediction_can_be_loaded(work: Work) -> None:
    report = work.predict(images=("s1.tif",))
    entries = open_project(work.slides).images
    assert load_prediction(work.out, entries[1]) == report.predicted[0]
    with pytest.raises(PredictionError, match="no finished prediction"):
        load_prediction(work.out, entries[0])
