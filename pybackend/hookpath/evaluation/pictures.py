"""Pictures of label maps over slides, for reports, demonstrations and documentation."""

from hookpath.evaluation.comparison import ComparisonRow, figure_comparison, save_comparison
from hookpath.evaluation.painting import add_scale_bar, error_overlay, overlay

__all__ = [
    "ComparisonRow",
    "add_scale_bar",
    "error_overlay",
    "figure_comparison",
    "overlay",
    "save_comparison",
]
