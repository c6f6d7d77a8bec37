"""The worker process as the extension uses it: Appose's own service, shared memory, no Java."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hookpath.inference import PredictConfig, predictor_of
from hookpath.models import ModelCard, save_model
from hookpath.qupath import Preview, View
from hookpath.slides import open_slide
from support.networks import random_network
from support.slides import write_pyramid

appose = pytest.importorskip("appose")

SCRIPT = "import hookpath.qupath.preview_worker as worker\nworker.{0}(task, **{1!r})"


class _Named:
    def __init__(self, name: str, color: tuple[int, int, int]) -> None:
        self.name, self.color = name, color


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with non-ASCII in its path, and two slides."""
    folder = tmp_path_factory.mktemp("wörker")
    model = random_network(
        "hooknet", n_classes=2, spacings=(0.5, 1.0), input_size=92, depth=2, filters=3
    )
    classes = [_Named("Tumor", (200, 0, 0)), _Named("Stroma", (0, 160, 0))]
    save_model(folder / "modèl" / "model", model, ModelCard.describe(model, classes))
    rng = np.random.default_rng(0)
    for name in ("a.tif", "b.tif"):
        noise = rng.uniform(40, 220, (700, 900, 3)).astype(np.uint8)
        write_pyramid(folder / name, noise, 0.5, levels=2)
    return folder


class Client:
    """Sends one request at a time and waits."""

    def __init__(self, service: Any) -> None:
        self.service = service

    def start(self, function: str, **arguments: Any) -> Any:
        return self.service.task(SCRIPT.format(function, arguments)).start()

    def ask(self, function: str, **arguments: Any) -> dict[str, Any]:
        task = self.start(function, **arguments).wait_for()
        return dict(task.outputs)

    def open(self, folder: Path, slide: str, **more: Any) -> dict[str, Any]:
        model = str(folder / "modèl")
        return self.ask("open", model=model, slide=str(folder / slide), device="cpu", **more)

    def classify(self, opened: int, width: int, height: int, **view: Any) -> Any:
        shape = (2, height, width)
        with appose.SharedMemory(create=True, rsize=int(np.prod(shape))) as block:
            out = self.ask(
                "classify", opened=opened, shm=block.name, width=width, height=height, **view
            )
            pixels = np.ndarray(shape, np.uint8, buffer=block.buf).copy()
        return out, pixels


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    from appose.service import Service

    service = Service(folder, None, sys.executable, "-X", "utf8", "-m", "hookpath.qupath").start()
    yield Client(service)
    service.close()
    assert service.wait_for() == 0


def expected(folder: Path, slide: str, view: View) -> npt.NDArray[np.uint8]:
    from hookpath.models import load_model

    model, card = load_model(folder / "modèl" / "model")
    predictor = predictor_of(model, card, PredictConfig(device="cpu"))
    with Preview(predictor, [open_slide(folder / slide)]) as live:
        return np.asarray(live.classify(view), np.uint8)


def test_pixels_come_through_shared_memory(client: Client, folder: Path) -> None:
    opened = client.open(folder, "a.tif")
    assert [c["name"] for c in opened["classes"]] == ["Tumor", "Stroma"]
    assert (opened["width"], opened["height"], opened["downsample"]) == (900, 700, [1.0, 1.0])
    out, pixels = client.classify(opened["opened"], 120, 90, x_l0=64, y_l0=32, downsample=2.0)
    assert out["channels"] == 2
    close = np.abs(pixels.astype(int) - expected(folder, "a.tif", View(64, 32, 120, 90, 2.0)))
    assert pixels.max() > 100
    assert close.max() <= 1


def test_what_is_open_stays_open_and_another_slide_takes_its_place(
    client: Client, folder: Path
) -> None:
    first, again = client.open(folder, "a.tif"), client.open(folder, "a.tif")
    other = client.open(folder, "b.tif")
    assert first["opened"] == again["opened"] != other["opened"]
    assert again["seconds"] < 0.2
    stale, _ = client.classify(first["opened"], 8, 8, x_l0=0, y_l0=0, downsample=1.0)
    assert stale == {"cancelled": True}


def test_the_projects_own_spacing_counts(client: Client, folder: Path) -> None:
    assert client.open(folder, "a.tif", mpp=[0.25, 0.25])["downsample"] == [2.0, 2.0]


@pytest.mark.parametrize(
    ("function", "arguments", "says"),
    [
        ("open", {"model": "nowhere", "slide": "a.tif"}, "no model.json here"),
        ("open", {"model": "{folder}/modèl", "slide": "nowhere.tif"}, "no such file"),
        ("open", {"model": "{folder}/modèl", "slide": "x", "mpp": [0, 0]}, "positive number"),
    ],
)
def test_a_bad_request_is_one_line_and_the_worker_lives_on(
    client: Client, folder: Path, function: str, arguments: dict[str, Any], says: str
) -> None:
    filled = {
        k: v.replace("{folder}", str(folder)) if isinstance(v, str) else v
        for k, v in arguments.items()
    }
    problem = client.ask(function, **filled)["problem"]
    assert says in problem
    assert "\n" not in problem
    assert client.open(folder, "a.tif")["opened"] > 0


def test_shared_memory_that_is_gone_fails_the_request_only(client: Client, folder: Path) -> None:
    opened = client.open(folder, "a.tif")["opened"]
    view = {"x_l0": 0, "y_l0": 0, "width": 8, "height": 8, "downsample": 1.0}
    with pytest.raises(appose.TaskException, match="psm_gone"):
        client.ask("classify", opened=opened, shm="psm_gone", **view)
    out, _ = client.classify(opened, 8, 8, x_l0=0, y_l0=0, downsample=1.0)
    assert "seconds" in out


def test_a_line_that_is_no_request_is_skipped(client: Client, folder: Path) -> None:
    client.service._process.stdin.write("this is no JSON\n")
    client.service._process.stdin.flush()
    assert client.open(folder, "a.tif")["opened"] > 0


def test_what_libraries_print_never_reaches_the_protocol(client: Client) -> None:
    client.service.task("import os\nos.write(1, b'from a library\\n')").wait_for()
    assert client.service.invalid_lines() == []


def test_a_cancelled_view_is_not_computed(client: Client, folder: Path) -> None:
    opened = client.open(folder, "b.tif")["opened"]
    views = {"x_l0": 0, "y_l0": 0, "width": 900, "height": 700, "downsample": 1.0}
    with appose.SharedMemory(create=True, rsize=2 * 900 * 700) as block:
        tasks = [client.start("classify", opened=opened, shm=block.name, **views) for _ in "1234"]
        for task in tasks[1:]:
            task.cancel()
        started = time.monotonic()
        outcomes = [dict(task.wait_for().outputs) for task in tasks]
    assert sum("cancelled" in o for o in outcomes) >= 2
    assert time.monotonic() - started < 60
