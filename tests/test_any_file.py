"""Whatever stands in a configuration or a record: it is read, or one line says what is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookpath.annotations import ClassTable
from hookpath.errors import HookpathError
from hookpath.evaluation import load_report, make_report, write_report
from hookpath.evaluation.report.training_page import read_run
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.inference.prediction_record import RECORD_NAME, PredictionRecord
from hookpath.loop.state.image_records import ImageRecord
from hookpath.models import ModelCard, read_card
from hookpath.models.storage.model_folder import BranchEntry, ClassEntry, write_card
from hookpath.projects import open_project
from hookpath.slides import SlideIdentity
from hookpath.training import TrainConfig
from hookpath.training.settings_parser import setting_names
from support.evaluation import BLUE, RED
from support.mutated import VALUES, mutated
from support.projects import write_project_file

#: More are looked at by hand: HOOKPATH_EXAMPLES=5000.
MANY = settings(
    deadline=None,
    max_examples=int(os.environ.get("HOOKPATH_EXAMPLES", "40")),
    derandomize="HOOKPATH_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

CARD = ModelCard(
    family="unet",
    config={"n_classes": 2, "spacings": [1.0], "filters": 4},
    classes=[ClassEntry(name=n, color=(1, 2, 3)) for n in ("Tumor", "Ignore*")],
    branches=[BranchEntry(spacing_um=1.0, input_size=284, output_size=100)],
    training={"config": {"seed": 1}, "split": {"train": ["a"]}, "versions": {"torch": "2"}},
    metrics={"f1": 0.5},
)
RECORD = PredictionRecord(
    run="r", image="a.tif", slide=SlideIdentity(), model={}, settings={}, classes=("a",),
    spacing_um=1.0, width=2, height=3, downsample=(2.0, 2.0), areas_mm2={"a": 1.0}, objects=1,
    seconds=1.0, versions={}, files=("a.geojson",),
)  # fmt: skip
RUN = {
    "config": {"family": "unet"},
    "projects": ["p"],
    "data": {"fingerprint": "x", "slides": [{"id": "1", "name": "a"}]},
    "classes": [{"name": "a", "color": [1, 2, 3]}],
    "split": {"train": ["a"], "val": []},
    "versions": {"hookpath": "1"},
    "started": "2026",
}
SERVER = {
    "builderType": "uri",
    "providerClassName": "qupath.lib.images.servers.openslide.OpenslideServerBuilder",
    "uri": "file:/nowhere/a.svs",
    "args": ["--no-crop"],
    "metadata": {
        "width": 640, "height": 480, "isRGB": True, "sizeZ": 1, "sizeT": 1,
        "pixelCalibration": {"pixelWidth": {"value": 0.5, "unit": "µm"}},
    },
}  # fmt: skip
FOLDER = {"format": 1, "images": {"a.tif": {"mpp": [0.5, 0.25], "metadata": {"k": "v"}}}}
CLASSES = {"pathClasses": [{"name": "Tumor", "color": -3670016}]}


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def _refusal(read: Callable[[], object]) -> str:
    """Reads, or fails as every command can tell: in one line. "": it reads."""
    said = ""
    try:
        read()
    except HookpathError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 5_000
    return said


def _is_one_line(read: Callable[[], object], folder: Path, image: str = "a.tif") -> None:
    """The line says which file, or which image of it."""
    said = _refusal(read)
    assert not said or any(name in said for name in (str(folder), image))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("report")
    counts = np.array([[3, 1, 0], [0, 2, 0]])
    bins = np.zeros((2, 2, 256), np.int64)
    bins[:, :, 7] = 3
    results = [
        SlideResult(n, n, 1.0, counts, unknown={"x": np.array([1, 0, 0])}, bins=bins)
        for n in ("s1", "s2")
    ]
    write_report(make_report("t", results, ClassTable((RED, BLUE))), folder)
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


@given(data=st.data())
@MANY
def test_any_report_is_read_or_refused(data: st.DataObject, report: Any, tmp_path: Path) -> None:
    def read() -> None:
        found = load_report(tmp_path)
        assert found.slides
        assert found.as_dict()

    _write(tmp_path / "report.json", report)
    read()
    _write(tmp_path / "report.json", data.draw(mutated(report)))
    _is_one_line(read, tmp_path)


@given(changed=mutated(CARD.model_dump(mode="json"), 3))
@MANY
def test_any_model_card_is_read_or_refused(changed: Any, tmp_path: Path) -> None:
    _write(tmp_path / "model.json", changed)

    def read() -> None:
        card = read_card(tmp_path)
        write_card(tmp_path, card)
        assert read_card(tmp_path) == card

    _is_one_line(read, tmp_path)


@given(changed=mutated(RUN))
@MANY
def test_any_run_is_read_or_refused(changed: Any, tmp_path: Path) -> None:
    _write(tmp_path / "run.json", changed)
    (tmp_path / "metrics.csv").write_text("epoch,loss\n1,0.5\n", encoding="utf-8")
    _is_one_line(lambda: read_run(tmp_path), tmp_path)


@given(changed=mutated(RECORD.model_dump(mode="json")))
@MANY
def test_any_record_of_a_prediction_is_read_or_refused(changed: Any, tmp_path: Path) -> None:
    _write(tmp_path / RECORD_NAME, changed)
    _is_one_line(lambda: PredictionRecord.load(tmp_path), tmp_path)


@given(changed=mutated(ImageRecord(id="1", name="a").model_dump(mode="json")))
@MANY
def test_any_record_of_a_loop_is_read_or_refused(changed: Any, tmp_path: Path) -> None:
    text = json.dumps(changed).encode()
    _is_one_line(lambda: ImageRecord.parse(text, str(tmp_path)), tmp_path)


@given(changed=mutated(FOLDER, 2))
@MANY
def test_any_folder_file_is_read_or_refused(changed: Any, tmp_path: Path) -> None:
    _write(tmp_path / "hookpath-project.json", changed)
    (tmp_path / "a.tif").write_bytes(b"no slide")
    _is_one_line(lambda: _look_at(tmp_path), tmp_path)


@given(data=st.data())
@MANY
def test_any_qupath_project_is_read_or_refused(data: st.DataObject, tmp_path: Path) -> None:
    path = write_project_file(tmp_path, [("image 1", SERVER), ("image 2", SERVER)])
    _write(path, data.draw(mutated(json.loads(path.read_text(encoding="utf-8")))))
    (tmp_path / "classifiers").mkdir(exist_ok=True)
    _write(tmp_path / "classifiers" / "classes.json", data.draw(mutated(CLASSES)))
    _is_one_line(lambda: _look_at(path), tmp_path)


def _look_at(source: Path) -> None:
    project = open_project(source)
    for entry in project.images:
        assert isinstance(entry.name + entry.id, str)
        for look in (lambda e=entry: e.metadata, lambda e=entry: e.slide):
            _is_one_line(look, source.parent, entry.name)
    assert all(c.name for c in project.classes)


SETTINGS = sorted(setting_names(TrainConfig))


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps("none" if value is None else value)


LINES = st.lists(
    st.tuples(st.sampled_from(SETTINGS) | st.text(max_size=6), VALUES)
    | st.sampled_from([("preset", p) for p in ("auto", "fast", "gpu", "paper")])
    | st.sampled_from([("family", f) for f in ("hooknet", "unet", "mrn", "probe", "scale")])
    | st.tuples(st.sampled_from(["epochs", "batch_size", "seed"]), st.integers(1, 9)),
    max_size=4,
)


@given(text=LINES.map(lambda ls: "\n".join(f"{k} = {_toml(v)}" for k, v in ls)) | st.text())
@MANY
def test_any_settings_are_read_or_refused_and_come_back(text: str, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(text.encode(errors="surrogatepass"))

    def read() -> None:
        config = TrainConfig.load(path)
        assert TrainConfig.of(json.loads(config.model_dump_json())) == config

    _refusal(read)


def _presets() -> Iterator[tuple[str, str]]:
    from hookpath.models import FAMILIES

    for preset in ("auto", "fast", "gpu", "paper"):
        yield from ((preset, family) for family in FAMILIES)


@pytest.mark.parametrize(("preset", "family"), list(_presets()))
def test_every_preset_of_every_network_comes_back_from_its_record(preset: Any, family: str) -> None:
    config = TrainConfig.load(preset=preset, overrides=[f"family={family}"])
    assert TrainConfig.of(json.loads(config.model_dump_json())) == config
