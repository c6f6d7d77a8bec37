"""The files of a model, which is a folder or one ``.zip`` of it.

A ``.zip`` is never unpacked to disk: what it holds is read into memory, after its list has been
checked. A file from a stranger is data: unknown names, links, and sizes out of proportion are
refused before a byte of them is read.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from hookpath import limits
from hookpath.errors import ModelFolderError
from hookpath.untrusted_files import TooMuchError, read_bytes, reason

CARD_NAME = "model.json"
WEIGHTS_NAME = "weights.safetensors"
ONNX_NAME = "model.onnx"
NEXT_WEIGHTS_NAME = ".next.safetensors"
"""Weights that wait for their card: whichever the card describes are the model's."""
REFERENCE_NAME = "reference.safetensors"
PAGE_NAME = "MODEL.md"
"""What a person reads of the card."""
FIRST_STAGE_NAME = "patch"
"""Folder within an exported network in two stages that holds the first."""

_HERE = (PAGE_NAME, CARD_NAME, WEIGHTS_NAME, ONNX_NAME, REFERENCE_NAME)
KNOWN = (*_HERE, *(f"{FIRST_STAGE_NAME}/{name}" for name in (CARD_NAME, ONNX_NAME)))
"""Every file that a model may consist of, in the order in which they are packed."""

_LARGE, _SMALL = limits.WEIGHTS_BYTES, limits.CARD_BYTES
_MOST_FOLD = limits.WEIGHTS_FOLD
"""Weights hardly shrink; what unpacks to more than so many times its size is no model."""


_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


class ModelFiles(Protocol):
    """Reads the files of one model; names are those of `KNOWN`."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""

    def read(self, name: str) -> bytes:
        """Its content.

        Raises:
            ModelFolderError: it is missing or cannot be read; says which file.
        """


class FolderFiles:
    """A model folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, name: str) -> bool:
        return (self._folder / name).is_file()

    def read(self, name: str) -> bytes:
        path = self._folder / name
        try:
            if name == WEIGHTS_NAME and (found := self._next_weights()) is not None:
                return found
            return read_bytes(path, _most(name))
        except (OSError, TooMuchError) as error:
            raise ModelFolderError(
                f"{path}: cannot be read ({reason(error)}); copy the whole model folder"
            ) from error

    def _next_weights(self) -> bytes | None:
        """Those that wait beside the others, where a writer was killed after their card came."""
        path = self._folder / NEXT_WEIGHTS_NAME
        if not path.is_file():
            return None
        found = read_bytes(path, _LARGE)
        card = read_bytes(self._folder / CARD_NAME, _SMALL)
        return found if hashlib.sha256(found).hexdigest().encode() in card else None


class ZipFiles:
    """One ``.zip`` of a model folder, its files at the top or in one folder.

    Args:
        inside: folder within the model that is meant (`FIRST_STAGE_NAME`), else "".

    Raises:
        ModelFolderError: not a readable ``.zip``, or it holds what no model has.
    """

    def __init__(self, path: Path, inside: str = "") -> None:
        self._path, self._inside = path, f"{inside}/" if inside else ""
        try:
            with zipfile.ZipFile(path) as opened:
                self._entries = _checked(path, opened)
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
            raise _damaged(path, error) from error

    def has(self, name: str) -> bool:
        return self._inside + name in self._entries

    def read(self, name: str) -> bytes:
        entry = self._entries.get(self._inside + name)
        if entry is None:
            raise ModelFolderError(f"{self._path}: there is no {self._inside}{name} in it")
        try:
            with zipfile.ZipFile(self._path) as opened:
                return opened.read(entry)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
            raise _damaged(self._path, error) from error


def files_of(path: Path) -> ModelFiles:
    """The files of a model folder, of a ``.zip`` of one, or of a stage in either.

    Raises:
        ModelFolderError: a file that is no ``.zip`` of a model.
    """
    if path.is_file():
        return ZipFiles(path)
    if path.parent.is_file():
        return ZipFiles(path.parent, path.name)
    return FolderFiles(path)


def model_at(path: Path) -> Path:
    """A model folder, or a ``.zip`` of one, as it is; of a run its ``model`` folder."""
    inside = path / "model"
    is_run = not (path / CARD_NAME).is_file() and (inside / CARD_NAME).is_file()
    return inside if is_run else path


def changed_at(path: Path) -> int:
    """When a model was last written, ns; 0: it is not there."""
    written = path if path.is_file() else path / CARD_NAME
    return written.stat().st_mtime_ns if written.is_file() else 0


def _checked(path: Path, opened: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The entries by their names in `KNOWN`."""
    entries = (entry for entry in opened.infolist() if not entry.is_dir())
    files = [entry for entry in entries if not _is_file_manager_s(entry.filename)]
    top = _top_folder([entry.filename for entry in files])
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in files:
        name = entry.filename.removeprefix(top)
        if not entry.filename.startswith(top) or name not in KNOWN or name in found:
            raise _refused(path, f"it holds {entry.filename[:80]!r}, which is no file of a model")
        _check_entry(path, name, entry)
        found[name] = entry
    return found


def _is_file_manager_s(name: str) -> bool:
    """What macOS and Windows put beside the files that a person packs."""
    *folders, last = name.split("/")
    return "__MACOSX" in folders or last in _LITTER or last.startswith("._")


def _top_folder(names: list[str]) -> str:
    """The folder that a file manager packs along, with its slash; "": there is none."""
    cards = [name for name in names if name.rpartition("/")[2] == CARD_NAME]
    shortest = min(cards, key=len, default="")
    return shortest.removesuffix(CARD_NAME)


def _check_entry(path: Path, name: str, entry: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _refused(path, f"{name} is a link")
    if entry.flag_bits & 1:
        raise _refused(path, f"{name} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(path, f"{name} is compressed in another way than ZIP's usual one")
    if entry.file_size > min(_most(name), max(_SMALL, _MOST_FOLD * entry.compress_size)):
        raise _refused(path, f"{name} would unpack to {entry.file_size / 1e6:,.0f} MB")


def _most(name: str) -> int:
    return _SMALL if name.endswith((".json", ".md")) else _LARGE


def _refused(path: Path, reason: str) -> ModelFolderError:
    return ModelFolderError(
        f"{path}: {reason}; pack the model folder again with hookpath export --to zip"
    )


def _damaged(path: Path, error: Exception) -> ModelFolderError:
    return ModelFolderError(f"{path}: not a readable .zip of a model ({error}); copy it again")
