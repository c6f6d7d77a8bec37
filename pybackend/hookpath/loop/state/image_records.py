"""What the loop knows of one image: its state, kept in the loop's folder and shown in the project.

``todo → proposed → corrected → trained``; an image on which a person drew before the loop began
starts as ``corrected``. An image that is proposed again goes back to ``proposed``, and keeps all
that was confirmed on it before.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hookpath.errors import LoopError
from hookpath.projects import ImageEntry

#: Image metadata, for people: QuPath shows it. The loop's folder is what counts.
STATE_KEY = "hookpath.loop.state"
ROUND_KEY = "hookpath.loop.round"
WORTH_KEY = "hookpath.loop.worth"
CONFIRMED_AREA_KEY = "hookpath.loop.confirmed"


class State(StrEnum):
    """Where an image stands."""

    TODO = "todo"
    PROPOSED = "proposed"
    CORRECTED = "corrected"
    TRAINED = "trained"


class ImageRecord(BaseModel):
    """One image's file in the loop's folder.

    Attributes:
        round: round in which the state was reached; 0: before the first model.
        part: ``train``, ``val`` or ``test`` once it is settled, and then for good: a model that
            starts from an earlier one must not be measured on what that one has learned.
        drawn_ids: objects that a person drew before anything was proposed: theirs, whole.
        proposed_in: rounds in which this image got proposals, ascending.
        whole: the whole slide was confirmed.
        confirmed_mm2: area that a person confirmed by region, or the slide.
        labelled_mm2: area that teaches, by class; of drawn, touched and confirmed area.
        worth: how much correcting this image would teach, 0…1; None: nobody looked.
        uncertainty: what it is made of, see `loop.acquisition.acquisition_score`.
        novelty: the same.
        changed: time of the last change, UTC, ISO 8601.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    name: str
    state: State = State.TODO
    round: int = 0
    part: Literal["train", "val", "test"] | None = None
    drawn_ids: tuple[str, ...] = ()
    proposed_in: tuple[int, ...] = ()
    whole: bool = False
    confirmed_mm2: float = 0.0
    labelled_mm2: dict[str, float] = Field(default_factory=dict)
    worth: float | None = None
    uncertainty: float | None = None
    novelty: float | None = None
    changed: str = ""

    @classmethod
    def parse(cls, text: bytes, where: str) -> Self:
        """A record from its file's content.

        Raises:
            LoopError: damaged.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise LoopError(f"{where}: damaged; restore it from a copy of the loop") from error

    def shown(self) -> dict[str, str | None]:
        """Image metadata as people read it."""
        confirmed = "whole slide" if self.whole else f"{self.confirmed_mm2:.3g} mm²"
        return {
            STATE_KEY: self.state.value,
            ROUND_KEY: str(self.round),
            WORTH_KEY: None if self.worth is None else f"{self.worth:.3f}",
            CONFIRMED_AREA_KEY: confirmed if self.whole or self.confirmed_mm2 else None,
        }

    def show_in(self, entry: ImageEntry) -> None:
        """Put the state into the project, where it differs."""
        there = entry.metadata
        values = {k: v for k, v in self.shown().items() if there.get(k) != v}
        if values:
            entry.set_metadata(values)
