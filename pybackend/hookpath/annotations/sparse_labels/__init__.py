"""Sparse polygons as label patches: only what was annotated is known.

In: objects of an image. Out: what of them is used and what is left out and why; label patches.
"""
