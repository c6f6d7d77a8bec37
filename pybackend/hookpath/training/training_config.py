"""What a training run is: one validated, complete configuration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hookpath import plugins
from hookpath.annotations import LabelRules, plain_class_name
from hookpath.errors import UsageError
from hookpath.limits import BATCH, COUNT, WORKERS
from hookpath.projects import Rest
from hookpath.sampling import AugmentationConfig
from hookpath.sampling.samplers.sampler_protocol import SAMPLERS
from hookpath.sampling.stain_profiles import StainMethod
from hookpath.training import settings_parser
from hookpath.training.presets import Preset, preset_values
from hookpath.training.training_config_tables import (
    ClusterConfig,
    FineTuneConfig,
    ProbeConfig,
    StagesConfig,
    ValidationConfig,
)

LossKind = Literal["ce", "ce+dice", "focal"]

ClassWeight = Annotated[float, Field(gt=0)]


class TrainConfig(BaseModel):
    """A training run. The defaults are the paper's (van Rijthoven et al. 2021, section 3.6).

    A `preset` other than ``paper`` supplies every value that is not given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    preset: Preset = Field(default="paper", description="`auto`, `fast`, `gpu` or `paper`")
    family: str = Field(
        default="hooknet", description="model family: `hooknet`, `unet`, `mrn`, `classifier`…"
    )
    model: dict[str, Any] = Field(
        default_factory=lambda: dict[str, Any](),
        description="the family's own arguments: `spacings`, `input_size`, `depth`, `filters`…",
    )
    init_from: str | None = Field(
        default=None, description="model folder whose design and weights to start from"
    )
    classes: tuple[str, ...] = Field(
        default=(), description="classes to learn, in channel order; empty: all that are annotated"
    )
    channels: tuple[str, ...] = Field(
        default=(),
        description="channels to learn from, by name, in this order, of images that are no RGB "
        "(docs/channels.md); empty: all that the images have",
    )
    channel_percentiles: tuple[float, float] = Field(
        default=(0.1, 99.9),
        description="of each channel over the training slides, that become 0 and 255",
    )
    channel_bounds: dict[str, tuple[float, float]] | None = Field(
        default=None,
        description="by channel, the values that become 0 and 255, as in `{DAPI = [0, 4095]}`; "
        "none, or not there: measured",
    )
    sampler: str = Field(
        default="pixels",
        description="`pixels` balances the classes' pixels; `hierarchical` draws group, slide, "
        "class, patch, evenly at each stage; or a plug-in's",
    )
    hierarchy: tuple[str, ...] = Field(
        default=(),
        description="image metadata that group the slides for `hierarchical`, the outermost "
        'first, as in `["grade"]`',
    )
    background: str | None = Field(
        default=None,
        description="patch classifiers: the class of patches that hold no other; none: no such",
    )
    backbone_weights: str | None = Field(
        default="auto",
        description="of the feature extractor: `imagenet`, or a file; none: random; `auto`: "
        "`imagenet` for pretrained encoders, else none",
    )
    batch_size: int = Field(default=12, ge=1, le=BATCH, description="patches per step")
    at_once: int | None = Field(
        default=None,
        ge=1,
        description="patches through the network at a time, gradients add up; none: the batch",
    )
    epochs: int = Field(default=200, ge=1, le=COUNT, description="validation follows each")
    steps_per_epoch: int = Field(
        default=1000, ge=1, le=COUNT, description="optimiser steps per epoch"
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="the run ends within this time, schedule and validation included, with fewer "
        "steps where need be; none: it takes what it takes",
    )
    learning_rate: float = Field(
        default=5e-6, gt=0, allow_inf_nan=False, description="of Adam, at its highest"
    )
    optimizer: Literal["adam", "adamw"] = Field(
        default="adam", description="`adam` has `l2`, `adamw` has `weight_decay`"
    )
    schedule: Literal["constant", "cosine"] = Field(
        default="constant", description="`cosine` falls to 1 % over the whole run"
    )
    warmup: float = Field(
        default=0.0, ge=0, lt=1, description="share of the run in which the rate rises"
    )
    # The paper gives no coefficient; 1e-3 is the authors' code's.
    l2: float = Field(
        default=1e-3,
        ge=0,
        description="coefficient of Σw² over the 3×3 convolution kernels, not pretrained ones",
    )
    weight_decay: float = Field(
        default=0.0, ge=0, description="of AdamW, on kernels and matrices, pretrained ones too"
    )
    loss: LossKind = Field(
        default="ce",
        description="of classes: `ce` (cross-entropy), `ce+dice` or `focal`; over labelled pixels",
    )
    class_weights: Literal["balanced"] | dict[str, ClassWeight] | None = Field(
        default=None,
        description="what a pixel of a class counts: `balanced` by pixels seen so far, or numbers "
        "by class name (others 1); none: all the same",
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="share of a label that is spread over all classes"
    )
    focal_gamma: float = Field(
        default=2.0, ge=0, description="γ of `focal`: how little sure pixels count"
    )
    loss_weight: float | None = Field(
        default=0.75,
        ge=0,
        le=1,
        description="λ: share of the first head's loss; below 1, other branches get heads too; "
        "none: all heads alike",
    )
    bn_momentum: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="of batch normalisation's running statistics; none: the model's own (0.01)",
    )
    ema: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="decay per step of the averaged weights that are validated and kept, as in "
        "0.99; none: the last step's weights",
    )
    patience: int | None = Field(
        default=None, ge=1, description="stop after so many epochs without a better score"
    )
    seed: int = Field(
        default=0, ge=0, lt=2**63, description="of weights, split, patches, augmentation"
    )
    log: tuple[str, ...] = Field(
        default=(),
        description="loggers besides the run's folder: `mlflow`, `wandb`, or a plug-in's",
    )
    checkpoint_every: int = Field(
        default=0, ge=0, description="also save every so many steps; 0: after each epoch only"
    )
    workers: int = Field(
        default=4, ge=0, le=WORKERS, description="processes that read patches; 0: the training one"
    )
    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$",
        description="`auto`, `cpu`, `cuda`, `cuda:N` or `mps` (Apple)",
    )
    amp: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="bf16 autocast; `auto`: where the device computes in it, a CPU only if faster",
    )
    normalisation: StainMethod | None = Field(
        default=None,
        description="recolour every slide, in training and prediction, to the mean stain of the "
        "training slides: `macenko` or `reinhard`; none: slides as they are",
    )
    finetune: FineTuneConfig = Field(default_factory=lambda: FineTuneConfig())
    probe: ProbeConfig = Field(default_factory=lambda: ProbeConfig())
    labels: LabelRules = Field(default_factory=lambda: LabelRules())
    rest: Rest = Field(default_factory=lambda: Rest())
    clusters: ClusterConfig = Field(default_factory=lambda: ClusterConfig())
    augmentation: AugmentationConfig = Field(default_factory=lambda: AugmentationConfig())
    validation: ValidationConfig = Field(default_factory=lambda: ValidationConfig())
    stages: StagesConfig = Field(default_factory=lambda: StagesConfig())

    @field_validator("classes")
    @classmethod
    def _as_read(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(plain_class_name(name) for name in names)

    @model_validator(mode="after")
    def _channels_make_sense(self) -> Self:
        if len(set(self.channels)) != len(self.channels):
            raise ValueError(f"channels = {list(self.channels)} names one twice")
        low, high = self.channel_percentiles
        if not 0 <= low < high <= 100:
            raise ValueError(f"channel_percentiles go from 0 to 100, not {[low, high]}")
        for name, (darkest, brightest) in (self.channel_bounds or {}).items():
            if not (math.isfinite(darkest) and darkest < brightest < math.inf):
                raise ValueError(
                    f"channel_bounds of {name!r} go from a lower to a higher number, not "
                    f"{[darkest, brightest]}"
                )
        return self

    @model_validator(mode="after")
    def _groups_need_the_hierarchy(self) -> Self:
        known = (*SAMPLERS, *plugins.names("samplers"))
        if self.sampler not in known:
            raise ValueError(f"sampler is one of {', '.join(known)}")
        if self.hierarchy and self.sampler != "hierarchical":
            raise ValueError(f"hierarchy = {list(self.hierarchy)} needs sampler = 'hierarchical'")
        return self

    @field_validator("log")
    @classmethod
    def _log_is_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = ("tensorboard", "mlflow", "wandb", *plugins.names("loggers"))
        if wrong := [n for n in names if n not in known]:
            raise ValueError(f"no logger is called {wrong[0]!r}; there are: {', '.join(known)}")
        return names

    @model_validator(mode="after")
    def _decay_needs_adamw(self) -> Self:
        if self.weight_decay > 0 and self.optimizer != "adamw":
            raise ValueError("weight_decay needs optimizer = 'adamw' (adam has l2)")
        return self

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, given: Any) -> Any:
        return (
            settings_parser.merge(preset_values(given), given)
            if isinstance(given, Mapping)
            else given
        )

    @classmethod
    def load(
        cls, path: Path | None = None, preset: Preset | None = None, overrides: Sequence[str] = ()
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
        values = settings_parser.read_toml(path) if path else {}
        if preset:
            values["preset"] = preset
        return cls.of(settings_parser.overridden(values, overrides))

    def changed(self, overrides: Sequence[str]) -> Self:
        """This configuration with ``key=value`` overrides put over it (see `load`).

        Raises:
            UsageError: as `load`.
        """
        return self.of(settings_parser.overridden(self.model_dump(), overrides))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """A configuration from plain values (a parsed file, a run's record).

        Raises:
            UsageError: unknown key or bad value, in one line.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise UsageError(settings_parser.explain(error, cls)) from None
