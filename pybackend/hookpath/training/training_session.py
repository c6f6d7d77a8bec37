"""Everything a run needs, made once; and how it is saved and taken up again."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hookpath.devices import has_bf16_tiles
from hookpath.errors import TrainingError
from hookpath.events import Reporter
from hookpath.models import ModelCard, Network, save_model
from hookpath.models.tissue_clusters import Clusters
from hookpath.sampling import Augmentation
from hookpath.training.data.dataloaders import HeldOut, Stream
from hookpath.training.data.stain_normalization import normalisation_of
from hookpath.training.data.training_data import TrainingData
from hookpath.training.diagnostics.run_findings import Finding
from hookpath.training.distributed import ALONE, Group
from hookpath.training.losses.head_losses import Loss, Weigher, evenly
from hookpath.training.losses.training_objective import Goal, Validation
from hookpath.training.optimization.patches_at_once import Parts
from hookpath.training.optimization.step_count_and_progress import Plan
from hookpath.training.optimization.time_budget import Budget
from hookpath.training.optimization.weight_average import Average
from hookpath.training.run.checkpoint import Checkpoint, write_checkpoint
from hookpath.training.run.run_folder import RunFolder
from hookpath.training.run.validation_pictures import ValidationPictures, is_due
from hookpath.training.training_config import TrainConfig
from hookpath.training.validation import validate
from hookpath.training.weights.finetuning import FineTuning


@dataclass
class Session:
    """A run in memory. What changes with its steps goes into checkpoints.

    Attributes:
        goal: what the network is trained for and judged by.
        loss: what is minimised.
        tuning: moves pretrained parts when it is their time.
        plan: how many steps there are.
        budget: moves the plan's end; None: there is time enough.
        average: of the weights; None: the last step's are validated and kept.
        training_set: opens so many patches of the training slides, for the last look at them.
        findings: what was found out before the first step.
        glass: classes are annotated on glass, so it is to be predicted.
        weigh: what each pixel or patch of a batch counts in the loss.
        group: the processes that share every batch.
        clusters: what `weigh` goes by; None: all count the same.
        step: optimiser steps done, over the whole run.
        loss_sum: of the epoch under way, on the device, in its widest kind of number.
        best_score: `goal`'s; None before the first validation, and for a run without.
        best_epoch: epoch (from 1) whose weights are in the model folder; 0: none yet.
        saved_step: the step of the last checkpoint.
        pictured: the validation patches of the epoch that was scored last, where one is due.
        unended: the steps of the epoch are done, but not its validation and all that follows.
    """

    config: TrainConfig
    data: TrainingData
    run: RunFolder
    reporter: Reporter
    device: torch.device
    bf16: bool
    model: Network
    optimizer: torch.optim.Optimizer
    stream: Stream
    validation: HeldOut | None
    goal: Goal
    augment: Augmentation
    parts: Parts
    loss: Loss
    tuning: FineTuning
    plan: Plan
    loss_sum: Tensor
    budget: Budget | None = None
    average: Average | None = None
    training_set: Callable[[int], HeldOut] | None = None
    findings: tuple[Finding, ...] = ()
    glass: bool = False
    weigh: Weigher = evenly
    group: Group = ALONE
    clusters: Clusters | None = None
    step: int = 0
    best_score: float | None = None
    best_loss: float | None = None
    best_epoch: int = 0
    saved_step: int = 0
    unended: bool = False
    pictured: npt.NDArray[np.uint8] | None = None

    @property
    def measured(self) -> float | None:
        """The best score, if it is one: it is no number where no class of interest is annotated."""
        score = self.best_score
        return None if score is None or math.isnan(score) else score

    @property
    def best_f1(self) -> float | None:
        """The best score, where that is the macro F1."""
        return self.measured if self.goal.column == "f1" else None

    @property
    def total_steps(self) -> int:
        """Steps of the whole run, as planned now."""
        return self.plan.total

    @property
    def epochs_done(self) -> int:
        """Epochs done; the last one of a run that time cut short may have fewer steps."""
        whole, more = divmod(self.step, self.config.steps_per_epoch)
        return whole + (more > 0 and self.step >= self.total_steps)

    @property
    def epoch(self) -> int:
        """The epoch under way (from 1)."""
        return self.epochs_done + (not self.unended)

    @property
    def finished(self) -> bool:
        """All epochs are done, or none was better for `patience` epochs."""
        if self.unended:
            return False
        patience = self.config.patience
        ended = self.step >= self.total_steps
        at_epoch_end = ended or self.step % self.config.steps_per_epoch == 0
        stale = (
            patience is not None
            and self.validation is not None
            and at_epoch_end
            and self.epochs_done - self.best_epoch >= patience
        )
        return stale or ended

    @property
    def steps_in_epoch(self) -> int:
        """Steps of the epoch under way, the last one included (1…steps_per_epoch)."""
        return (self.step - 1) % self.config.steps_per_epoch + 1

    def patches_left(self, share: float) -> int:
        """How many patches this share of the time that is left is enough to look at."""
        if self.budget is None:
            return sys.maxsize
        least = 2 * self.config.batch_size  # a score of fewer would say nothing
        return max(least, int(share * self.budget.batches_left()) * self.config.batch_size)

    @property
    def kept(self) -> Network:
        """The network that is validated and becomes the run's model."""
        return self.model if self.average is None else self.average.network

    def validate(self) -> Validation | None:
        """Score the network as it is; None without validation slides.

        Raises:
            TrainingError: there is nothing labelled in the validation patches.
        """
        if self.validation is None:
            return None
        due = is_due(self.epochs_done, self.config.epochs)
        pictures = ValidationPictures(self.data.classes.colors) if due else None
        found = validate(
            self.kept,
            self.validation,
            self.goal,
            self.device,
            self.bf16,
            self.parts,
            self.reporter,
            pictures,
        )
        self.pictured = None if pictures is None else pictures.picture
        if not found.known:
            what = "patch of a clear class" if self.model.scores == "patches" else "labelled pixel"
            raise TrainingError(
                f"the validation slides hold no {what}; check that their polygons lie on "
                "tissue and are large enough, or choose others with "
                "--set 'validation.val=[\"name\"]'"
            )
        return found

    def improves(self, validation: Validation | None) -> bool:
        """Whether the weights become the run's model; without validation the last ones always.

        Of equal scores (few annotated pixels are soon all right) the lower loss is better; so it is
        where there is no score, since only classes of no interest are annotated on the slides.
        """
        if validation is None or self.best_score is None or self.best_loss is None:
            return True
        if math.isnan(validation.score):
            return validation.loss < self.best_loss
        found = (validation.score, -validation.loss)
        return found > (self.best_score, -self.best_loss)

    def keep(self, validation: Validation | None) -> None:
        """Make the weights the run's model."""
        if validation is not None:
            self.best_score, self.best_loss = validation.score, validation.loss
        self.best_epoch = self.epochs_done
        self.save_best(validation)

    def close(self) -> None:
        """End the reading processes and close all slides."""
        self.stream.close()
        if self.validation is not None:
            self.validation.close()

    def is_finite(self) -> bool:
        """Whether every weight and running statistic is a number."""
        values = (v for v in self.model.state_dict().values() if v.is_floating_point())
        finite = [v.isfinite().all() for v in values]
        return not finite or bool(torch.stack(finite).all())

    def save_last(self) -> None:
        """Write the state between two steps as the last checkpoint."""
        if self.group.first:
            write_checkpoint(self.run.last, self._checkpoint())
        self.saved_step = self.step

    def save_best(self, validation: Validation | None) -> None:
        """Write the weights as the run's model, and the state as the best checkpoint."""
        if not self.group.first:
            return
        metrics: dict[str, Any] = {"epoch": self.epochs_done}
        if validation is not None:
            metrics |= validation.card
        card = ModelCard.describe(
            self.kept,
            self.data.classes,
            training=self._provenance(),
            metrics=metrics,
            normalisation=normalisation_of(self.data),
            glass=self.glass,
        )
        self.run.replace_model(lambda folder: save_model(folder, self.kept, card))
        write_checkpoint(self.run.best, self._checkpoint())

    def take_up(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            TrainingError: it is not this run's.
        """
        try:
            self.model.load_state_dict(checkpoint.model)
            self.optimizer.load_state_dict(checkpoint.optimizer)
            self.stream.load_state_dict(checkpoint.sampler)
            if self.average is not None and checkpoint.average is not None:
                self.average.load_state_dict(checkpoint.average)
            if checkpoint.plan is not None:
                self.plan.load_state_dict(checkpoint.plan)
        except (KeyError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise TrainingError(f"{self.run.last}: not of this run ({reason})") from error
        torch.set_rng_state(checkpoint.rng)
        if checkpoint.rng_cuda is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(checkpoint.rng_cuda, self.device)
        self.loss_sum.fill_(checkpoint.loss_sum)
        self.step = self.saved_step = checkpoint.step
        self.unended = checkpoint.unended
        self.best_score, self.best_loss = checkpoint.best_score, checkpoint.best_loss
        self.best_epoch = checkpoint.best_epoch
        if self.config.amp == "auto" and self.device.type == "cpu" and has_bf16_tiles():
            self.bf16 = bool(checkpoint.bf16)
        if self.budget is not None and checkpoint.budget is not None:
            self.budget.load_state_dict(checkpoint.budget)

    def _checkpoint(self) -> Checkpoint:
        on_gpu = self.device.type == "cuda"
        return Checkpoint(
            step=self.step,
            model=self.model.state_dict(),
            optimizer=self.optimizer.state_dict(),
            sampler=self.stream.state_dict(),
            rng=torch.get_rng_state(),
            rng_cuda=torch.cuda.get_rng_state(self.device) if on_gpu else None,
            loss_sum=float(self.loss_sum),
            best_score=self.best_score,
            best_loss=self.best_loss,
            best_epoch=self.best_epoch,
            average=None if self.average is None else self.average.state_dict(),
            plan=self.plan.state_dict(),
            bf16=self.bf16,
            budget=None if self.budget is None else self.budget.state_dict(),
            unended=self.unended,
        )

    def _provenance(self) -> dict[str, Any]:
        record = self.run.record()
        return {
            "started": record.started,
            "versions": record.versions,
            "data_fingerprint": self.data.fingerprint,
            "split": self.data.split,
            "contents": self.data.contents,
            "config": record.config,
            "steps": self.step,
        }


class Fit(Protocol):
    """Learns all at once, for networks that do not learn step by step (`Network.fitted`)."""

    def __call__(self, session: Session) -> Validation | None:
        """Fit the session's network; what it scores on places that it was not fitted to.

        Sets the session's `loss_sum` and the counts of its stream.

        Raises:
            TrainingError: there is nothing to learn from.
        """
        ...
