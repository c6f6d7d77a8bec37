"""``--to zip``: a model folder as one file, with a page about it; any command takes it as it is."""

from __future__ import annotations

from pathlib import Path

from hookpath.errors import ExportError, ModelFolderError, UsageError
from hookpath.export.export_folder import write_checked, zip_of
from hookpath.models.storage.folder_or_zip import KNOWN, PAGE_NAME, files_of
from hookpath.models.storage.model_card_page import card_page
from hookpath.models.storage.model_folder import load_model, only_exported, read_card, read_onnx


def pack_model(model: Path, out: Path) -> Path:
    """Write a model folder as one ``.zip``; the same model always gives the same bytes.

    It is opened before it gets its name, so that what is there can be used.

    Raises:
        UsageError: `out` does not end in ``.zip``.
        ModelFolderError: no usable model.
        OutputError: `out` cannot be written.
    """
    if out.suffix.lower() != ".zip":
        raise UsageError(f"{out}: name the file to write, ending in .zip")
    if out.is_dir():
        raise UsageError(f"{out}: is a folder; name a file")
    _refuse_other_kind(model)
    _open(model)
    data = _packed(model)

    def fill(part: Path) -> None:
        part.write_bytes(data)
        _open(part)

    try:
        write_checked(out, fill)
    except ModelFolderError as error:
        raise ExportError(f"{out}: cannot be opened as it was written ({error})") from error
    return out


def _refuse_other_kind(model: Path) -> None:
    if model.is_file():
        raise UsageError(f"{model}: is one file already")


def _open(model: Path) -> None:
    """Run it as its users will."""
    if only_exported(model):
        read_onnx(model)
    else:
        load_model(model)


def _packed(model: Path) -> bytes:
    """The page first, then the model's files in one order."""
    files, page = files_of(model), card_page(read_card(model)).encode()
    held = {name: files.read(name) for name in KNOWN if name != PAGE_NAME and files.has(name)}
    return zip_of({PAGE_NAME: page, **held})
