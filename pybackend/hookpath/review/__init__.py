"""Where a model and the person who drew disagree."""

from hookpath.review.left_out import judge_left_out

__all__ = ["judge_left_out"]
