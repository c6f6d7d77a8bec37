"""From settings to what a run minimises, and to what every pixel counts in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from hookpath.errors import UsageError
from hookpath.training.losses.class_losses import ClassLoss, balanced, by_class, given
from hookpath.training.losses.head_losses import Loss, Total, Weigher, own
from hookpath.training.losses.training_objective import ClassGoal, Goal
from hookpath.training.training_config import TrainConfig


def loss_of(config: TrainConfig, goal: Goal) -> Loss:
    """The configured loss; networks that learn no classes have the one of their goal.

    Raises:
        UsageError: a loss of classes is asked for where there are none.
    """
    if isinstance(goal, ClassGoal):
        each = ClassLoss(config.loss, config.label_smoothing, config.focal_gamma)
        return Loss(each, each.adds_up)
    wanted = {"loss": config.loss != "ce", "label_smoothing": config.label_smoothing > 0}
    wanted["class_weights"] = config.class_weights is not None
    for setting, is_set in wanted.items():
        if is_set:
            raise UsageError(f"{setting} is for classes, and this network learns {goal.name}")
    return Loss(goal.head_loss)


def weigher_of(
    config: TrainConfig,
    weigh: Weigher,
    names: Sequence[str],
    seen: Callable[[], npt.NDArray[np.int64]],
    total: Total = own,
) -> Weigher:
    """What every pixel or patch of a batch counts, with the configured weights of classes.

    Args:
        weigh: what it counts without them.
        names: classes in channel order.
        seen: ``(C,)`` pixels of each class in the batches so far, the one at hand included.
        total: over the processes that share a batch.

    Raises:
        UsageError: a weight is given to a name that is no class.
    """
    wanted = config.class_weights
    if wanted is None:
        return weigh
    if wanted == "balanced":
        return by_class(weigh, lambda: balanced(seen()), total)
    fixed = given(wanted, names)
    return by_class(weigh, lambda: fixed, total)
