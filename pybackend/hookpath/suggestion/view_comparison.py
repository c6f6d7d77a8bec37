"""``hookpath suggest``: views compared by leaving out one slide after the other.

The HookNet paper finds no way to choose resolutions beforehand (van Rijthoven et al. 2021, section
5). Features that are there already make one: a linear head on each candidate's is fitted in less
than a second, and what it says of a slide that it has not seen is what counts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from hookpath.annotations import ClassTable
from hookpath.errors import TrainingError
from hookpath.events import SILENT, Reporter
from hookpath.extras import require_extra
from hookpath.models import FeatureProbe
from hookpath.probing.cross_fitting import folds_of
from hookpath.probing.feature_cache import FeatureCache, identity_of_features
from hookpath.probing.head_fitting import table_of
from hookpath.probing.labelled_samples import Making, Places, places_of
from hookpath.probing.tile_features import Describer
from hookpath.projects import Project
from hookpath.sampling import AnnotatedSlide, AugmentationConfig
from hookpath.suggestion.advice import ClassAnnotations, best_of, context_gain, doubts, draw_next
from hookpath.suggestion.left_out_slide_scores import Judged, judge
from hookpath.suggestion.resolution_candidates import USUAL_RATIO, candidates, mpp_of, spacings_for
from hookpath.training import TrainConfig
from hookpath.training.data.training_data import gather

TASK = "suggest"

NOT_MEASURABLE = "nothing_to_leave_out"
"""Code of the `TrainingError` where resolutions cannot be compared."""

#: Most cells of a class on a slide: more hardly move the order of the views.
_CELLS = 1000
_PENALTIES = (1e-1, 1e-2, 1e-3)


@dataclass(frozen=True)
class Suggestion:
    """What was found.

    Attributes:
        judged: all candidates, in the order of `views.candidates`.
        single: the best view alone; pair: the best of two; both among `judged`.
        chosen: what the suggested network reads.
        settings: what differs from preset ``auto``, as ``key → value`` of `TrainConfig`.
        gain: F1 that the pair's wider view adds, by class.
        annotated: by class.
        slides: names of those that were looked at.
        warnings: what the metrics rest on too little of.
        next: class and slide to draw next.
        seconds: that it took.
        cells_per_s: described, on this machine; NaN where all were known from before.
    """

    judged: tuple[Judged, ...]
    single: Judged
    pair: Judged
    chosen: Judged
    settings: Mapping[str, object]
    gain: Mapping[str, float]
    annotated: Mapping[str, ClassAnnotations]
    slides: tuple[str, ...]
    warnings: tuple[str, ...]
    next: str | None
    seconds: float
    cells_per_s: float

    def toml(self) -> str:
        """``run.toml``: for ``hookpath train --config``, with the metrics as comments."""
        lines = ["# Made by hookpath suggest; macro F1 on slides (strokes) that were left out:"]
        lines += [f"#   {j.views.text:<24} {j.macro_f1:.3f}" for j in self.judged]
        lines += [f"# {warning}" for warning in self.warnings]
        lines += ['preset = "auto"', f'family = "{self.settings["family"]}"', "", "[model]"]
        return "\n".join([*lines, f"spacings = {self.settings['model.spacings']}", ""])


def suggest(
    projects: Sequence[Project],
    config: TrainConfig | None = None,
    reporter: Reporter = SILENT,
    device: str = "auto",
) -> Suggestion:
    """Compare views on the annotated slides of projects.

    Args:
        config: classes, split and what else decides which slides are learned from.
        reporter: gets the task ``suggest``.

    Raises:
        TrainingError: nothing is annotated, or nothing can be left out.
        SlideError: a slide cannot be read.
        MissingPackageError: what training needs besides is not installed.
    """
    require_extra("train", "a suggestion")
    start = time.perf_counter()
    config = config or TrainConfig.load(preset="auto")
    data = gather(projects, config, reporter)
    sources = [*data.train, *data.val]
    model = FeatureProbe(
        len(data.classes),
        spacings_for(sources),
        input_size=400,
        depth=4,
        in_channels=len(data.channels) or 3,
    )
    model.load_backbone("imagenet", reporter.warn)
    making = _making(model, device, reporter)
    reporter.start(TASK, None, "tile")
    places = [places_of(source, making) for source in sources]
    reporter.finish(TASK)
    described = time.perf_counter() - start
    judged = _judge_all(model, sources, places, data.classes)
    annotated = _annotated(sources, places, data.classes)
    seconds = time.perf_counter() - start
    cells = sum(len(p.labels) for p in places) if making.cache.misses else float("nan")
    return _concluded(judged, annotated, sources, seconds, cells / described)


def _making(model: FeatureProbe, device: str, reporter: Reporter) -> Making:
    return Making(
        describer=Describer(model, device, False),
        cache=FeatureCache(),
        copies=1,
        colours=AugmentationConfig.strong(),
        seed=0,
        cells=_CELLS,
        features=identity_of_features(model),
        on_tile=lambda count: reporter.advance(TASK, count),
    )


def _judge_all(
    model: FeatureProbe,
    sources: Sequence[AnnotatedSlide],
    places: Sequence[Places],
    classes: ClassTable,
) -> tuple[Judged, ...]:
    table = table_of(places, folds_of(sources, places), len(classes))
    view_of = np.array(model.view_of_features)
    spacings = [b.spacing_um for b in model.branches]
    found: list[Judged] = []
    for views in candidates(spacings):
        columns = np.isin(view_of, [spacings.index(s) for s in views.spacings])
        judged = judge(table, views, columns, classes.names, _PENALTIES)
        if judged is None:
            raise TrainingError(
                "nothing can be left out to compare resolutions by: draw every class on two slides "
                "or at two places",
                code=NOT_MEASURABLE,
            )
        found.append(judged)
    return tuple(found)


def _annotated(
    sources: Sequence[AnnotatedSlide], places: Sequence[Places], classes: ClassTable
) -> dict[str, ClassAnnotations]:
    found: dict[str, ClassAnnotations] = {}
    for label, name in enumerate(classes.names, start=1):
        cells = {
            source.name: int((part.labels == label).sum())
            for source, part in zip(sources, places, strict=True)
        }
        found[name] = ClassAnnotations(cells, _width_um(sources, label))
    return found


def _width_um(sources: Sequence[AnnotatedSlide], label: int) -> float:
    """Median of 4 · area / perimeter: the width of a square, half that of a long stroke."""
    widths: list[float] = []
    for source in sources:
        mpp = mpp_of(source)
        for polygon in source.polygons:
            if polygon.label == label:
                outline = shapely.length(polygon.geometry)
                widths.append(4 * shapely.area(polygon.geometry) / outline * mpp)
    return float(np.nanmedian(widths)) if widths else float("nan")


def _concluded(
    judged: Sequence[Judged],
    annotated: Mapping[str, ClassAnnotations],
    sources: Sequence[AnnotatedSlide],
    seconds: float,
    cells_per_s: float,
) -> Suggestion:
    single = max((j for j in judged if len(j.views.spacings) == 1), key=lambda j: j.macro_f1)
    pair = max((j for j in judged if len(j.views.spacings) == 2), key=lambda j: j.macro_f1)
    usual = next(j for j in judged if j.views.ratio == USUAL_RATIO)
    chosen = best_of(judged, usual) if len(sources) > 1 else usual
    names = [source.name for source in sources]
    slides = dict(enumerate(names))
    return Suggestion(
        judged=tuple(judged),
        single=single,
        pair=pair,
        chosen=chosen,
        settings=_settings(chosen),
        gain=context_gain(single, pair),
        annotated=annotated,
        slides=tuple(names),
        warnings=tuple(doubts(annotated, names)),
        next=draw_next(chosen, slides, annotated),
        seconds=seconds,
        cells_per_s=cells_per_s,
    )


def _settings(chosen: Judged) -> dict[str, object]:
    family = "hooknet" if len(chosen.views.spacings) > 1 else "unet"
    return {"family": family, "model.spacings": list(chosen.views.spacings)}
