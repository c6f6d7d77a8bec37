"""Patch by patch: networks that pad their convolutions, or give one class per patch.

In: a patch runner and a slide. Out: rows of class probabilities on the output grid.
"""
