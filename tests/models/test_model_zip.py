"""A model as one .zip: read where a folder is, and refused where it holds what no model does."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch

from hookpath.errors import ModelFolderError
from hookpath.models import build_model, load_model, model_at, read_card
from hookpath.models.storage.folder_or_zip import changed_at, files_of
from hookpath.models.storage.model_folder import ModelCard, save_model
from support.families import TINY, class_table

Change = Callable[[zipfile.ZipInfo], object]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder; not to be changed."""
    made = tmp_path_factory.mktemp("run") / "model"
    torch.manual_seed(0)
    model = build_model("unet", **TINY["unet"])
    save_model(made, model, ModelCard.describe(model, class_table(3)))
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packed(
    path: Path,
    files: Mapping[str, bytes],
    method: int = zipfile.ZIP_STORED,
    change: Change = lambda _: None,
) -> Path:
    """A .zip of these files; `change` is done to each entry."""
    with zipfile.ZipFile(path, "w", method) as target:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            change(entry)
            target.writestr(entry, data)
    return path


def refused(path: Path, *said: str) -> None:
    with pytest.raises(ModelFolderError) as caught:
        read_card(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert all(part in message for part in said)


@pytest.mark.parametrize("top", ["", "model/", "a name with spaces/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_the_folder_however_a_file_manager_packs_it(
    folder: Path, tmp_path: Path, top: str, method: int
) -> None:
    files = {f"{top}{name}": data for name, data in contents(folder).items()}
    for name in (f"__MACOSX/{top}._model.json", f"{top}.DS_Store", f"{top}Thumbs.db"):
        files[name] = b"of the file manager's own"
    path = packed(tmp_path / "m.zip", files, method)
    assert read_card(path) == read_card(folder)
    found, wanted = (load_model(p)[0].state_dict() for p in (path, folder))
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert sorted(tmp_path.iterdir()) == [path]  # nothing was unpacked


def test_a_run_a_folder_and_a_zip_are_found(folder: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "m.zip", contents(folder))
    assert model_at(folder.parent) == model_at(folder) == folder
    assert model_at(path) == path
    assert model_at(tmp_path / "nowhere") == tmp_path / "nowhere"
    assert changed_at(path) == path.stat().st_mtime_ns
    assert changed_at(tmp_path / "nowhere") == 0


def test_the_first_stage_is_within(folder: Path, tmp_path: Path) -> None:
    card = contents(folder)["model.json"]
    path = packed(tmp_path / "m.zip", {"model.json": b"{}", "patch/model.json": card})
    assert read_card(path / "patch") == read_card(folder)
    assert not files_of(path / "patch").has("model.onnx")


@pytest.mark.parametrize(
    "name",
    ["../model.onnx", "/model.onnx", "..\\model.onnx", "evil.py", "sub/model.onnx", "model.pt"],
)
def test_only_files_of_a_model_may_be_in_it(folder: Path, tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "m.zip", {**contents(folder), name: b"x"})
    refused(path, "is no file of a model", "pack the model folder again")


def test_a_file_twice_is_refused(folder: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "m.zip", contents(folder))
    with zipfile.ZipFile(path, "a") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr("model.json", b"{}")
    refused(path, "'model.json', which is no file of a model")


def test_a_link_is_refused(folder: Path, tmp_path: Path) -> None:
    def link(entry: zipfile.ZipInfo) -> None:
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16

    refused(packed(tmp_path / "m.zip", contents(folder), change=link), "is a link")


def test_other_compression_is_refused(folder: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "m.zip", contents(folder), zipfile.ZIP_LZMA)
    refused(path, "compressed in another way")


def test_an_encrypted_file_is_refused(folder: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "m.zip", contents(folder))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the list of contents
    path.write_bytes(data)
    refused(path, "is encrypted")


def test_a_bomb_is_refused_before_it_goes_off(folder: Path, tmp_path: Path) -> None:
    files = {**contents(folder), "model.onnx": bytes(64 * 2**20)}
    refused(packed(tmp_path / "m.zip", files, zipfile.ZIP_DEFLATED), "would unpack to 67 MB")
    files = {**contents(folder), "model.json": b" " * (17 * 2**20)}
    refused(packed(tmp_path / "n.zip", files), "model.json would unpack to 18 MB")


def test_a_size_that_lies_is_noticed(folder: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "m.zip", contents(folder), zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + 24  # of the unpacked size of the first entry
    data[place : place + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ModelFolderError, match=r"copy it again|copy the model folder again"):
        load_model(path)


@pytest.mark.parametrize("keep", [0, 10, 400])
def test_half_a_file_is_no_zip(folder: Path, tmp_path: Path, keep: int) -> None:
    path = packed(tmp_path / "m.zip", contents(folder))
    path.write_bytes(path.read_bytes()[:keep])
    refused(path, "not a readable .zip of a model")


def test_damaged_weights_are_noticed(folder: Path, tmp_path: Path) -> None:
    files = contents(folder)
    path = packed(tmp_path / "m.zip", files)
    data = bytearray(path.read_bytes())
    place = data.index(files["weights.safetensors"][-40:])
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelFolderError, match=r"not a readable \.zip of a model"):
        load_model(path)


def test_a_zip_without_a_card_or_weights_says_so(folder: Path, tmp_path: Path) -> None:
    files = contents(folder)
    weights = {"weights.safetensors": files["weights.safetensors"]}
    refused(packed(tmp_path / "m.zip", weights), "no model.json here")
    path = packed(tmp_path / "n.zip", {"model.json": files["model.json"]})
    with pytest.raises(ModelFolderError, match=r"there is no weights\.safetensors in it"):
        load_model(path)
