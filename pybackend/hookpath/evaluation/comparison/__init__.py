"""Several evaluations of the same slides, side by side.

In: evaluation reports. Out: `Comparison`, its page, its plots and tables. Uses scoring, statistics,
plotting and report.
"""
