"""Slides as a whole: overview networks, with the heatmap of a first stage or without.

In: a network that reads a slide as one small image. Out: its probabilities on the output grid.
"""
