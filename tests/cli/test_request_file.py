"""Commands as a viewer asks for them: ``hookpath --request FILE --json``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hookpath import __version__
from hookpath.annotations import read_geojson
from hookpath.projects import SPLIT_KEY, FolderProject
from support.projects import image_part, write_request
from support.textures import texture_folder

TINY = {
    "set": [
        "model.filters=4", "model.depth=2", "model.input_size=60", "model.spacings=[1.0, 4.0]",
        "epochs=2", "steps_per_epoch=4", "batch_size=2", "warmup=0", "device=cpu",
    ],
    "preset": "fast",
}  # fmt: skip


def project_part(folder: Path) -> dict[str, Any]:
    """The viewer's view of a folder of slides: ids that are not names, GeoJSON with its path."""
    splits = {0: "train", 1: "train", 2: "val"}
    return {
        "name": "My project",
        "classes": [],
        "images": [
            image_part(
                str(10 + n),
                entry._path,
                annotations=str(entry.annotation_file),
                metadata={SPLIT_KEY: splits[n]},
            )
            for n, entry in enumerate(FolderProject(folder).images)
        ],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texture_folder(tmp_path_factory.mktemp("viewer") / "slides ü", slides=3)


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    """A model trained by a request, in a process as the extension starts it."""
    out = folder.parent / "run"
    options = {"out": str(out), "model": "hooknet", **TINY}
    request = write_request(folder.parent / "train job", "train", project_part(folder), options)
    # It was started before it got its job.
    call = [sys.executable, "-X", "utf8", "-m", "hookpath", "--request", "-", "--json"]
    done = subprocess.run(
        call, input=f"{request}\n", capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"] == "start"
    assert events[0]["command"] == "train"
    return out


def test_predict_leaves_objects_for_the_viewer(
    hookpath, folder: Path, run: Path, tmp_path: Path
) -> None:
    options = {
        "model": str(run), "out": str(tmp_path / "o"), "as": "annotations", "min-area": 50,
        "image": ["10", "11"], "tiff": False, "again": False, "inside": None,
    }  # fmt: skip
    request = write_request(tmp_path / "job", "predict", project_part(folder), options)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    done = hookpath("--request", request, "--json")
    assert done.code == 0, done.out
    assert done.events[0]["event"] == "start"
    assert done.events[-1] == {"event": "end", "schema": 1, "exit_code": 0}
    index = json.loads((request.parent / "results" / "index.json").read_text("utf-8"))["images"]
    assert set(index) == {"10", "11"}
    objects = read_geojson(request.parent / "results" / index["10"]["objects"])
    assert len(objects) == index["10"]["count"] > 0
    assert {o.run for o in objects} == {index["10"]["run"]}
    assert {o.object_type for o in objects} == {"annotation"}
    assert not list((tmp_path / "o").rglob("*.tif"))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_run_goes_on_where_the_request_says_resume(
    hookpath, folder: Path, run: Path, tmp_path: Path
) -> None:
    options = {"out": str(run), "resume": True}
    request = write_request(tmp_path / "job", "train", project_part(folder), options)
    assert hookpath("--request", request, "--json").code == 0


def test_text_for_people_without_json(hookpath, folder: Path, tmp_path: Path) -> None:
    request = write_request(tmp_path / "job", "info", project_part(folder))
    done = hookpath("--request", request)
    assert done.code == 0
    assert "s1.tif" in done.out


def test_further_sources_of_a_training(hookpath, folder: Path, tmp_path: Path) -> None:
    options = {"out": str(tmp_path / "run"), "source": [str(folder), "nowhere"], **TINY}
    request = write_request(tmp_path / "job", "train", project_part(folder), options)
    done = hookpath("--request", request, "--json")
    assert done.code == 1
    assert "nowhere: no such file" in done.events[-2]["message"]


def test_a_command_without_images(hookpath, tmp_path: Path) -> None:
    request = write_request(tmp_path, "doctor")
    done = hookpath("--request", request, "--json")
    assert next(e for e in done.events if e["event"] == "result")["kind"] == "doctor"
    request = write_request(
        tmp_path, "compare", None, {"runs": ["a", "b"], "out": str(tmp_path / "c")}
    )
    assert "hookpath evaluate" in hookpath("--request", request, "--json").events[-2]["message"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"command": "dance"}, "unknown command 'dance'; known: demo"),
    ({"options": {"outt": "/o"}}, "predict has no option 'outt'; it has: adapt-bn, again"),
    ({"options": {"json": True}}, "no option 'json'"),
    ({"options": {"step": "propose"}}, "no option 'step'"),
    ({"command": "doctor", "options": {"source": "/s"}}, "no option 'source'"),
    ({"command": "loop", "options": {"step": "dance"}}, "unknown step 'dance'; known: start"),
    ({"command": "loop"}, "unknown step ''; known: start"),
    ({"command": "loop", "options": {"step": "status", "a": 1}}, "loop status has no option 'a'"),
    ({"options": {"tiff": "no"}}, "'tiff' is either true or false"),
    ({"options": {"model": True}}, "'model' takes one value"),
    ({"options": {"out": ["a", "b"]}}, "'out' takes one value"),
    ({"options": {"model": {"a": 1}}}, "options.model"),
    ({"options": {"out": "o", "as": "cells"}}, "'cells' is not one of"),
    ({"options": {"out": "o", "min-area": "large"}}, "Invalid value for '--min-area'"),
    ({"options": {}}, "Missing option"),
    ({"options": {"out": "o"}, "project": None}, "Missing argument"),
    ({"schema": 2}, "written for schema 2"),
    ({"schema": None}, "schema"),
    ({"project": {"images": []}}, "project.name: Field required"),
]


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[w[1] for w in WRONG])
def test_a_wrong_request_is_one_line_with_the_files_name(
    hookpath, folder: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    members = {"command": "predict", "project": project_part(folder), **change}
    request = write_request(tmp_path, **members)
    done = hookpath("--request", request, "--json")
    assert done.code == 2, done.out + done.err
    assert [e["event"] for e in done.events] == ["start", "error", "end"]
    said = done.events[1]["message"]
    assert said.startswith(str(request))
    assert message in said
    assert "\n" not in said
    done = hookpath("--request", request)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {request}")


def test_a_request_that_is_no_json_or_not_there(hookpath, tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    assert "no such request file" in hookpath("--request", path).err
    path.write_text("{", encoding="utf-8")
    assert "not readable as JSON" in hookpath("--request", path).err
    path.write_text("[]", encoding="utf-8")
    assert hookpath("--request", path).code == 2


def test_flags_without_a_request_or_command_are_refused(hookpath) -> None:
    assert hookpath("--json").code == 2
    assert hookpath("--json", "doctor").code == 2


VERSIONS = [
    (f"{__version__}", None),
    (f"{__version__}-rc1", None),
    (None, None),
    ("9.0.0", "install hookpath 9.0.0 for Python (in QuPath: Set up Python)"),
    ("0.0.9", f"install the extension {__version__} in QuPath"),
    ("new", "'new' is no version"),
]


@pytest.mark.parametrize(("extension", "advice"), VERSIONS)
def test_extension_and_package_must_fit(
    hookpath, folder: Path, tmp_path: Path, extension: str | None, advice: str | None
) -> None:
    request = write_request(tmp_path, "info", project_part(folder), extension=extension)
    done = hookpath("--request", request, "--json")
    error = next((e for e in done.events if e["event"] == "error"), None)
    if advice is None:
        assert (done.code, error) == (0, None)
        return
    assert (done.code, error["code"]) == (2, "version")
    assert advice in error["message"]
    assert [e["event"] for e in done.events] == ["start", "error", "end"]


def test_errors_have_codes_and_failed_images_are_reported_one_by_one(
    hookpath, folder: Path, run: Path, tmp_path: Path
) -> None:
    project = project_part(folder)
    first, second, third = project["images"]
    first["problem"] = "the image is rotated; duplicate it without rotation"
    second["slide"] = str(tmp_path / "gone.tif")
    third["mpp"] = [5.0, 5.0]
    options = {"model": str(run), "out": str(tmp_path / "out"), "device": "cpu"}
    request = write_request(tmp_path, "predict", project, options)
    done = hookpath("--request", request, "--json")
    assert done.code == 1
    problems = [e["data"] for e in done.events if e.get("kind") == "problem"]
    assert [(p["image_id"], p["code"]) for p in problems] == [
        ("10", "image_unusable"), ("11", "image_missing"), ("12", "spacing_mismatch"),
    ]  # fmt: skip
    assert done.events[-2]["code"] == "several"
    predicted = next(e["data"] for e in done.events if e.get("kind") == "predicted")
    assert predicted["problems"] == problems
    request = write_request(tmp_path, "predict", project, {**options, "image": ["12"]})
    assert hookpath("--request", request, "--json").events[-2]["code"] == "spacing_mismatch"


CODES: list[tuple[str, dict[str, Any], str]] = [
    ("predict", {"model": "{empty}", "out": "{empty}/o"}, "model_unreadable"),
    ("predict", {"model": "{run}", "out": "{empty}/o", "device": "cuda:99"}, "no_gpu"),
    ("predict", {"model": "{run}", "out": "{empty}/o", "inside": "Dust"}, "nothing_annotated"),
    ("predict", {"out": "{empty}/o"}, "usage"),
    ("train", {"out": "{empty}/r", "set": ["classes=['Dark', 'Dust']"]}, "nothing_annotated"),
    ("train", {"out": "{run}"}, "training_failed"),
    ("train", {"out": "{empty}/r", "set": ["model.input_size=25"]}, "model_design"),
]


@pytest.mark.parametrize(
    ("command", "options", "code"), CODES, ids=[f"{c[0]} {c[2]}" for c in CODES]
)
def test_what_a_person_meets_has_a_code(
    hookpath, folder: Path, run: Path, tmp_path: Path, command: str, options: Any, code: str
) -> None:
    (tmp_path / "empty").mkdir()
    names = {"empty": str(tmp_path / "empty"), "run": str(run)}
    filled = {k: v.format(**names) if isinstance(v, str) else v for k, v in options.items()}
    request = write_request(tmp_path / "job", command, project_part(folder), filled)
    done = hookpath("--request", request, "--json")
    assert done.events[-2]["code"] == code, done.events[-2]
    assert "\n" not in done.events[-2]["message"]


def test_the_machine_is_reported_to_whoever_sets_it_up(hookpath, tmp_path: Path) -> None:
    done = hookpath(
        "--request", write_request(tmp_path, "doctor", options={"quick": True}), "--json"
    )
    found = next(e["data"] for e in done.events if e["event"] == "result")
    assert found["hookpath"] == __version__
    assert found["device"] == found["devices"][0]["name"]
    assert found["devices"][-1]["name"] == "cpu"
    assert found["devices"][-1]["memory_gib"] is None or found["devices"][-1]["memory_gib"] > 0
    assert {"Java", "Gradle"}.isdisjoint(c["name"] for c in found["checks"])


def test_the_version_is_reported_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hookpath", "--version"], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[0] == f"hookpath {__version__}"
