"""How much to vary training patches."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class AugmentationConfig(BaseModel):
    """Strengths of every augmentation; each is drawn per sample and is the same for all branches.

    The kinds are those of HookNet (van Rijthoven et al. 2021, section 3.6: "spatial, color, noise
    and stain (Tellez et al. 2018)"); the paper gives no strengths, the defaults follow Tellez et
    al. 2018 (section III-C) where it does. A strength of 0 switches that one off.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    brightness: float = Field(default=0.1, ge=0, lt=1, description="relative, ±")
    contrast: float = Field(
        default=0.1, ge=0, lt=1, description="relative about the sample's mean, ±"
    )
    stain: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="H&E: scale, and shift of the optical density (natural log), of each stain, ±",
    )

    blur_sigma_px: float = Field(
        default=1.0, ge=0, description="largest Gaussian blur, px of each branch"
    )
    blur_chance: float = Field(default=0.25, ge=0, le=1, description="chance of blur")
    noise: float = Field(
        default=0.02, ge=0, description="largest standard deviation, images in [0, 1]"
    )
    noise_chance: float = Field(default=0.25, ge=0, le=1, description="chance of noise")

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
            brightness=0,
            contrast=0,
            stain=0,
            blur_sigma_px=0,
            noise=0,
        )

    @property
    def warps(self) -> bool:
        """Whether positions change other than by mirrors and quarter turns."""
        return self.spatial_chance > 0 and max(self.scale, self.rotation_deg, self.elastic_um) > 0
