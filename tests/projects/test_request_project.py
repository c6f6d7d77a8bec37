"""What the viewer hands over in a request file, and what it finds in ``results/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from hookpath.annotations import RUN_TAG, PathObject, read_geojson
from hookpath.errors import ProjectError
from hookpath.projects import SPLIT_KEY, ExchangeProject, open_project
from support.projects import Store, image_part, make_exchange_store, write_request


@pytest.fixture
def job(tmp_path: Path) -> Store:
    return make_exchange_store(tmp_path / "job ü")


def index(job: Store) -> dict[str, Any]:
    """Images of the results' index."""
    found = json.loads((job.root / "results" / "index.json").read_text(encoding="utf-8"))
    assert found["schema"] == 1
    return dict(found["images"])


def test_results_are_listed_for_the_viewer_and_nothing_else_changes(job: Store) -> None:
    before = job.hashes()
    first, second = job.open().images
    first.write([PathObject(box(0, 0, 10, 10), "detection")], "run-1")
    first.write([PathObject(box(0, 0, 20, 10), "detection")] * 2, "run-2")
    second.set_metadata({SPLIT_KEY: "val", "gone": None})
    found = index(job)
    assert found["1"] == {
        "objects": found["1"]["objects"],
        "run": "run-2",
        "count": 2,
        "replaces_all": True,
        "removed_runs": [],
        "metadata": {},
    }
    assert found["2"]["metadata"] == {SPLIT_KEY: "val", "gone": None}
    assert (found["2"]["objects"], found["2"]["replaces_all"]) == (None, False)
    written = read_geojson(job.root / "results" / found["1"]["objects"])
    assert [o.metadata[RUN_TAG] for o in written] == ["run-2", "run-2"]
    assert len(list((job.root / "results").iterdir())) == 2
    after = job.hashes()
    assert {name: after[name] for name in before} == before


def test_a_write_without_objects_still_takes_earlier_ones_away(job: Store) -> None:
    """The viewer may hold results that it did not hand over."""
    job.open().images[0].write([], "run-1")
    assert (index(job)["1"]["replaces_all"], index(job)["1"]["objects"]) == (True, None)


def test_removals_name_their_run(job: Store) -> None:
    entry = job.open().images[0]
    entry.remove_results("old")
    entry.remove_results("older")
    assert index(job)["1"]["removed_runs"] == ["old", "older"]
    entry.remove_results()
    assert (index(job)["1"]["removed_runs"], index(job)["1"]["replaces_all"]) == ([], True)


def test_an_image_that_cannot_be_handed_over_says_why(tmp_path: Path) -> None:
    slide = tmp_path / "a.tif"
    path = write_request(
        tmp_path / "job",
        "predict",
        {
            "name": "p",
            "images": [
                image_part("1", slide, problem="the image is rotated"),
                image_part("2", slide),
                {"id": "3", "name": "third"},
            ],
        },
    )
    rotated, missing, nameless = open_project(path).images
    with pytest.raises(ProjectError, match=r"a\.tif: the image is rotated"):
        _ = rotated.slide
    with pytest.raises(ProjectError, match=r"a\.tif is missing"):
        _ = missing.slide
    with pytest.raises(ProjectError, match="third"):
        _ = nameless.slide


def test_paths_start_at_the_request_and_the_pixel_size_is_the_viewers(job: Store) -> None:
    content = json.loads((job.root / "request.json").read_text(encoding="utf-8"))
    image = content["project"]["images"][0]
    image["slide"] = str(Path("..") / f"{job.root.name} slides" / image["name"])
    image["mpp"] = [0.25, 0.3]
    image["crop_to_bounds"] = False
    (job.root / "request.json").write_text(json.dumps(content), encoding="utf-8")
    given, default = job.open(mpp=2.0).images
    assert given.slide.calibration is not None
    assert (given.slide.calibration.mpp_x, given.slide.calibration.mpp_y) == (0.25, 0.3)
    assert not given.slide.crop_to_bounds
    assert default.slide.calibration is None
    assert default.slide.assumed is not None
    assert default.slide.assumed.mpp == 2.0
    given.slide.open().close()


WRONG: list[tuple[str, str]] = [
    ("{", "not readable as JSON"),
    ('{"a": 1}', "without a project"),
    ('{"project": {"name": "p"}}', r"project\.images: Field required"),
    ('{"project": {"name": "p", "images": [{"id": "1"}]}}', r"project\.images\.0\.name"),
    (
        '{"project": {"name": "p", "images": '
        '[{"id": "1", "name": "a"}, {"id": "1", "name": "b"}]}}',
        "several images have the id '1'",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "request.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match=message) as found:
        ExchangeProject(path)
    assert "request.json" in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "name",
    ["../../victim.geojson", "{root}/victim.geojson", "../victim.geojson", "..", "0.txt", ""],
)
def test_an_index_names_only_its_own_files(job: Store, tmp_path: Path, name: str) -> None:
    """The file that an index names is deleted: it must be one that hookpath made."""
    victim = tmp_path / "victim.geojson"
    for path in (victim, job.root / "victim.geojson"):
        path.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    results = job.root / "results"
    results.mkdir()
    listed = {"images": {"1": {"objects": name.format(root=tmp_path)}}}
    (results / "index.json").write_text(json.dumps(listed), encoding="utf-8")
    before = job.hashes()
    for act in (
        lambda e: e.objects(),
        lambda e: e.write([PathObject(box(0, 0, 10, 10))], "run"),
        lambda e: e.remove_results(),
    ):
        with pytest.raises(ProjectError, match=r"index\.json: not what hookpath wrote .*objects"):
            act(job.open().images[0])
    assert job.hashes() == before
    assert victim.exists()


def test_results_are_not_written_through_a_link(job: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "0.geojson").write_text("mine", encoding="utf-8")
    listed = {"images": {"1": {"objects": "0.geojson"}}}
    (elsewhere / "index.json").write_text(json.dumps(listed), encoding="utf-8")
    (job.root / "results").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(ProjectError, match="is a link to another folder"):
        job.open().images[0].remove_results()
    assert (elsewhere / "0.geojson").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"images": []}', '{"images": {"1": []}}', '{"images": {"1": {"count": -1}}}',
     '{"images": {"2": {"run": 3}}}', "[" * 10**5],
)  # fmt: skip
def test_a_damaged_index_is_one_line(job: Store, content: str) -> None:
    (job.root / "results").mkdir()
    (job.root / "results" / "index.json").write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"not what hookpath wrote \(.*delete it and run again"):
        job.open().images[0].objects()
