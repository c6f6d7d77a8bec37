"""Where on a slide a prediction is wanted: tissue, ROIs and annotated regions.

In: annotations and tissue masks. Out: which tiles to compute, and objects cut to their regions.
"""
