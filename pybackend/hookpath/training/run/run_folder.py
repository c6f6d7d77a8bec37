"""A run on disk: ``run.json``, ``metrics.csv``, TensorBoard events, checkpoints and the model."""

from __future__ import annotations

import csv
import io
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hookpath.atomic_files import refuse_read_only, replace_text
from hookpath.errors import ModelFolderError, TrainingError, UsageError, write_code
from hookpath.locking import entered, is_empty, working_in
from hookpath.revision import commit
from hookpath.training_run_files import read_metrics_file, read_run_file
from hookpath.untrusted_files import reason

RUN_NAME = "run.json"
RUN_FORMAT = 1

#: Settings that may differ when a run goes on: they do not change what is learned from what.
FREE_ON_RESUME = frozenset({"workers", "device", "checkpoint_every", "patience", "log"})

#: Settings that may grow when a run goes on.
LENGTH = frozenset({"epochs", "minutes"})


@dataclass(frozen=True)
class RunRecord:
    """What ``run.json`` says: written when the run starts, and when it is made longer.

    Attributes:
        config: the resolved `TrainConfig`, as plain values.
        projects: sources of the projects, absolute.
        data: ``fingerprint`` and the slides it is made of (`hookpath.training.data.training_data`).
        classes: ``{"name", "color"}`` in channel order.
        split: image names by part.
        versions: of Python and of the libraries that numbers depend on.
        command: as it was typed; "": started from Python.
        machine: on which it was started (`hookpath.training.run.provenance`).
        parameters: ``learned`` and ``all`` numbers of the network.
    """

    config: dict[str, Any]
    projects: list[str]
    data: dict[str, Any]
    classes: list[dict[str, Any]]
    split: dict[str, list[str]]
    versions: dict[str, str]
    started: str
    command: str = ""
    machine: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, int] = field(default_factory=dict)


class RunFolder:
    """Paths of a run, and the files of it that people read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.last = root / "checkpoints" / "last.pt"
        self.best = root / "checkpoints" / "best.pt"
        self.model = root / "model"
        self.metrics = root / "metrics.csv"
        self.events = root / "tensorboard"

    def refuse_existing(self) -> None:
        """Nothing may be there yet, but for what a start that was killed at once left.

        Raises:
            TrainingError: the folder holds something.
        """
        if self.root.is_dir() and is_empty(self.root):
            return
        if self.root.exists():
            kind = "holds a run" if self.is_there else "is not empty"
            raise TrainingError(
                f"{self.root}: {kind}; choose another folder, or --resume to go on with a run"
            )

    def refuse_read_only(self) -> None:
        """What its owner marked read-only stays, also where root could write (containers).

        Raises:
            TrainingError: the folder, or the one that it would be made in, is marked so.
        """
        inside = (self.last.parent, self.model, self.events)
        try:
            for folder in (self.root, *(p for p in inside if p.exists())):
                refuse_read_only(folder / RUN_NAME)
        except PermissionError as error:
            raise TrainingError(
                f"{error.strerror}, so nothing was written; make it writable, or choose another "
                "folder for the run",
                code="not_writable",
            ) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only process that works on this run; a folder that stays empty goes again.

        Raises:
            BusyError: another one trains it.
            TrainingError: the folder cannot be made or written to.
        """
        self.refuse_read_only()
        if self.root.exists() and not self.root.is_dir():
            self.refuse_existing()
        with entered(working_in(self.root, f"training the run {self.root}"), self._not_writable):
            yield

    def _not_writable(self, error: OSError) -> TrainingError:
        return TrainingError(
            f"{self.root}: cannot be written ({error.strerror})", code=write_code(error)
        )

    def create(self, record: RunRecord) -> None:
        """Make the folder and write ``run.json``.

        Raises:
            TrainingError: there is something already, or it cannot be written.
        """
        self.refuse_existing()
        self._write({"format": RUN_FORMAT, **vars(record)})

    def record(self) -> RunRecord:
        """What the run was started with.

        Raises:
            TrainingError: no run here, or one that this version does not understand.
        """
        path = self.root / RUN_NAME
        if not path.is_file():
            raise TrainingError(f"{self.root}: no {RUN_NAME} here, so no run to go on with")
        try:
            values = read_run_file(path)
            form = values.pop("format")
            if form != RUN_FORMAT:
                raise TrainingError(f"{path}: format {form} is not that of this hookpath; update")
            return RunRecord(**values)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise TrainingError(
                f"{path}: damaged ({reason(error)}); copy it again, or start again in a new folder"
            ) from error

    def refuse_changes(self, now: RunRecord) -> None:
        """Compare with the recorded run before going on.

        Raises:
            TrainingError: settings, classes, split, slides or annotations differ; names the first.
        """
        then = self.record()
        before, after = flatten(_completed(then.config)), flatten(now.config)
        changed = [
            f"setting {key} was {before.get(key)!r}, now {after.get(key)!r}"
            for key in sorted(before.keys() | after.keys())
            if key not in FREE_ON_RESUME
            and before.get(key) != after.get(key)
            and not (key in LENGTH and is_longer(before.get(key), after.get(key)))
        ]
        changed += _changed_slides(then.data["slides"], now.data["slides"])
        changed += [f"the {n} changed" for n in ("classes", "split") if _differ(then, now, n)]
        if changed:
            raise TrainingError(
                f"{self.root}: cannot resume, since {'; '.join(changed[:3])}; "
                "undo the change or start a new run"
            )

    def note_config(self, config: Mapping[str, Any]) -> None:
        """Write other settings into ``run.json``: of a run that was made longer.

        Raises:
            TrainingError: it cannot be written.
        """
        values = {"format": RUN_FORMAT, **vars(self.record()), "config": dict(config)}
        self._write(values)

    def _write(self, values: Mapping[str, Any]) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            replace_text(self.root / RUN_NAME, json.dumps(values, indent=2, ensure_ascii=False))
        except OSError as error:
            raise self._not_writable(error) from error

    @property
    def is_there(self) -> bool:
        """Whether a run was begun here."""
        return (self.root / RUN_NAME).is_file()

    @property
    def started(self) -> bool:
        """Whether a step was ever saved: the first checkpoint follows ``run.json`` at once."""
        return self.last.exists() or self.metrics.exists()

    def replace_model(self, save: Callable[[Path], object]) -> None:
        """Have the model folder written; at every instant the old one or the new one is there.

        Raises:
            TrainingError: it cannot be written; the old one is still there.
        """
        try:
            save(self.model)
        except (OSError, ModelFolderError) as error:
            raise TrainingError(
                f"{error}; free some space and go on with --resume", code=write_code(error)
            ) from error

    def rows(self, before_epoch: int) -> list[dict[str, str]]:
        """Rows of ``metrics.csv`` of the epochs before the given one.

        Raises:
            TrainingError: it is damaged.
        """
        if not self.metrics.is_file():
            return []
        try:
            rows = read_metrics_file(self.metrics)
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"{self.metrics}: damaged ({reason(error)}); delete it (its curves are lost) and "
                "go on with --resume"
            ) from error
        return [row for row in rows if int(row["epoch"]) < before_epoch]

    def write_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write ``metrics.csv`` anew, atomically; it is a few hundred lines at most."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        try:
            replace_text(self.metrics, text.getvalue())
        except OSError as error:
            raise TrainingError(
                f"{self.metrics}: cannot be written ({error.strerror}); free some space and go on "
                "with --resume",
                code=write_code(error),
            ) from error


