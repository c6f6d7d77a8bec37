"""``hookpath-project.json`` beside the slides: µm/px and metadata of each.

::

    {"format": 1, "images": {"<file name>": {"mpp": 0.25, "metadata": {"hookpath.split": "val"}}}}
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hookpath.errors import ProjectError
from hookpath.geometry import Calibration
from hookpath.projects.backups import Backups
from hookpath.projects.project_changes import Metadata, metadata_of, take_over
from hookpath.projects.stamped_json_files import changing, write_json
from hookpath.untrusted_files import read_json, reason

#: Optional file in the folder.
FOLDER_FILE = "hookpath-project.json"


_Side = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Word = str | int | float | bool


class _Record(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)
    mpp: _Side | Annotated[list[_Side], Field(min_length=2, max_length=2)] | None = None
    metadata: dict[str, _Word] = Field(default_factory=dict)


class _File(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)
    format: int = Field(default=1, ge=1, le=1)
    images: dict[str, _Record] = Field(default_factory=dict)


class FolderFile:
    """The file as it was when it was first asked; it need not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def metadata_of(self, name: str) -> dict[str, str]:
        """Metadata of a slide.

        Raises:
            ProjectError: the file is damaged.
        """
        return metadata_of(_record(self._content, name))

    def spacing_of(self, name: str) -> Calibration | None:
        """µm/px of a slide.

        Raises:
            ProjectError: the file is damaged.
        """
        value = _record(self._content, name).get("mpp")
        if value is None:
            return None
        x, y = value if isinstance(value, list) else (value, value)
        return Calibration(float(x), float(y))

    def put(self, changed: Metadata, backups: Backups) -> None:
        """Change metadata in the file as it is on disk now, in one write.

        Raises:
            ProjectError: it is damaged, or cannot be written.
        """
        with changing(self._path, self._path.resolve().parent.name):
            content = _read(self._path)
            images = content.setdefault("images", {})
            if sum(_take_over(images, name, values) for name, values in changed.items()):
                backups.make(self._path)
                write_json(self._path, content)

    @cached_property
    def _content(self) -> dict[str, Any]:
        return _read(self._path)


def _take_over(images: dict[str, Any], name: str, values: Any) -> bool:
    """Whether anything changed."""
    record = _record({"images": images}, name)
    changed = take_over(record, values)
    if changed:
        images[name] = record
    return changed


def _record(content: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = content.get("images", {}).get(name, {})
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = read_json(path)
        _File.model_validate(content)
    except FileNotFoundError:
        return {"format": 1, "images": {}}
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path}: not a hookpath folder file ({reason(error)}); repair or remove it"
        ) from error
    return content
