"""Where a model and the person who drew disagree.

In: a model, or the folds of a run, and annotations. Out: annotations ranked by loss.

Uses: annotations, evaluation, models, probing, sampling, suggestion, training.
"""

from hookpath.review.leave_one_out import judge_left_out

__all__ = ["judge_left_out"]
