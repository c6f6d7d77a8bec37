"""What the other slides say of what is annotated on one: every slide is left out in turn.

A network has seen the areas that it learned from, and often knows them by heart: that it agrees
with them says little. The quick network (`hookpath.probing`) is fitted in seconds, so it can be
fitted again without each slide, and asked about that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import shapely
import torch
from shapely.strtree import STRtree

from hookpath.annotations import ClassTable, class_names_in
from hookpath.devices import choose_device
from hookpath.errors import HookpathError
from hookpath.evaluation.scoring.annotation_scores import LeftOut, LeftOutAreas
from hookpath.evaluation.slide_evaluation import AnnotatedImage
from hookpath.events import SILENT, Reporter
from hookpath.models import FeatureProbe
from hookpath.probing.cross_fitting import folds_of
from hookpath.probing.feature_cache import FeatureCache, identity_of_features
from hookpath.probing.head_fitting import fit_table, table_of
from hookpath.probing.labelled_samples import Making, Places, places_of
from hookpath.probing.tile_features import Describer
from hookpath.sampling import AnnotatedSlide, load_source
from hookpath.suggestion.resolution_candidates import spacings_for
from hookpath.training import TrainConfig

#: Name of the progress task.
TASK = "leave out"


def judge_left_out(
    images: Sequence[AnnotatedImage],
    classes: ClassTable,
    device: str = "auto",
    reporter: Reporter = SILENT,
    config: TrainConfig | None = None,
) -> LeftOutAreas:
    """What quick networks that learned without an image's slide say of the areas on it.

    Of one image alone, a part of the areas of every class is left out in turn. Areas without a cell
    of the network in them (thinner than about 4 µm) and classes that no other slide has are not
    judged.

    Args:
        images: with what was drawn on them.
        classes: of the model that the answer is set beside; annotated ones that it lacks are left
            out.
        device: as for training.
        reporter: hears of progress, and of images that cannot be read.
        config: of family ``probe``; None: its defaults.

    Returns:
        By the image's id and the annotation's; nothing where nothing can be left out.

    Raises:
        TrainingError: the encoder cannot be had.
    """
    annotated = _annotated_classes(images, classes)
    sources = list(_sources(images, annotated, reporter))
    if len(annotated) < 2 or not sources:
        return {}
    settings = config or TrainConfig.load(overrides=[f"family={FeatureProbe.family}"])
    making = _making(settings, sources, len(annotated), device, reporter)
    reporter.start(TASK, None, "tile")
    places = [places_of(source, making) for source in sources]
    reporter.finish(TASK)
    table = table_of(places, folds_of(sources, places), len(annotated))
    fitted = fit_table(table, settings.probe.l2, making.model.config["hidden"], settings.seed)
    if fitted.held_out is None:
        reporter.info("nothing can be left out: draw every class at two places or on two slides")
        return {}
    scores, known = (part[: int(table.plain.sum())].numpy() for part in fitted.held_out)
    return _by_area(sources, places, scores, known, annotated.names)


def _annotated_classes(images: Sequence[AnnotatedImage], classes: ClassTable) -> ClassTable:
    names = {c.name for image in images for c in class_names_in(image.objects)}
    return ClassTable.of(c for c in classes if c.name in names)


def _sources(
    images: Sequence[AnnotatedImage], classes: ClassTable, reporter: Reporter
) -> Iterator[AnnotatedSlide]:
    for image in images:
        try:
            yield load_source(image.entry, image.objects, classes)
        except HookpathError as error:
            reporter.info(f"not left out: {error}")


def _making(
    config: TrainConfig,
    sources: Sequence[AnnotatedSlide],
    n_classes: int,
    device: str,
    reporter: Reporter,
) -> Making:
    design = {"spacings": spacings_for(sources), **config.model, "n_classes": n_classes}
    model = FeatureProbe(**design)
    weights = config.backbone_weights
    model.load_backbone("imagenet" if weights in (None, "auto") else weights, reporter.warn)
    return Making(
        describer=Describer(model, str(choose_device(device, reporter.info)), False),
        cache=FeatureCache(most_bytes=config.probe.cache_mb * 2**20),
        copies=0,  # a third of the time; in the same laboratory, colours need not vary
        colours=config.augmentation,
        seed=config.seed,
        cells=config.probe.cells,
        features=identity_of_features(model),
        on_tile=lambda count: reporter.advance(TASK, count),
    )


def _by_area(
    sources: Sequence[AnnotatedSlide],
    places: Sequence[Places],
    scores: npt.NDArray[np.float32],
    known: npt.NDArray[np.bool_],
    names: Sequence[str],
) -> LeftOutAreas:
    found: LeftOutAreas = {}
    start = 0
    for source, part in zip(sources, places, strict=True):
        here = slice(start, start + len(part.labels))
        start = here.stop
        for polygon, cells in _cells_of(source, part):
            cells = cells[known[here][cells]]
            if len(cells):
                label = source.polygons[polygon].label
                judged = _judged(scores[here][cells], label, names)
                found[source.id, source.polygons[polygon].object_id] = judged
    return found


def _cells_of(source: AnnotatedSlide, places: Places) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    """Which cells give each polygon that has any; of polygons that overlap, the smaller one."""
    tree = STRtree([p.geometry for p in source.polygons])
    cells, polygons = tree.query(shapely.points(places.centres_l0), predicate="intersects")
    owner = np.full(len(places.labels), -1)
    np.maximum.at(owner, cells, polygons)
    for polygon in np.unique(owner[owner >= 0]):
        yield int(polygon), np.flatnonzero(owner == polygon)


def _judged(scores: npt.NDArray[np.float32], label: int, names: Sequence[str]) -> LeftOut:
    logs = torch.log_softmax(torch.from_numpy(scores).double(), dim=1).numpy()
    said = np.bincount(scores.argmax(axis=1), minlength=len(names))
    return LeftOut(
        loss=float(-logs[:, label - 1].mean()),
        predicted=names[int(said.argmax())],
        right=float(said[label - 1] / said.sum()),
    )
