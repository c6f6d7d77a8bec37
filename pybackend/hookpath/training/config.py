"""What a training run is: one validated, complete configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hookpath.errors import UsageError
from hookpath.sampling import AugmentationConfig
from hookpath.training import _settings

Preset = Literal["paper", "fast"]


class ValidationConfig(BaseModel):
    """Which slides are held out, and how much of them is looked at each epoch.

    The lists hold image names and win over the project's ``hookpath.split`` metadata; if neither
    names a validation slide, `fraction` of the slides are drawn (0: no validation).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fraction: float = Field(0.25, ge=0, lt=1)
    train: tuple[str, ...] = ()
    val: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    max_patches: int = Field(2000, ge=1)


class TrainConfig(BaseModel):
    """A training run. The defaults are the paper's (van Rijthoven et al. 2021, section 3.6).

    Attributes:
        model: arguments of the family's constructor (``spacings``, ``input_size``, ``depth``,
            ``filters``…); what is left out takes the family's default.
        init_from: model folder whose design and weights to start from.
        classes: class names to learn, in channel order; empty: every class that is drawn.
        loss_weight: λ of the target's loss; below 1, context branches get heads of their own.
        l2: coefficient of ``Σw²`` over convolution kernels (the paper gives none; the authors'
            code has 1e-3).
        schedule: ``cosine`` falls to 1 % over the whole run, after `warmup_steps`.
        patience: stop after this many epochs without a better F1; None: never.
        checkpoint_every: write ``last`` also every so many steps; 0: only after each epoch.
        workers: processes that read patches; 0: read in the training process.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        amp: bf16 autocast; ``auto``: on a GPU that has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Preset = "paper"
    family: str = "hooknet"
    model: dict[str, Any] = Field(default_factory=dict)
    init_from: str | None = None
    classes: tuple[str, ...] = ()
    batch_size: int = Field(12, ge=1)
    epochs: int = Field(200, ge=1)
    steps_per_epoch: int = Field(1000, ge=1)
    learning_rate: float = Field(5e-6, gt=0)
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_steps: int = Field(0, ge=0)
    l2: float = Field(1e-3, ge=0)
    loss_weight: float = Field(0.75, ge=0, le=1)
    patience: int | None = Field(None, ge=1)
    seed: int = Field(0, ge=0)
    checkpoint_every: int = Field(0, ge=0)
    workers: int = Field(4, ge=0)
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    amp: Literal["auto", "on", "off"] = "auto"
    augmentation: AugmentationConfig = Field(default_factory=AugmentationConfig)
    validation: ValidationConfig = Field(default_factory=ValidationConfig)

    @model_validator(mode="after")
    def _warm_up_ends(self) -> Self:
        if self.warmup_steps >= self.epochs * self.steps_per_epoch:
            raise ValueError("warmup_steps must be fewer than epochs × steps_per_epoch")
        return self

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        preset: Preset | None = None,
        overrides: Sequence[str] = (),
    ) -> Self:
        """Resolve a configuration: preset, then the TOML file, then ``key=value`` overrides.

        Args:
            path: TOML file with keys as above (tables for nested ones); may name its `preset`.
            preset: wins over the file's.
            overrides: ``"batch_size=4"``, ``"model.filters=16"``; values as in TOML, bare words
                are text, ``none`` is None.

        Raises:
            UsageError: unreadable file, unknown key (names the nearest) or bad value.
        """
        given = _settings.read_toml(path) if path else {}
        changes = [_settings.parse_override(text) for text in overrides]
        name = dict(changes).get("preset") or preset or given.get("preset") or "paper"
        values = _settings.merge(_settings.preset_values(name, PRESETS), given)
        for key, value in changes:
            values = _settings.merge(values, _settings.nested(key, value))
        return cls.of({**values, "preset": name})

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """A configuration from plain values (a parsed file, a run's record).

        Raises:
            UsageError: unknown key or bad value, in one line.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise UsageError(_settings.explain(error, cls)) from None


#: Values that differ from the defaults, by preset.
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "fast": {
        "model": {"filters": 8},
        "batch_size": 8,
        "epochs": 10,
        "steps_per_epoch": 50,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "warmup_steps": 20,
        "l2": 1e-5,
        "workers": 0,
        "augmentation": AugmentationConfig.light().model_dump(),
        "validation": {"max_patches": 64},
    },
}
