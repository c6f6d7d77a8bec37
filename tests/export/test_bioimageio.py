"""BioImage.IO export: the package describes what it holds, and computes what torch does."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from hookpath.errors import ExportError, UsageError
from hookpath.export import export_model
from hookpath.export.bioimageio import check_package
from hookpath.models import load_model
from support.saving import save_tiny

Saved = Callable[..., Path]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HookNet of two resolutions; ``../model`` is its source."""
    folder = tmp_path_factory.mktemp("bioimageio")
    out = folder / "model.zip"
    export_model(
        save_tiny(folder / "model", "hooknet"), out, "bioimageio", None, ["Ana B"], "CC-BY-4.0"
    )
    return out


def described(package: Path) -> dict[str, Any]:
    with zipfile.ZipFile(package) as packed:
        found: dict[str, Any] = json.loads(packed.read("rdf.yaml"))
        return found


def array(package: Path, name: str) -> np.ndarray[Any, Any]:
    with zipfile.ZipFile(package) as packed:
        loaded: np.ndarray[Any, Any] = np.load(io.BytesIO(packed.read(name)))
        return loaded


def test_the_description_tells_what_the_network_takes_and_gives(package: Path) -> None:
    about = described(package)
    model, card = load_model(package.parent / "model")
    assert (about["type"], about["license"]) == ("model", "CC-BY-4.0")
    assert about["authors"] == [{"name": "Ana B"}]
    assert about["cite"][0]["doi"] == "10.1016/j.media.2020.101890"
    assert [t["id"] for t in about["inputs"]] == ["image_0", "image_1"]
    for tensor, branch in zip(about["inputs"], model.branches, strict=True):
        batch, channel, y, x = tensor["axes"]
        assert (batch["type"], channel["channel_names"]) == ("batch", ["red", "green", "blue"])
        assert (y["size"], x["size"]) == (branch.input_size,) * 2
        assert (y["scale"], y["unit"]) == (branch.spacing_um, "micrometer")
    (out,) = about["outputs"]
    assert out["axes"][1]["channel_names"] == [c.name for c in card.classes]
    assert [a.get("size") for a in out["axes"]][2:] == [card.branches[0].output_size] * 2
    assert out["axes"][2]["scale"] == card.spacing_um


def test_every_file_is_the_one_described(package: Path) -> None:
    about = described(package)
    sources = [t["test_tensor"] for t in (*about["inputs"], *about["outputs"])]
    with zipfile.ZipFile(package) as packed:
        for source in (*sources, about["weights"]["onnx"]):
            digest = hashlib.sha256(packed.read(source["source"])).hexdigest()
            assert digest == source["sha256"]
        assert "bioimageio.core" in packed.read(about["documentation"]).decode()


def test_scaled_as_it_says_it_computes_what_torch_does(package: Path) -> None:
    about = described(package)
    model, _ = load_model(package.parent / "model")
    fed = []
    for tensor in about["inputs"]:
        (step,) = tensor["preprocessing"]
        raw = array(package, tensor["test_tensor"]["source"])
        assert raw.max() > 200  # values of 8 bits, not shares
        fed.append((raw * step["kwargs"]["gain"] + step["kwargs"]["offset"]).astype(np.float32))
    with torch.no_grad():
        wanted = model([torch.from_numpy(f) for f in fed])[0].softmax(1).numpy()
    assert wanted.std() > 1e-3
    np.testing.assert_allclose(array(package, "output.npy"), wanted, atol=1e-5)
    with zipfile.ZipFile(package) as packed:
        session = onnxruntime.InferenceSession(packed.read("model.onnx"))
    named = {t["id"]: f for t, f in zip(about["inputs"], fed, strict=True)}
    (found,) = session.run([about["outputs"][0]["id"]], named)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_its_own_specification_takes_it(package: Path) -> None:
    """In environments that have it: it is no dependency (see docs/export.md)."""
    spec = pytest.importorskip("bioimageio.spec")
    summary = spec.load_description(package).validation_summary
    assert summary.status != "failed", summary.display()


def test_a_package_that_computes_something_else_is_noticed(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    about = json.loads(files["rdf.yaml"])
    changed = io.BytesIO()
    np.save(changed, 1 - array(package, "output.npy"))
    files["output.npy"] = changed.getvalue()
    for stated, message in ((False, "not written as it was made"), (True, "another output")):
        if stated:
            digest = hashlib.sha256(files["output.npy"]).hexdigest()
            about["outputs"][0]["test_tensor"]["sha256"] = digest
            files["rdf.yaml"] = json.dumps(about).encode()
        other = tmp_path / "other.zip"
        with zipfile.ZipFile(other, "w") as packed:
            for name, data in files.items():
                packed.writestr(name, data)
        with pytest.raises(ExportError, match=message):
            check_package(other)


def test_a_class_per_patch_is_one_large_pixel(tmp_path: Path) -> None:
    out = tmp_path / "c.zip"
    model = save_tiny(tmp_path / "m", "classifier", backbone="mobilenet_v2")
    export_model(model, out, "bioimageio")
    (output,) = described(out)["outputs"]
    assert [a.get("size") for a in output["axes"]][2:] == [1, 1]
    assert output["axes"][2]["scale"] == 32.0  # 32 px of 1 µm
    assert "authors" not in described(out)


@pytest.mark.parametrize(
    ("family", "said"),
    [("h2gnet", "is two networks"), ("agunet", "reads whole slides"), ("scale", "of any µm/px")],
)
def test_what_is_no_network_over_patches_is_one_line(
    saved: Saved, tmp_path: Path, family: str, said: str
) -> None:
    with pytest.raises(ExportError, match=said):
        export_model(saved(family), tmp_path / "out.zip", "bioimageio")
    assert not (tmp_path / "out.zip").exists()


def test_names_of_files_and_options_that_do_not_fit_are_refused(
    saved: Saved, tmp_path: Path
) -> None:
    model = saved("unet")
    with pytest.raises(UsageError, match=r"ending in \.zip"):
        export_model(model, tmp_path / "out", "bioimageio")
    with pytest.raises(UsageError, match="--author and --license"):
        export_model(model, tmp_path / "out", "onnx", authors=["Ana"])
