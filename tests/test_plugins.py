"""What another package adds: the example package of the documentation, as if it were installed."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hookpath import plugins
from hookpath.errors import ModelDesignError, PluginError, UsageError
from hookpath.models import FAMILIES, build_model
from hookpath.projects import open_project
from hookpath.slides import open_slide
from hookpath.training import TrainConfig, train_network
from support.textures import texture_folder
from support.training import TINY

#: timm remembers the encoder of the test before.
pytestmark = pytest.mark.filterwarnings("ignore:Overwriting tiny_example")

EXAMPLE = Path(__file__).parents[1] / "docs" / "plugin-example"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example as pip would leave it: its module on the path, its entry points listed."""
    made = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    install(tmp_path / "site", made["name"], made["entry-points"])
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    plugins.forget()
    yield
    plugins.forget()
    FAMILIES.pop("thin-unet", None)
    sys.modules.pop("hookpath_example", None)


def install(site: Path, name: str, points: dict[str, dict[str, str]]) -> None:
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [
        line
        for group, named in points.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in named.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))


def test_without_plugins_nothing_is_there() -> None:
    plugins.forget()
    assert plugins.names("samplers") == ()
    with pytest.raises(PluginError, match="no installed package adds logger 'x'; there are: none"):
        plugins.load("loggers", "x")


@pytest.mark.usefixtures("example")
def test_a_network_is_built_saved_and_loaded_by_its_name(tmp_path: Path) -> None:
    assert "hookpath_example" not in sys.modules
    assert "thin-unet" in FAMILIES
    assert "hookpath_example" not in sys.modules  # nothing runs before it is asked for
    model = build_model("thin-unet", n_classes=2)
    assert model.family == "thin-unet"
    with pytest.raises(ModelDesignError, match="thin-unet"):
        build_model("thinunet", n_classes=2)


@pytest.mark.usefixtures("example")
def test_an_encoder_is_known_to_timm() -> None:
    model = build_model("unet", n_classes=2, input_size=64, depth=2, encoder="tiny_example")
    assert model.config["encoder"] == "tiny_example"


@pytest.mark.usefixtures("example")
def test_a_reader_is_asked_for_its_ending(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    np.save(tmp_path / "s.npy", pixels)
    (entry,) = open_project(tmp_path, mpp=0.5).images
    with entry.slide.open() as slide:
        assert (slide.width_l0, slide.height_l0, slide.reader) == (60, 40, "hookpath-example")
        assert np.array_equal(slide.read_level(0, 10, 5, 20, 20), pixels[5:25, 10:30])
    assert open_slide(tmp_path / "s.npy").has_calibration is False


@pytest.mark.usefixtures("example")
def test_a_run_goes_by_a_plugin_s_network_sampler_and_logger(tmp_path: Path) -> None:
    folder = texture_folder(tmp_path / "slides", slides=2, size=128)
    settings = [s for s in TINY if not s.startswith("model.")]
    config = TrainConfig.load(
        overrides=["family=thin-unet", *settings, "epochs=2", "steps_per_epoch=2", "device=cpu",
                   "workers=0", "sampler=slide-by-slide", "log=['lines', 'tensorboard']"]
    )  # fmt: skip
    train_network([open_project(folder)], config, tmp_path / "run")
    lines = (tmp_path / "run" / "lines.txt").read_text("utf-8").splitlines()
    assert [line[:8] for line in lines] == ["1: loss ", "2: loss "]


def test_what_nobody_adds_is_refused_by_name() -> None:
    for setting, message in (
        ("sampler=x", "sampler is one of pixels, hierarchical"),
        ("log=['x']", "no logger is called 'x'; there are: tensorboard, mlflow, wandb"),
    ):
        with pytest.raises(UsageError, match=message):
            TrainConfig.load(overrides=[setting])


def test_a_package_that_cannot_be_imported_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "broken", {"hookpath.networks": {"b": "no_such_module:B", "u": "json:dumps"}})
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.forget()
    with pytest.raises(PluginError, match=r"network 'b' of the package broken cannot be loaded"):
        build_model("b", n_classes=2)
    with pytest.raises(PluginError, match="must name a subclass of"):
        build_model("u", n_classes=2)
    plugins.forget()
