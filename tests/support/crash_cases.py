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
        prepare: what must have been done before; the exit code. None: nothing.
    """

    name: str
    run: Callable[[Path], int]
    again: Callable[[Path], int]
    results: tuple[str, ...] = ("out",)
    prepare: Callable[[Path], int] | None = None


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


def onnx(root: Path) -> int:
    return command("export", root / "model", "--to=onnx", "-o", root / "out" / "onnx")


def loop_start(root: Path) -> int:
    options = (f"--init-from={root / 'model'}", "--preset=fast", "--min-area=200", *SMALL)
    return command("loop", "start", root / "slides", f"--loop={root / 'out'}", *options)


def loop_started(root: Path) -> int:
    """Where the loop has begun, there is nothing to do."""
    return 0 if (root / "out" / "loop.json").is_file() else loop_start(root)


def _loop(step: str, root: Path, *options: object) -> int:
    return command("loop", step, root / "slides", f"--loop={root / 'out'}", *options)


def propose(root: Path) -> int:
    return _loop("propose", root, "--image=s1.tif")


def accept(root: Path) -> int:
    return _loop("accept", root, "--image=s1.tif", "--whole")


def choose(root: Path) -> int:
    return _loop("next", root, "--image=s1.tif", "--region-um=40", "--regions=2")


def retrain(root: Path) -> int:
    return _loop("retrain", root)


def retrained(root: Path) -> int:
    """Where the round has ended, there is nothing to do: another `retrain` is another round."""
    ended = (root / "out" / "rounds" / "02" / "round.json").is_file()
    return 0 if ended else retrain(root)


def proposed(root: Path) -> int:
    return loop_start(root) or propose(root)


def accepted(root: Path) -> int:
    return proposed(root) or accept(root)


def evaluated_twice(root: Path) -> int:
    options = ("--device=cpu", "--model", root / "model")
    done = [
        command("evaluate", root / "slides", "-o", root / name, *options) for name in ("a", "b")
    ]
    return max(done)


def compare(root: Path) -> int:
    return command("compare", root / "a", root / "b", "-o", root / "out")


def demo(root: Path) -> int:
    from hookpath.demo import DemoConfig, run_demo
    from hookpath.errors import HookpathError

    config = DemoConfig(
        slides={"train": 1, "val": 1, "test": 1},
        size=2600,
        epochs=1,
        steps_per_epoch=2,
        model={"filters": 2, "depth": 3, "input_size": 108},
    )
    try:
        run_demo(root / "out", config)
    except HookpathError:
        return 1
    return 0


def qupath_project(root: Path) -> int:
    """The slides in a project that QuPath's own code made, a person's annotation on the first."""
    from paquo.projects import QuPathProject

    from hookpath.projects.qupath_store.paquo_bridge import _java
    from support.projects import HUMAN, add_features

    java = _java()
    with QuPathProject(root / "project" / "project.qpproj", mode="x") as project:
        for path in sorted((root / "slides").glob("*.tif")):
            project.add_image(path)
        add_features(java, project.images[0], HUMAN)
        project.save()
    return 0


def predict_in_qupath(root: Path) -> int:
    options = ("--no-tissue", "--device=cpu", "--min-area=500", "--as=annotations")
    source = root / "project"
    return command("predict", source, "--model", root / "model", "-o", root / "out", *options)


IN_LOOP = ("out", "slides")

CASES = [
    Case("convert", convert, convert),
    Case("masks", masks, masks),
    Case("metadata", split, split, ("slides",)),
    Case("export", export, export),
    Case("onnx", onnx, onnx),
    Case("extract", extract, extract),
    Case("predict", predict, predict, ("out", "slides")),
    Case("evaluate", evaluate, evaluate),
    Case("compare", compare, compare, prepare=evaluated_twice),
    Case("train", train, resume),
    Case("loop start", loop_start, loop_started, IN_LOOP),
    Case("loop propose", propose, propose, IN_LOOP, loop_start),
    Case("loop next", choose, choose, IN_LOOP, loop_start),
    Case("loop accept", accept, accept, IN_LOOP, proposed),
    Case("loop retrain", retrain, retrained, IN_LOOP, accepted),
    Case("demo", demo, demo),
    Case("qupath", predict_in_qupath, predict_in_qupath, prepare=qupath_project),
]
