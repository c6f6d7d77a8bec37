"""The demo in small: all that it promises is there, and it goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookpath.annotations import read_geojson
from hookpath.demo import DemoConfig, DemoResult, run_demo
from hookpath.demo.demo_job import CONTESTANTS, train_settings
from hookpath.errors import UsageError

SMALL = DemoConfig(
    slides={"train": 1, "val": 1, "test": 1},
    size=2600,
    epochs=1,
    steps_per_epoch=2,
    model={"filters": 2, "depth": 3, "input_size": 108},
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    return run_demo(tmp_path_factory.mktemp("demo") / "out", SMALL)


def test_it_leaves_slides_models_reports_and_pictures(result: DemoResult) -> None:
    assert sorted(p.name for p in result.slides.glob("*.tif")) == [
        "test-1.tif", "train-1.tif", "val-1.tif",
    ]  # fmt: skip
    assert all(picture.stat().st_size > 10_000 for picture in result.pictures)
    for title, model in result.models.items():
        assert (model / "model.json").is_file()
        assert [s.name for s in result.reports[title].slides] == ["test-1.tif"]


def test_hooknets_objects_lie_beside_the_test_slide(result: DemoResult) -> None:
    found = read_geojson(result.slides / "test-1.tif.hookpath.geojson")
    assert found
    assert all(o.run and o.object_type == "annotation" for o in found)


def test_both_networks_get_the_same_budget() -> None:
    """Only the family and the number of resolutions differ."""
    settings = [train_settings(t, DemoConfig()).model_dump() for t in CONTESTANTS]
    for values in settings:
        values.pop("family")
        values["model"].pop("spacings")
    assert settings[0] == settings[1]


def test_started_again_it_repeats_nothing(result: DemoResult) -> None:
    def stamps() -> dict[Path, int]:
        made = [*result.slides.glob("*.tif"), *result.out.glob("*/run/metrics.csv")]
        return {path: path.stat().st_mtime_ns for path in made}

    before = stamps()
    again = run_demo(result.out, SMALL)
    assert stamps() == before
    assert (
        again.reports["HookNet"].as_dict()["pooled"]
        == (result.reports["HookNet"].as_dict()["pooled"])
    )


def test_other_files_are_never_mixed_with_a_demo(tmp_path: Path, result: DemoResult) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="not an empty folder"):
        run_demo(tmp_path, SMALL)
    with pytest.raises(UsageError, match="other settings"):
        run_demo(result.out, DemoConfig(seed=1))
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
