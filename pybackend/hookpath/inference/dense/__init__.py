"""Dense prediction: large tiles without seams, and context branches shared by the whole slide.

In: a tile runner and a slide. Out: rows of class probabilities on the output grid, equal to what
each patch alone would give.
"""
