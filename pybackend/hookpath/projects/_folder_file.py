"""``hookpath-project.json`` beside the slides: µm/px and metadata of each.

::

    {"format": 1, "images": {"<file name>": {"mpp": 0.25, "metadata": {"hookpath.split": "val"}}}}
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from hookpath.errors import ProjectError
from hookpath.geometry import Calibration
from hookpath.projects._backups import Backups
from hookpath.projects._files import changing, write_json
from hookpath.projects.changes import Metadata, metadata_of, take_over
from hookpath.untrusted import read_json

#: Optional file in the folder.
FOLDER_FILE = "hookpath-project.json"


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
            ProjectError: the file is damaged, or says something else there.
        """
        value = _record(self._content, name).get("mpp")
        if value is None:
            return None
        try:
            x, y = value if isinstance(value, list) else (value, value)
            return Calibration(float(x), float(y))
        except (TypeError, ValueError, OverflowError) as error:
            raise ProjectError(f"{name}: µm/px must be a positive number, not {value!r}") from error

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
    record = content.get("images", {}).get(name, {})
    return record if isinstance(record, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except FileNotFoundError:
        return {"format": 1, "images": {}}
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path}: not readable as JSON ({error}); repair or remove it"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("images", {}), dict):
        raise ProjectError(f"{path}: not a hookpath folder file; repair or remove it")
    return content
