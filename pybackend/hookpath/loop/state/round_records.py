"""What a round of training left behind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hookpath.errors import LoopError
from hookpath.loop.state.loop_folder import RoundFolder, read_json


@dataclass(frozen=True)
class RoundResult:
    """What training a round gave.

    Attributes:
        f1: best validation macro F1; None without validation slides.
        f1_by_class: of the model that was kept; None where a class was not measured.
        slides: image ids by part.
        labelled_mm2: area that taught or validated, by class.
        warm: started from the last round's weights.
    """

    round: int
    model: Path
    f1: float | None
    f1_by_class: dict[str, float | None]
    slides: dict[str, list[str]]
    labelled_mm2: dict[str, float]
    warm: bool


def load_round(target: RoundFolder) -> RoundResult:
    """What an earlier round gave.

    Raises:
        LoopError: it has not been trained, or its file is damaged.
    """
    values = read_json(target.result_file)
    try:
        known = {k: values[k] for k in RoundResult.__dataclass_fields__}
    except KeyError as error:
        raise LoopError(f"{target.result_file}: damaged; restore it from a copy") from error
    return RoundResult(**{**known, "model": target.model})
