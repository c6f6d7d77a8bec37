"""What can be said of a run before its first step: where its classes lie, and what context sees."""

from __future__ import annotations

from hookpath.sampling.off_slide_share import shares_off_slide
from hookpath.training.data.dataloaders import Order
from hookpath.training.diagnostics import run_findings
from hookpath.training.diagnostics.classes_on_glass import shares_on_glass
from hookpath.training.diagnostics.run_findings import Finding

#: Patches whose surroundings are looked at.
_PATCHES = 200


def findings_before_training(order: Order) -> tuple[tuple[Finding, ...], bool]:
    """What is worth knowing, and whether glass must be predicted, too."""
    data, branches = order.data, order.model.branches
    if order.model.reads == "scales":
        return (), False
    glass = shares_on_glass(data.train, data.classes)
    found = run_findings.drawn_on_glass(glass)
    if order.model.reads == "patches":
        shares = shares_off_slide(data.train, branches, _PATCHES, order.config.seed)
        spacings = [b.spacing_um for b in branches]
        fields = [b.spacing_um * b.input_size for b in branches]
        found += run_findings.context_off_slide(shares, spacings, fields)
    run_findings.report_findings(found, order.reporter)
    return tuple(found), bool(glass)
