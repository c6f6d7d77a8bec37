"""``prediction.json``: says that a slide is done, and with what."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from shapely.geometry.base import BaseGeometry

from hookpath.atomic_files import replace_text
from hookpath.errors import PredictionError
from hookpath.models.storage.trained_on_slides import Taught
from hookpath.safe_names import file_stem
from hookpath.slides import SlideIdentity
from hookpath.untrusted_files import read_bytes, reason

RECORD_NAME = "prediction.json"
CLASS_MAP_NAME = "classes.tif"
PROBABILITIES_NAME = "probabilities.tif"
#: Made from both on request: probabilities, with the class map as labels in it.
ZARR_NAME = "maps.ome.zarr"
GEOJSON_NAME = "objects.geojson"
RESULT_NAMES = (CLASS_MAP_NAME, PROBABILITIES_NAME, GEOJSON_NAME)

#: What other programs call the files.
RESULT_FILES = {
    "class_map": CLASS_MAP_NAME,
    "probabilities": PROBABILITIES_NAME,
    "geojson": GEOJSON_NAME,
}


class OodScore(BaseModel):
    """Out-of-distribution score of a slide.

    Attributes:
        score: median distance of its patches in feature space; of training's patches 1.
        limit: above it the slide is unlike the training slides.
        patches: how many were looked at.
    """

    model_config = ConfigDict(frozen=True)
    score: float = Field(allow_inf_nan=False)
    limit: float = Field(allow_inf_nan=False)
    patches: int

    @property
    def unlike(self) -> bool:
        """Whether the slide is unlike the training slides."""
        return self.score > self.limit

    def warning(self, name: str) -> str:
        """One line for whoever asked for a prediction."""
        return (
            f"{name}: unlike the training slides to this network (score {self.score:.1f}; theirs "
            f"are about 1, up to {self.limit:.1f} is usual); look at the result, or draw on such a "
            "slide and train again"
        )


_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class PredictionRecord(BaseModel):
    """Content of ``prediction.json``; written last, so its presence means "finished".

    `slide` says which slide it was and which reader gave its pixels, `path` where it lay then.
    `width` × `height` output px of `spacing_um` µm/px; output pixel (i, j) covers the level-0
    rectangle that starts at (i, j) × `downsample`. `regions` tells the regions that were predicted
    in from others ("": the whole slide). `areas_mm2` by class name. `ood`: how unlike the training
    slides it is; None where the model cannot say. `part`: what the slide was for the model (it
    learned from it, was chosen by it, or never saw it); None where nobody knows. `plane`: z and t,
    each from 0.
    """

    model_config = ConfigDict(frozen=True)
    format_version: int = 2
    run: str
    image: str
    path: str = ""
    slide: SlideIdentity
    regions: str = ""
    model: dict[str, Any]
    settings: dict[str, Any]
    classes: tuple[str, ...]
    spacing_um: _Positive
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    downsample: tuple[_Positive, _Positive]
    areas_mm2: dict[str, float]
    objects: int
    seconds: float
    versions: dict[str, str]
    files: tuple[str, ...]
    in_project: bool = False
    ood: OodScore | None = None
    part: Taught | None = None
    plane: tuple[int, int] = (0, 0)

    @field_validator("classes")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("a class is named twice")
        return names

    def save(self, folder: Path) -> None:
        """Write the record, atomically."""
        replace_text(folder / RECORD_NAME, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> PredictionRecord:
        """Read the record of a finished slide.

        Raises:
            PredictionError: there is none, or it is not readable.
        """
        path = folder / RECORD_NAME
        try:
            return cls.model_validate_json(read_bytes(path))
        except FileNotFoundError as error:
            raise PredictionError(f"{folder}: no finished prediction; predict first") from error
        except (OSError, ValueError) as error:
            raise PredictionError(
                f"{path}: not readable ({reason(error)}); delete it and predict again"
            ) from error


def regions_digest(regions: Sequence[BaseGeometry] | None) -> str:
    """Digest of regions in level-0 px, whatever their order; "" for none given."""
    if regions is None:
        return ""
    digest = hashlib.sha256()
    for shape in sorted(geometry.wkb for geometry in regions):
        digest.update(shape)
    return digest.hexdigest()[:16]


def prediction_folder(out_dir: Path, image_name: str, image_id: str) -> Path:
    """Folder of one image's results: its name made safe, and a few digits that keep it unique."""
    name_bytes = f"{image_id}\n{image_name}".encode(errors="backslashreplace")
    return out_dir / f"{file_stem(image_name)}-{hashlib.sha256(name_bytes).hexdigest()[:6]}"
