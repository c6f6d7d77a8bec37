"""``report.json`` as it must be before metrics are computed of it; it may come from anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hookpath.limits import CLASSES, COUNT, NAME_LENGTH

_Byte = Annotated[int, Field(ge=0, le=255)]
_Pixels = Annotated[int, Field(ge=0, le=COUNT**2)]
_Row = Annotated[list[_Pixels], Field(max_length=CLASSES + 1)]
#: ``"probability × 255:pixels …"``, see `results`.
_Bins = Annotated[str, Field(pattern=r"^(\d{1,3}:\d{1,18}( \d{1,3}:\d{1,18})*)?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class _Class(_Part):
    name: str = Field(min_length=1, max_length=NAME_LENGTH)
    color: list[_Byte] = Field(max_length=3)


class _Problem(BaseModel):
    model_config = ConfigDict(extra="forbid")
    image: str
    message: str
    code: str = ""
    image_id: str = ""


class _Sides(_Part):
    own: _Bins = Field(alias="class")
    others: _Bins


class _Place(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    picture: str
    label: str
    predicted: str | None
    wrong_mm2: float
    right: float
    object_id: str = ""


class _Objects(_Part):
    drawn: _Pixels
    found: _Pixels
    false: _Pixels
    not_judged: _Pixels


class _Boundary(_Part):
    drawn_edges: _Pixels
    predicted_edges: _Pixels
    not_judged_edges: _Pixels
    measured_edges: _Pixels
    sum_um: float = Field(ge=0)
    hd95_um: float | None = Field(ge=0)


class _Shapes(_Part):
    objects: _Objects
    boundary: _Boundary


class _Slide(_Part):
    name: str
    id: str
    split: str | None
    taught: str | None = None
    patient: str | None = None
    places: list[_Place] = Field(default_factory=list)
    spacing_um: float = Field(gt=0)
    map_spacing_um: float | None = Field(default=None, gt=0)
    ood_score: float | None = None
    ood_limit: float | None = None
    groups: dict[str, str] = Field(default_factory=dict)
    confusion: list[_Row]
    unknown: dict[str, _Row]
    pictures: dict[str, str]
    probabilities: dict[str, _Sides] | None = None
    shapes: dict[str, _Shapes] | None = None

    @model_validator(mode="after")
    def _score_has_its_limit(self) -> Self:
        if self.ood_score is not None and self.ood_limit is None:
            raise ValueError("ood_score without ood_limit")
        return self

    def refuse_other_classes(self, names: list[str]) -> None:
        """Raise `ValueError` where what was counted is not of so many classes."""
        wide = len(names) + 1
        if len(self.confusion) != len(names) or any(len(row) != wide for row in self.confusion):
            raise ValueError(f"{self.name}: confusion is not {len(names)} rows of {wide} numbers")
        if any(len(row) != wide for row in self.unknown.values()):
            raise ValueError(f"{self.name}: unknown has rows that are not of {wide} numbers")
        if self.probabilities is not None and list(self.probabilities) != names:
            raise ValueError(f"{self.name}: probabilities are not of the classes")
        if self.shapes is not None and list(self.shapes) != names:
            raise ValueError(f"{self.name}: shapes are not of the classes")


class _Report(_Part):
    title: str
    created: str
    model: dict[str, Any]
    settings: dict[str, Any]
    classes: list[_Class] = Field(min_length=1, max_length=CLASSES)
    slides: list[_Slide] = Field(min_length=1)
    problems: list[_Problem]

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        names = [c.name for c in self.classes]
        if len(set(names)) < len(names):
            raise ValueError("a class is there twice")
        for slide in self.slides:
            slide.refuse_other_classes(names)
        return self


def refuse_other_content(raw: Mapping[str, Any]) -> None:
    """Raise `ValueError` unless it is a report of classes (`hookpath.untrusted_files.reason`)."""
    _Report.model_validate(raw)
