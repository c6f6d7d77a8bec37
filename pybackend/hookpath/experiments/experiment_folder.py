"""The experiment's folder: one experiment in each, to which contestants may be added."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from hookpath.atomic_files import make_folder, replace_text
from hookpath.errors import HookpathError, OutputError, UsageError, write_code
from hookpath.experiments.design import Design
from hookpath.experiments.design_options import Options
from hookpath.locking import is_empty
from hookpath.projects import Project, SplitTable

RECORD_NAME = "experiment.json"

_OTHER = "{}: holds another experiment or other files; choose another folder with -o"


def claim(out: Path, design: Design, project: Project | None, options: Options) -> None:
    """Take a new folder, or that of the same experiment; contestants may be added to it."""
    contestants = {c.title: {**design.settings, **c.settings} for c in design.contestants}
    record = {
        "design": design.name,
        "source": None if project is None else str(project.source.resolve()),
        "slides": None if project is None else _which(project),
        "contestants": contestants,
        "seeds": list(options.seeds),
        "folds": options.folds,
        "by": options.by,
        **_split(options),
        "truth": None if options.truth is None else str(options.truth.resolve()),
        "budget_s": options.budget_s,
        "preset": options.preset,
        "set": list(options.overrides),
    }
    path = out / RECORD_NAME
    if path.is_file():
        record = _joined(path, json.loads(json.dumps(record)))
    elif out.exists() and (not out.is_dir() or not is_empty(out)):
        raise UsageError(_OTHER.format(out))
    try:
        make_folder(out)
        replace_text(path, json.dumps(record, indent=2, ensure_ascii=False))
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written to ({error.strerror})", code=write_code(error)
        ) from error


def _split(options: Options) -> dict[str, Any]:
    """The table of the split by its content; nothing where there is none, as ever."""
    if options.splits is None:
        return {}
    rows = repr(SplitTable.load(options.splits).rows)
    return {"splits": hashlib.sha256(rows.encode()).hexdigest(), "fold": options.fold}


def _which(project: Project) -> dict[str, str]:
    """Which slides they are, by id: other ones under the same names are another experiment."""
    found: dict[str, str] = {}
    for entry in project.images:
        with suppress(HookpathError):  # reported where the slide is needed
            found[entry.id] = entry.description.identity.key
    return found


def _joined(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """The record with the contestants that the folder has already.

    Raises:
        UsageError: it is of another experiment, or a contestant had other settings.
    """
    try:
        before = dict(json.loads(path.read_text(encoding="utf-8")))
        known = dict(before["contestants"])
    except (ValueError, KeyError, TypeError, OSError):
        raise UsageError(_OTHER.format(path.parent)) from None
    before.setdefault("slides", record["slides"])  # not recorded in the beginning
    both = {**known, **record["contestants"]}
    if {**before, "contestants": both} != {**record, "contestants": both} or any(
        both[title] != settings for title, settings in known.items()
    ):
        raise UsageError(_OTHER.format(path.parent))
    return {**record, "contestants": both}
