"""What a run finds out about itself that a person should know, in words.

Every line says what was seen, with the metric, what it means, and what to try. Thresholds are wide:
a warning that comes with every run is read by nobody.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.annotations import is_of_interest
from hookpath.atomic_files import replace_text
from hookpath.confusion_metrics import Counts, macro_f1
from hookpath.errors import TrainingError, write_code
from hookpath.events import Reporter

FILE_NAME = "findings.json"

#: A loss above this share of the entropy of the classes' shares has learned next to nothing.
_NEXT_TO_NOTHING = 0.9
#: Macro F1 on the training slides below which a network has not learned what it was shown.
_POOR = 0.7
#: By how much training slides may be better before a network is said to know only them.
_GAP = 0.25


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing; `code` says it to programs (docs/json-events.md)."""

    code: str
    message: str


def report_findings(findings: Sequence[Finding], reporter: Reporter) -> None:
    """Warn of each."""
    for finding in findings:
        reporter.warn(finding.message, finding.code)


def save(findings: Sequence[Finding], folder: Path) -> None:
    """Keep them in a run's folder, for its report.

    Raises:
        TrainingError: the file cannot be written.
    """
    path = folder / FILE_NAME
    try:
        text = json.dumps([asdict(f) for f in findings], indent=2, ensure_ascii=False)
        replace_text(path, text + "\n")
    except OSError as error:
        raise TrainingError(
            f"{path}: cannot be written ({error.strerror}); free some space and go on with "
            "--resume",
            code=write_code(error),
        ) from error


def context_off_slide(
    shares: Sequence[float], spacings: Sequence[float], fields_um: Sequence[float]
) -> list[Finding]:
    """Branches that mostly see what is no slide.

    Args:
        shares: per branch, of the pixels that no slide covers (0…1).
        spacings: µm/px of the branches.
        fields_um: width of what they see.
    """
    return [
        Finding(
            "context_off_slide",
            f"{share:.0%} of what the network sees at {spacing:g} µm/px lies off the slides (it "
            f"looks at {field:.0f} µm around every place): there it learns from padding; use a "
            "finer context (model.spacings) or a smaller model.input_size",
        )
        for share, spacing, field in zip(shares, spacings, fields_um, strict=True)
        if share > 1 / 3
    ]


def drawn_on_glass(shares: dict[str, float]) -> list[Finding]:
    """Classes that are annotated where prediction would leave out, by their share there (0…1)."""
    return [
        Finding(
            "drawn_on_glass",
            f"{share:.0%} of class {name!r} is annotated where no tissue is found: the model will "
            "predict there, too (hookpath predict --tissue leaves it out)",
        )
        for name, share in shares.items()
    ]


def stained_otherwise(degrees: dict[str, float]) -> list[Finding]:
    """Validation slides whose colour is far from every training slide's, by the angle between."""
    if not degrees:
        return []
    names = ", ".join(f"{name} ({angle:.0f}°)" for name, angle in degrees.items())
    return [
        Finding(
            "stained_otherwise",
            f"stained otherwise than every training slide, by the angle between mean optical "
            f"densities: {names}; the validation score says how the model does on another stain: "
            "let a slide like it train, or use stronger augmentation.hue, .saturation and .stain",
        )
    ]


@dataclass(frozen=True)
class Learned:
    """How the kept weights do on slides that they were learned from, and on others.

    Attributes:
        names: classes in channel order.
        loss: cross-entropy on the training slides.
        counts: confusion there; rows: what is annotated, columns: what is predicted.
        f1: macro F1 on the validation slides; None: there are none.
    """

    names: Sequence[str]
    loss: float
    counts: Counts
    f1: float | None

    @property
    def training_f1(self) -> float:
        """Macro F1 on the training slides."""
        return macro_f1(self.counts, [is_of_interest(name) for name in self.names])

    @property
    def prior_loss(self) -> float:
        """Cross-entropy of always guessing by the classes' shares: their entropy (nats)."""
        shares = self.counts.sum(axis=1) / max(1, int(self.counts.sum()))
        held = shares[shares > 0]
        return float(-(held * np.log(held)).sum())

    @property
    def metrics(self) -> dict[str, Any]:
        """For the model's card."""
        f1 = self.training_f1
        return {
            "training_macro_f1": f1 if f1 == f1 else None,
            "training_loss": self.loss,
            "prior_loss": self.prior_loss,
        }

    def findings(self) -> list[Finding]:
        """Nothing learned, or too little, or by heart; and classes that are never found."""
        if self.prior_loss == 0 or self.loss != self.loss:
            return []
        if self.loss > _NEXT_TO_NOTHING * self.prior_loss:
            return [self._nothing()]
        found = [self._never(n) for n, c in zip(self.names, self._missed, strict=True) if c]
        if self.training_f1 < _POOR:
            found.append(self._too_little())
        elif self.f1 is not None and self.training_f1 - self.f1 > _GAP:
            found.append(self._by_heart(self.f1))
        return found

    @property
    def _missed(self) -> list[bool]:
        return [bool(a > 0 and p == 0) for a, p in zip(
            self.counts.sum(axis=1), self.counts.sum(axis=0), strict=True
        )]  # fmt: skip

    def _nothing(self) -> Finding:
        return Finding(
            "learned_nothing",
            f"the network learned next to nothing: on its own training slides the loss is "
            f"{self.loss:.3f}, where guessing by how often each class is annotated gives "
            f"{self.prior_loss:.3f}; try another learning_rate, more steps, pretrained weights, or "
            "check that classes look different at model.spacings",
        )

    def _never(self, name: str) -> Finding:
        return Finding(
            "class_never_found",
            f"class {name!r} is never predicted, not even on the training slides; draw more of it, "
            "or use class_weights",
        )

    def _too_little(self) -> Finding:
        return Finding(
            "underfit",
            f"underfit: macro F1 is {self.training_f1:.2f} on the training slides themselves; "
            "train longer (epochs, minutes), from pretrained weights, or use a larger network",
        )

    def _by_heart(self, f1: float) -> Finding:
        return Finding(
            "overfit",
            f"overfit: macro F1 is {self.training_f1:.2f} on the training slides and {f1:.2f} on "
            "the validation slides; draw on more slides, or use stronger augmentation",
        )
