"""A run of training whose network is fitted at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hookpath.errors import TrainingError
from hookpath.models import FeatureProbe
from hookpath.probing.cross_fitting import folds_of
from hookpath.probing.feature_cache import FeatureCache, identity_of_features
from hookpath.probing.head_fitting import FittedHead, Table, fit_table, table_of
from hookpath.probing.labelled_samples import Making, Places, places_of
from hookpath.probing.tile_features import Describer
from hookpath.training.losses.head_losses import even_weights
from hookpath.training.losses.training_objective import Validation
from hookpath.training.training_session import Session

TASK = "features"


def fit_probe(session: Session) -> Validation | None:
    """Fit the head of a run's `FeatureProbe` (see `hookpath.training.training_session.Fit`).

    Where the run has validation slides, it is scored on their annotated cells; else every training
    slide is scored by a head that learned from the others.

    Raises:
        TrainingError: a class has no cell on any slide.
        SlideError: a slide cannot be read.
    """
    model = session.model
    assert isinstance(model, FeatureProbe)
    train, making = session.data.train, making_of(session, model)
    session.reporter.start(TASK, None, "tile")
    places = [places_of(source, making) for source in train]
    others = [places_of(source, making) for source in session.data.val]
    session.reporter.finish(TASK)
    making.cache.trim()
    _refuse_missing(session, places)
    table = table_of(places, folds_of(train, places), model.n_classes)
    settings = session.config.probe
    fitted = fit_table(table, settings.l2, model.config["hidden"], session.config.seed)
    fitted.put_into(model.head)
    session.loss_sum.fill_(fitted.loss)
    _count(session, places)
    session.reporter.info(
        f"{int(table.plain.sum())} cells of {len(places)} slides learned from; penalty "
        f"{fitted.l2:g}, temperature {fitted.temperature:.2g}"
    )
    return _validated(session, fitted, table, others)


def making_of(session: Session, model: FeatureProbe) -> Making:
    """How a run's features are made."""
    config = session.config
    return Making(
        describer=Describer(model, str(session.device), session.bf16),
        cache=FeatureCache(most_bytes=config.probe.cache_mb * 2**20),
        copies=config.probe.copies,
        colours=config.augmentation,
        seed=config.seed,
        cells=config.probe.cells,
        features=identity_of_features(model),
        on_tile=lambda count: session.reporter.advance(TASK, count),
    )


def _refuse_missing(session: Session, places: Sequence[Places]) -> None:
    found = np.unique(np.concatenate([p.labels for p in places]))
    for label, name in enumerate(session.data.classes.names, start=1):
        if label not in found:
            raise TrainingError(
                f"class {name!r} has no cell in any stroke of a training slide; draw thicker ones",
                code="nothing_annotated",
            )


def _count(session: Session, places: Sequence[Places]) -> None:
    labels = np.concatenate([p.labels for p in places])
    counts = np.bincount(labels, minlength=len(session.data.classes) + 1)[1:]
    session.stream.pixel_counts[:] = counts


def _validated(
    session: Session, fitted: FittedHead, table: Table, others: Sequence[Places]
) -> Validation | None:
    if others:
        features = torch.from_numpy(np.concatenate([p.vectors[0] for p in others])).float()
        labels = torch.from_numpy(np.concatenate([p.labels for p in others]).astype(np.int64))
        return _verdict(session, fitted.scores(features), labels)
    if fitted.held_out is None:
        session.reporter.warn(
            "nothing could be left out to measure the model: draw every class at two places or on "
            "two slides"
        )
        return None
    scores, known = fitted.held_out
    return _verdict(session, scores[known], table.material.labels[known] + 1)


def _verdict(session: Session, scores: Tensor, labels: Tensor) -> Validation:
    """``(N, C)`` scores against ``(N,)`` labels 1…C."""
    output, target = scores.T[None, :, None, :], labels[None, None, :]
    judge = session.goal.judge()
    judge.add(output, target)
    return judge.verdict(float(session.goal.head_loss(output, target, even_weights(target))))
