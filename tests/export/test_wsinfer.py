"""WSInfer export: the zoo's own reader takes the configuration, torch's C++ loader the network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from hookpath.errors import ExportError
from hookpath.export import export_model
from hookpath.models import load_model
from support.saving import save_tiny

Saved = Callable[..., Path]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exported once; ``../model`` is its source."""
    folder = tmp_path_factory.mktemp("wsinfer")
    export_model(
        save_tiny(folder / "model", "classifier", backbone="mobilenet_v2"),
        folder / "out",
        "wsinfer",
    )
    return folder / "out"


def test_the_zoos_own_reader_takes_it(out: Path) -> None:
    zoo = pytest.importorskip("wsinfer_zoo.client")
    content = json.loads((out / "config.json").read_text(encoding="utf-8"))
    read = zoo.ModelConfiguration.from_dict(content)
    assert read.architecture == "mobilenet_v2"
    assert read.class_names == ["A", "B", "C"]
    assert (read.patch_size_pixels, read.spacing_um_px) == (32, 1.0)
    assert [(t.name, t.arguments) for t in read.transform] == [
        ("Resize", {"size": 32}),
        ("ToTensor", None),
    ]
    assert read.get_slide_patch_size(0.25) == 128


def test_it_computes_what_torch_does(out: Path) -> None:
    """8-bit pixels, through the transforms as QuPath's extension does them, to probabilities."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    patch = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    with pytest.warns(FutureWarning, match="deprecated"):
        script = torch.jit.load(out / "torchscript_model.pt")
    model, _ = load_model(out.parent / "model")
    with torch.no_grad():
        found, wanted = script(patch).softmax(1), model([patch])[0].flatten(1).softmax(1)
    assert found.shape == (1, 3)
    assert float(wanted.std()) > 1e-3
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_the_folder_is_what_qupaths_extension_looks_for(out: Path) -> None:
    """One .pt and config.json; and nothing of this machine in them."""
    assert sorted(p.name for p in out.iterdir()) == ["config.json", "torchscript_model.pt"]
    here = str(Path(torch.__file__).parent.parent)
    assert here.encode() not in (out / "torchscript_model.pt").read_bytes()


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("unet", "unet gives a class for every pixel"),
        ("scale", "scale gives a magnification"),
        ("multiscale", "multiscale gives one from 2 resolutions"),
    ],
)
def test_what_wsinfer_cannot_run_is_one_line(
    saved: Saved, tmp_path: Path, family: str, said: str
) -> None:
    with pytest.raises(ExportError, match=said):
        export_model(saved(family), tmp_path / "out", "wsinfer")
    assert not (tmp_path / "out").exists()
