"""Pyramidal TIFF, written row by row.

In: rows of pixels. Out: a tiled, pyramidal TIFF or OME-TIFF.
"""
