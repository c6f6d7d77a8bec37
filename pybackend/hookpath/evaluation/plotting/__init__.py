"""Figures: metrics, confusion matrices, curves, and label maps laid over slides.

In: numbers and images. Out: matplotlib figures, and files of them with their numbers. Knows
nothing of reports.
"""
