"""Settings that belong together: the tables within a training run's configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hookpath.limits import BATCH, COUNT


class ValidationConfig(BaseModel):
    """Which slides are held out, and how much of them is looked at each epoch.

    The lists hold image names and win over the project's ``hookpath.split`` metadata; if neither
    names a validation slide, `fraction` of the slides are drawn.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    fraction: float = Field(
        default=0.25, ge=0, lt=1, description="share of the slides held out; 0: no validation"
    )
    train: tuple[str, ...] = Field(default=(), description="names of slides that must train")
    val: tuple[str, ...] = Field(default=(), description="names of the validation slides")
    test: tuple[str, ...] = Field(default=(), description="names of slides never to be used")
    splits: str | None = Field(
        default=None, description="table that `hookpath split -o` wrote; none: the metadata say"
    )
    fold: int | None = Field(
        default=None, ge=1, description="the fold that is tested, of the table or the metadata"
    )
    max_patches: int = Field(
        default=2000, ge=1, description="validation patches per epoch, the same in each"
    )


class StagesConfig(BaseModel):
    """Of systems in stages (h2gnet): how their first stage is trained (see `hookpath.stages`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    folds: int = Field(
        default=5,
        ge=2,
        description="classifiers for the heatmaps of the training slides, each trained without "
        "its share of them",
    )
    classifier: dict[str, Any] = Field(
        default_factory=lambda: dict[str, Any](),
        description="settings of the classifiers, as any here: `epochs`, `batch_size`…",
    )


class ClusterConfig(BaseModel):
    """Cluster guiding; the defaults are the paper's, but for `k` (Pedersen et al. 2022, 2.3)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    k: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="clusters of patches that count the same in the loss (10 in H2G-Net); 0: none",
    )
    backbone: str = Field(default="vgg16", description="frozen network that describes patches")
    weights: str | None = Field(
        default="imagenet", description="of that network: `imagenet`, or a file; none: random"
    )
    batches: int = Field(
        default=100, ge=1, le=COUNT, description="batches that clusters are found on"
    )
    batch_size: int = Field(default=32, ge=1, le=BATCH, description="patches in each of these")
    variance: float = Field(
        default=0.95, gt=0, lt=1, description="share that the principal components kept explain"
    )


class ProbeConfig(BaseModel):
    """How heads on frozen features are fitted (family `probe`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    copies: int = Field(
        default=2,
        ge=0,
        le=16,
        description="times that each place is learned from once more, in other colours "
        "(`augmentation`)",
    )
    l2: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(0.3, 0.1, 0.03),
        min_length=1,
        description="coefficients of Σw² to choose from, by the slides left out in turn",
    )
    cells: int = Field(
        default=3000, ge=1, description="most cells of a class that are learned from on a slide"
    )
    cache_mb: int = Field(
        default=2048,
        ge=0,
        description="most MB of features kept on disk for the next time; 0: none",
    )


class FineTuneConfig(BaseModel):
    """How the parts of a network are treated that start from weights learned elsewhere.

    Networks without such parts (`Network.encoder_modules`) are not concerned.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    freeze_encoder: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of the run in which pretrained weights stand still; 1: all of it",
    )
    encoder_rate: float = Field(
        default=0.1, gt=0, description="their learning rate, as a factor on `learning_rate`"
    )
    encoder_bn: Literal["frozen", "train"] = Field(
        default="frozen",
        description="their batch normalisation: `frozen` keeps statistics, scale and shift as they "
        "came; `train` moves them",
    )
