"""What a run with preset ``auto`` leaves open, decided by the slides at hand."""

from __future__ import annotations

from collections.abc import Sequence

from hookpath.errors import TrainingError
from hookpath.events import Reporter
from hookpath.projects import Project
from hookpath.suggestion.left_out_slide_scores import Judged
from hookpath.suggestion.view_comparison import NOT_MEASURABLE, Suggestion, suggest
from hookpath.training import TrainConfig

#: Families whose µm/px can be asked for beforehand, with their number of views.
_VIEWS = {"unet": 1, "hooknet": 2, "mrn": 2}


def settled(
    projects: Sequence[Project], config: TrainConfig, family_given: bool, reporter: Reporter
) -> list[str]:
    """Settings, as ``key=value``, that suit the slides: the views and, if it is open, the family.

    Args:
        config: of preset ``auto``, all that was given put over it; but nobody gave the µm/px.
        family_given: the family stays.

    Returns:
        Empty where nothing can be measured (one stroke of each class, say; see `reporter`), or
        where the family reads no such views.
    """
    if config.family not in _VIEWS or config.init_from is not None:
        return []
    try:
        found = suggest(projects, config, reporter, config.device)
    except TrainingError as error:
        if error.code != NOT_MEASURABLE:
            raise
        reporter.info(f"{error}; going on with the usual ones")
        return []
    for warning in found.warnings:
        reporter.warn(warning)
    family = config.family if family_given else str(found.settings["family"])
    best = found.chosen if not family_given else _best(found, family)
    reporter.info(
        f"{family} at {best.views.text}, macro F1 {best.macro_f1:.2f} on strokes left out "
        f"(hookpath suggest has the others); other resolutions with --set model.spacings=[…]"
    )
    return [f"family={family}", f"model.spacings={list(best.views.spacings)}"]


def _best(found: Suggestion, family: str) -> Judged:
    return found.single if _VIEWS[family] == 1 else found.pair