def _completed(config: dict[str, Any]) -> dict[str, Any]:
    """A recorded configuration with today's values for settings that it is too old to know."""
    from hookpath.training.training_config import TrainConfig

    try:
        return TrainConfig.of(config).model_dump(mode="json")
    except UsageError:
        return config


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as one, with dotted keys; JSON's view of the values."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def is_longer(then: float | None, now: float | None) -> bool:
    """Whether a limit was raised; None: no limit."""
    return then is not None and (now is None or now > then)


def _differ(then: RunRecord, now: RunRecord, name: str) -> bool:
    return bool(json.loads(json.dumps(getattr(now, name))) != getattr(then, name))


def _changed_slides(then: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[str]:
    before, after = ({slide["id"]: slide for slide in slides} for slides in (then, now))
    changed = [f"{s['name']} is gone" for key, s in before.items() if key not in after]
    changed += [f"{s['name']} is new" for key, s in after.items() if key not in before]
    for key in before.keys() & after.keys():
        if before[key]["annotations"] != after[key]["annotations"]:
            changed.append(f"the annotations of {after[key]['name']} changed")
        elif why := _other_slide(before[key], after[key]):
            changed.append(why)
    return sorted(changed)


def _other_slide(then: dict[str, Any], now: dict[str, Any]) -> str:
    """In words; "": it is the same slide. Early runs did not record `slide`."""
    name = now["name"]
    if then.get("spacing_um") != now["spacing_um"]:
        return f"the µm/px of {name} was {then.get('spacing_um')}, now {now['spacing_um']}"
    if "slide" in then and then["slide"] != now["slide"]:
        return f"the slide file of {name} changed, or how it is cropped and read"
    same = "slide" in then or then["bytes"] == now["bytes"]
    return "" if same else f"the slide file of {name} changed"


def library_versions() -> dict[str, str]:
    """Python's version, those of the libraries that results depend on, and our commit if known."""
    found = {"python": platform.python_version()}
    for name in (
        "hookpath",
        "torch",
        "numpy",
        "openslide-python",
        "tifffile",
        "rasterio",
        "kornia",
    ):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if built_from := commit():
        found["hookpath commit"] = built_from
    return found


def timestamp() -> str:
    """Now, UTC, to the second (ISO 8601)."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def history(run: str | Path) -> list[dict[str, float]]:
    """A run's epochs, each a dict of its metrics (``metrics.csv``); unknown ones are left out.

    Raises:
        TrainingError: the file is damaged.
    """
    rows = RunFolder(Path(run)).rows(before_epoch=sys.maxsize)
    return [{name: float(value) for name, value in row.items() if value} for row in rows]
