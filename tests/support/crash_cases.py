"""Every command that writes, on a small folder: ``slides``, ``xml``, ``model`` and ``out``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hookpath.errors import ProjectError
from support.crashes import command

SMALL = [
    f"--set={setting}"
    for setting in (
        "model.filters=4", "model.depth=1", "model.input_size=24", "model.spacings=[1.0,2.0]",
        "epochs=2", "steps_per_epoch=2", "batch_size=2", "workers=0", "device=cpu",
        "validation.max_patches=8", "amp=off", "validation.val=['s1.tif']",
    )
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A command on its own folder.

    Attributes:
        run: does it; the exit code.
        again: how it is started again after it was killed.
        results: what is compared.
    """

    name: str
    run: Callable[[Path], int]
    again: Callable[[Path], int]
    results: tuple[str, ...] = ("out",)


def convert(root: Path) -> int:
    files = [root / "xml" / name for name in ("a.xml", "b.xml")]
    return command("convert", *files, "-o", root / "out")


def masks(root: Path) -> int:
    files = [root / "slides" / name for name in ("s0.geojson", "s1.geojson")]
    options = ("--to=mask-tiff", "--downsample=2", f"--slides={root / 'slides'}")
    return command("convert", *files, *options, "-o", root / "out")


def predict(root: Path) -> int:
    options = ("--no-tissue", "--device=cpu", "--min-area=500")
    return command(
        "predict", root / "slides", "--model", root / "model", "-o", root / "out", *options
    )


def extract(root: Path) -> int:
    options = ("--size=32", "--workers=0", "--where=all", "--stride=64")
    return command("extract", root / "slides", "-o", root / "out", *options)


def evaluate(root: Path) -> int:
    options = ("--device=cpu",)
    return command(
        "evaluate", root / "slides", "--model", root / "model", "-o", root / "out", *options
    )


def export(root: Path) -> int:
    return command("export", root / "model", "--to=zip", "-o", root / "out" / "model.zip")


def train(root: Path) -> int:
    return command("train", root / "slides", "-o", root / "out", "--preset=fast", *SMALL)


def resume(root: Path) -> int:
    """Where nothing was begun, it is begun."""
    if (root / "out" / "run.json").is_file():
        return command("train", "-o", root / "out", "--resume")
    return train(root)


def split(root: Path) -> int:
    from hookpath.projects import open_project

    try:
        for number, entry in enumerate(open_project(root / "slides").images):
            entry.set_metadata({"hookpath.split": ("train", "val")[number % 2]})
    except ProjectError:
        return 1
    return 0


CASES = [
    Case("convert", convert, convert),
    Case("masks", masks, masks),
    Case("metadata", split, split, ("slides",)),
    Case("export", export, export),
    Case("extract", extract, extract),
    Case("predict", predict, predict, ("out", "slides")),
    Case("evaluate", evaluate, evaluate),
    Case("train", train, resume),
]
