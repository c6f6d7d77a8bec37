"""How much to vary training patches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class AugmentationConfig(BaseModel):
    """Strengths of every augmentation; each is drawn per sample and is the same for all branches.

    The kinds are those of HookNet (van Rijthoven et al. 2021, section 3.6: "spatial, color, noise
    and stain (Tellez et al. 2018)"); the paper gives no strengths, the defaults follow Tellez et
    al. 2018 (section III-C) where it does. A strength of 0 switches that one off.

    Also from a name alone: ``off``, ``light``, ``mixed``, ``moderate``, ``strong``, ``paper`` (the
    defaults).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    flips: bool = Field(
        default=True, description="mirror and turn by quarters, all 8 equally likely"
    )
    scale: float = Field(default=0.1, ge=0, lt=0.5, description="zoom in [1 - s, 1 + s]")
    rotation_deg: float = Field(default=10.0, ge=0, le=180, description="turn in [-r, r]")
    elastic_um: float = Field(
        default=2.0, ge=0, description="standard deviation of the displacement, µm"
    )
    elastic_grid_um: float = Field(
        default=25.0, gt=0, description="how far apart displacements vary, µm"
    )
    spatial_chance: float = Field(
        default=0.5, ge=0, le=1, description="chance of scale/rotation/elastic"
    )

    hue: float = Field(
        default=0.02, ge=0, le=0.5, description="turn of the hue, in full circles, ±"
    )
    saturation: float = Field(default=0.1, ge=0, lt=1, description="relative, ±")
    saturation_shift: float = Field(
        default=0.0, ge=0, lt=1, description="added to the saturation in [0, 1], ±"
    )
    colour_chance: float = Field(
        default=1.0, ge=0, le=1, description="chance of hue and saturation"
    )
    brightness: float = Field(default=0.1, ge=0, lt=1, description="relative, ±")
    contrast: float = Field(
        default=0.1, ge=0, lt=1, description="relative about the sample's mean, ±"
    )
    brightness_chance: float = Field(
        default=1.0, ge=0, le=1, description="chance of brightness and contrast"
    )
    stain: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="H&E: scale, and shift of the optical density (natural log), of each stain, ±",
    )
    stain_basis: Literal["fixed", "macenko"] = Field(
        default="fixed",
        description="the stains: `fixed` as published, or as `macenko` finds them in each patch",
    )
    stain_chance: float = Field(default=1.0, ge=0, le=1, description="chance of stain")
    stain_mixing: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="chance of the colours of another slide of the project, annotated or not",
    )

    blur_sigma_px: float = Field(
        default=1.0, ge=0, description="largest Gaussian blur, px of each branch"
    )
    blur_chance: float = Field(default=0.25, ge=0, le=1, description="chance of blur")
    noise: float = Field(
        default=0.02, ge=0, description="largest standard deviation, images in [0, 1]"
    )
    noise_chance: float = Field(default=0.25, ge=0, le=1, description="chance of noise")

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        named: Mapping[str, Callable[[], AugmentationConfig]] = {
            "off": cls.off,
            "light": cls.light,
            "mixed": cls.mixed,
            "moderate": cls.moderate,
            "strong": cls.strong,
            "paper": cls,
        }
        if given not in named:
            raise ValueError(f"no augmentation of that name; there are: {', '.join(named)}")
        return named[given]().model_dump()

    @classmethod
    def off(cls) -> Self:
        """Nothing is changed: images to float, labels as they are."""
        return cls.light().model_copy(update={"flips": False})

    @classmethod
    def light(cls) -> Self:
        """Only mirrors and quarter turns; costs next to nothing."""
        return cls(
            scale=0,
            rotation_deg=0,
            elastic_um=0,
            hue=0,
            saturation=0,
            saturation_shift=0,
            brightness=0,
            contrast=0,
            stain=0,
            blur_sigma_px=0,
            noise=0,
        )

    @classmethod
    def mixed(cls) -> Self:
        """Turns, and the colours of the project's other slides (`stain_profiles.StainMixing`).

        Colours vary as far as these slides' do, and no further: slides of one laboratory keep what
        tells their classes apart, and one stained otherwise is met in training.
        """
        return cls.light().model_copy(update={"stain_mixing": 1.0})

    @classmethod
    def moderate(cls) -> Self:
        """Turns, and colours and stains varied about as much as within one laboratory.

        What a few strokes bear: on real slides it kept more than `strong` did, and than `light`
        (docs/results/real-settings).
        """
        colours = {"hue": 0.02, "saturation": 0.1, "brightness": 0.1, "contrast": 0.1}
        return cls.light().model_copy(update={**colours, "stain": 0.1})

    @classmethod
    def strong(cls) -> Self:
        """Turns, and colours and stains varied as far as from one laboratory to another.

        Meant for networks that start from pretrained features: one that learns from scratch in few
        steps learns less with it.
        """
        return cls.light().model_copy(
            update={
                "hue": 0.05,
                "saturation": 0.3,
                "brightness": 0.25,
                "contrast": 0.25,
                "stain": 0.2,
            }
        )

    @classmethod
    def h2g_patches(cls) -> Self:
        """H2G-Net's patch classifiers (Pedersen et al. 2022, section 3.4).

        Turns, hue and saturation ±20 (of 180 and of 255, as 8-bit HSV has them), brightness
        × 0.8…1.2, each with a chance of 50 %.
        """
        colours = {"hue": 20 / 180, "saturation_shift": 20 / 255, "colour_chance": 0.5}
        return cls.light().model_copy(
            update={**colours, "brightness": 0.2, "brightness_chance": 0.5}
        )

    @classmethod
    def h2g_overviews(cls) -> Self:
        """H2G-Net's refinement networks (as above).

        Turns, zoom 0.8…1.2, and the stains that Macenko's method finds, σ 0.1, each with a
        chance of 50 %.
        """
        stain = {"stain": 0.1, "stain_basis": "macenko", "stain_chance": 0.5}
        return cls.light().model_copy(update={**stain, "scale": 0.2, "spatial_chance": 0.5})

    def unmixed(self) -> Self:
        """The same with colours varied moderately in place of being mixed, where they cannot be."""
        if not self.stain_mixing:
            return self
        moderate = type(self).moderate()
        names = ("hue", "saturation", "brightness", "contrast", "stain")
        more = {name: getattr(moderate, name) for name in names if not getattr(self, name)}
        return self.model_copy(update={**more, "stain_mixing": 0.0})

    @property
    def warps(self) -> bool:
        """Whether positions change other than by mirrors and quarter turns."""
        return self.spatial_chance > 0 and max(self.scale, self.rotation_deg, self.elastic_um) > 0
