"""Presets, files, overrides, and what a wrong setting says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from hookpath.errors import UsageError
from hookpath.training import PRESETS, TrainConfig


def test_the_default_is_the_paper() -> None:
    config = TrainConfig.load()
    assert (config.batch_size, config.epochs, config.steps_per_epoch) == (12, 200, 1000)
    assert (config.learning_rate, config.schedule, config.loss_weight) == (5e-6, "constant", 0.75)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_is_valid_and_recorded(preset: str) -> None:
    config = TrainConfig.load(overrides=[f"preset={preset}"])
    assert config.preset == preset
    assert TrainConfig.of(config.model_dump(mode="json")) == config


def test_file_beats_preset_and_override_beats_file(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('preset = "fast"\nepochs = 3\nbatch_size = 2\n[model]\nspacings = [1.0, 4.0]\n')
    config = TrainConfig.load(path, overrides=["batch_size=5", "model.filters=16"])
    assert (config.preset, config.epochs, config.batch_size) == ("fast", 3, 5)
    assert config.model == {"input_size": 172, "depth": 3, "filters": 16, "spacings": [1.0, 4.0]}
    assert config.learning_rate == PRESETS["fast"]["learning_rate"]


def test_the_given_preset_beats_the_one_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('preset = "fast"')
    assert TrainConfig.load(path, preset="paper").learning_rate == 5e-6


def test_values_are_read_as_in_toml_and_bare_words_as_text() -> None:
    config = TrainConfig.load(
        overrides=["patience=none", "amp=off", "classes=['A', 'B']", "validation.fraction=0"]
    )
    assert (config.patience, config.amp, config.classes) == (None, "off", ("A", "B"))
    assert config.validation.fraction == 0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("bach_size=3", "unknown setting 'bach_size'; did you mean 'batch_size'?"),
        ("filters=8", "unknown setting 'filters'; did you mean 'model.filters'?"),
        ("backbone=resnet34", "unknown setting 'backbone'; did you mean 'model.backbone'?"),
        ("max_patches=8", "did you mean 'validation.max_patches'?"),
        ("validation.fractoin=0", "did you mean 'validation.fraction'?"),
        ("zzz=1", "unknown setting 'zzz'; there are: preset, family, model"),
        ("batch_size=0", "setting batch_size = 0 is not valid: .*greater than or equal to 1"),
        ("classes=Dark", r"setting classes = 'Dark' is not valid: .*classes=\['Dark'\]"),
        ("epochs=many", "setting epochs = 'many' is not valid"),
        ("device=tpu", "setting device = 'tpu' is not valid"),
        ("preset=slow", "unknown preset 'slow'; there are: paper, fast"),
        ("warmup=1", "setting warmup = 1 is not valid: .*less than 1"),
        ("batch_size", "write key=value"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(override: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        TrainConfig.load(overrides=[override])
    assert "\n" not in str(caught.value)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read"):
        TrainConfig.load(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("a = = 1")
    with pytest.raises(UsageError, match=r"broken\.toml: not valid TOML"):
        TrainConfig.load(broken)


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda", "cuda:1", "mps"])
def test_every_device_can_be_chosen(name: str) -> None:
    assert TrainConfig.load(None, "fast", [f"device={name}"]).device == name


def test_what_has_a_name_is_not_changed_in_part() -> None:
    config = TrainConfig.load(None, "fast", ["augmentation=strong"])
    assert config.augmentation.saturation == 0.3
    with pytest.raises(UsageError, match="all of it; leave that out, or augmentation"):
        TrainConfig.load(None, "fast", ["augmentation=strong", "augmentation.hue=0.1"])


def _numbers(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Names of all settings that are numbers with a fraction, tables within tables included."""
    for name, field in model.model_fields.items():
        parts = _parts(field.annotation)
        tables = [p for p in parts if isinstance(p, type) and issubclass(p, BaseModel)]
        for table in tables:
            yield from _numbers(table, f"{above}{name}.")
        if float in parts and not tables:
            yield above + name


def _parts(annotation: Any) -> list[Any]:
    return [annotation, *(part for a in get_args(annotation) for part in _parts(a))]


NUMBERS = list(_numbers(TrainConfig))


def test_settings_that_are_numbers_are_found() -> None:
    assert {"learning_rate", "minutes", "augmentation.elastic_um", "probe.l2"} <= set(NUMBERS)


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "[inf, inf]"])
def test_no_setting_is_endless_or_no_number(value: str) -> None:
    for name in NUMBERS:
        with pytest.raises(UsageError, match=f"setting {name}"):
            TrainConfig.load(preset="fast", overrides=[f"{name}={value}"])
