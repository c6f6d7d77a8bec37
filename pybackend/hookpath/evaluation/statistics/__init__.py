"""Statistics over slides: bootstrap intervals, paired tests, Tukey's test, multiple testing.

In: one number per slide and run. Out: intervals and p values. Pure functions on arrays.
"""
