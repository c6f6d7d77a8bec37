"""The last look at a finished run: its own training slides are scored, too.

A validation score alone does not say why it is low. What was learned from is scored as validation
is, by the kept weights and without augmentation; the metrics go into the model's card, the words
to the reporter and into the run's folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hookpath.models import load_model, read_card
from hookpath.models.storage.model_folder import write_card
from hookpath.training.data.dataloaders import HeldOut
from hookpath.training.diagnostics import run_findings
from hookpath.training.diagnostics.run_findings import Finding, Learned
from hookpath.training.diagnostics.stain_similarity import Staining, far_from_all
from hookpath.training.losses.training_objective import ClassGoal
from hookpath.training.validation import validate

if TYPE_CHECKING:
    from hookpath.sampling import Batch
    from hookpath.training.training_session import Session


#: Name of the task that the reporter gets: no slide validates here.
TASK = "score training slides"


def score_training_slides(s: Session) -> list[Finding]:
    """Look once at a run that is finished; nothing where that was done, or can tell nothing."""
    if (s.run.root / run_findings.FILE_NAME).is_file() or not isinstance(s.goal, ClassGoal):
        return []
    found = [*s.findings]
    if s.training_set is not None and s.best_epoch:
        seen = Staining()
        with closing(s.training_set(s.patches_left(0.3))) as patches:
            learned = _learned(s, _Watched(patches, seen))
        learns = any(True for _ in s.model.parameters())  # a threshold does not
        new = (learned.findings() if learns else []) + _other_stains(s, seen)
        run_findings.report_findings(new, s.reporter)
        found += new
        card = read_card(s.run.model)
        write_card(s.run.model, card.with_metrics(learned.metrics))
    run_findings.save(found, s.run.root)
    return found


def _learned(s: Session, patches: HeldOut) -> Learned:
    model = load_model(s.run.model)[0].to(s.device)
    found = validate(model, patches, s.goal, s.device, s.bf16, s.parts, s.reporter, task=TASK)
    counts = found.card["validation_confusion"]
    score = s.measured if s.validation is not None else None
    return Learned(s.data.classes.names, found.loss, np.array(counts), score)


def _other_stains(s: Session, seen: Staining) -> list[Finding]:
    """Validation slides that look like no training slide."""
    if s.validation is None or s.model.reads != "patches" or s.data.channels:
        return []
    others = Staining()
    for batch in s.validation:
        others.note(batch)
    far = far_from_all(others.directions, seen.directions)
    return run_findings.stained_otherwise({s.data.val[i].name: angle for i, angle in far.items()})


@dataclass(frozen=True)
class _Watched:
    """Held-out samples whose colours are noted on their way."""

    inner: HeldOut
    seen: Staining

    @property
    def patches(self) -> int:
        return self.inner.patches

    def __iter__(self) -> Iterator[Batch]:
        return self.seen.watching(self.inner)

    def close(self) -> None:
        self.inner.close()
