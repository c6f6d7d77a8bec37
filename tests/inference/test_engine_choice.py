"""OpenVINO gives torch's numbers, or is not used."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hookpath.errors import DeviceError
from hookpath.inference.aligned_tile_grids import Box, branch_grids
from hookpath.inference.engines import engine_choice, openvino_runners
from hookpath.inference.engines.engine_choice import patch_runner, tile_runner
from hookpath.inference.engines.openvino_graph import Graph, computes_in_bf16, has_openvino
from hookpath.inference.engines.openvino_runners import (
    CompiledPatches,
    CompiledTiles,
    DisagreesError,
)
from hookpath.inference.engines.patch_runners import TorchPatches
from hookpath.inference.engines.tile_runner import TorchRunner
from hookpath.models import SegmentationModel, build_model
from support.networks import random_network

pytestmark = pytest.mark.skipif(not has_openvino(), reason="no OpenVINO for this system")

DESIGNS: dict[str, dict[str, Any]] = {
    "unet": {"family": "unet", "depth": 2, "filters": 4, "input_size": 60, "spacings": (1.0,)},
    "hooknet": {
        "family": "hooknet",
        "depth": 2,
        "filters": 4,
        "input_size": 92,
        "spacings": (1.0, 4.0),
    },
    "pretrained": {
        "family": "hooknet",
        "encoder": "tf_efficientnet_lite0",
        "depth": 3,
        "filters": 4,
        "input_size": 256,
        "spacings": (1.0, 4.0),
    },
}


def network(name: str) -> SegmentationModel:
    design = dict(DESIGNS[name])
    return random_network(design.pop("family"), n_classes=3, **design)


def silent(_: str) -> None:
    pass


@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_tiles_of_any_size_and_any_branch_are_torchs(name: str) -> None:
    model = network(name)
    plain, fast = TorchRunner(model, "cpu"), CompiledTiles(model, False, silent)
    grids, rng = branch_grids(plain), np.random.default_rng(3)
    handed_on = 0
    for index in reversed(range(len(grids))):
        grid = grids[index]
        for phases in ((4, 4), (7, 2)):
            box = Box(0, 0, phases[1] * grid.phase, phases[0] * grid.phase)
            size = (box.height + grid.input_extra, box.width + grid.input_extra, 3)
            image = rng.integers(0, 256, size, dtype=np.uint8)
            hook = None
            if grid.hook_depth is not None:
                cells = grid.hook_cells(box, grids[index + 1])
                hook = rng.random((handed_on, cells.height, cells.width), dtype=np.float32)
            runs = [
                r.hook_map(index, image, hook) if index else r.logits(image, hook).numpy()
                for r in (plain, fast)
            ]
            assert np.abs(runs[0] - runs[1]).max() <= 1e-4 * np.abs(runs[0]).max()
        handed_on = len(runs[0])


@pytest.mark.parametrize(
    ("family", "design"),
    [
        ("classifier", {}),
        ("mrn", {"depth": 2, "filters": 4, "input_size": 64, "spacings": (1.0, 2.0)}),
    ],
)
def test_batches_of_any_length_are_torchs(family: str, design: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = build_model(family, n_classes=3, **design).eval()
    plain, fast = TorchPatches(model, "cpu"), CompiledPatches(model, False, silent)
    rng = np.random.default_rng(3)
    for count in (1, 3):
        images = [
            rng.integers(0, 256, (count, b.input_size, b.input_size, 3), dtype=np.uint8)
            for b in model.branches
        ]
        found, right = fast.logits(images), plain.logits(images)
        assert (found - right).abs().max() <= 1e-4 * right.abs().max()


class Sized(nn.Module):
    """Its output depends on what Python made of the size of its input."""

    def forward(self, image: Tensor) -> Tensor:
        return image * float(image.shape[-1])


def test_a_size_that_was_followed_as_a_constant_is_noticed() -> None:
    graph = Graph(Sized(), [torch.ones(1, 3, 4, 4)], [(2, 3)])
    openvino_runners._compare(graph, Sized(), [torch.ones(1, 3, 7, 4)], False)
    with pytest.raises(DisagreesError):
        openvino_runners._compare(graph, Sized(), [torch.ones(1, 3, 4, 7)], False)


def test_what_is_not_followed_is_left_to_torch_unless_openvino_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def disagrees(*_: object) -> None:
        raise DisagreesError("other numbers")

    monkeypatch.setattr(engine_choice, "CompiledTiles", disagrees)
    monkeypatch.setattr(engine_choice, "_LARGE", 0)
    assert type(tile_runner(network("unet"), "cpu", "auto", False, silent)) is TorchRunner
    with pytest.raises(DeviceError, match="other numbers"):
        tile_runner(network("unet"), "cpu", "openvino", False, silent)


def test_auto_converts_what_is_large_enough_to_gain_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = network("unet")
    assert type(tile_runner(model, "cpu", "auto", False, silent)) is TorchRunner
    monkeypatch.setattr(engine_choice, "_LARGE", 0)
    assert type(tile_runner(model, "cpu", "auto", False, silent)) is CompiledTiles
    assert type(tile_runner(model, "cpu", "torch", False, silent)) is TorchRunner
    monkeypatch.setattr(engine_choice, "has_openvino", lambda: False)
    assert type(tile_runner(model, "cpu", "auto", False, silent)) is TorchRunner
    with pytest.raises(DeviceError, match="not installed"):
        tile_runner(model, "cpu", "openvino", False, silent)


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_a_cpu_that_is_slower_in_bf16_stays_with_float32(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_choice, "computes_in_bf16", lambda: False)
    monkeypatch.setattr(engine_choice, "has_bf16_tiles", lambda: False)
    said: list[str] = []
    runner = tile_runner(network("unet"), "cpu", engine, True, said.append)
    assert not runner.amp
    assert not getattr(runner, "bf16", False)
    assert said == ["this processor would be slower in bfloat16: computing in float32"]


def test_bf16_says_once_how_many_labels_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_choice, "computes_in_bf16", lambda: True)
    said: list[str] = []
    runner = patch_runner(
        build_model("classifier", n_classes=3).eval(), "cpu", "openvino", True, said.append
    )
    size = runner.branches[0].input_size
    images = [np.full((2, size, size, 3), 90, np.uint8)] * len(runner.branches)
    assert runner.logits(images).shape == runner.logits(images).shape == (2, 3, 1, 1)
    assert said == ["bfloat16: 100.00 % of the first labels are those of float32"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_signal_after_the_last_network_is_gone_is_heard() -> None:
    """In a process of its own: it crashed."""
    program = (
        "import gc, signal, torch\nfrom hookpath.inference.engines.openvino_graph import Graph\n"
        "for side in (16, 20):\n"
        "    example = torch.rand(1, 3, side, side)\n"
        "    graph = Graph(torch.nn.Conv2d(3, 4, 3).eval(), [example], [(2, 3)])\n"
        "    graph(torch.rand(1, 3, 24, 24).numpy())\n"
        "del graph\ngc.collect()\nheard = []\n"
        "signal.signal(signal.SIGINT, lambda number, _: heard.append(number))\n"
        "signal.raise_signal(signal.SIGINT)\nassert heard == [signal.SIGINT]\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_nothing_is_reported_to_openvinos_makers() -> None:
    computes_in_bf16()
    assert not any(
        sys.modules[name] for name in sys.modules if name.startswith("openvino_telemetry")
    )
