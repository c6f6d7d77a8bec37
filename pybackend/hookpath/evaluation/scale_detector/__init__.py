"""Evaluation of a scale detector: its answers against the stated µm/px of slides.

In: a project and a trained detector. Out: metrics, and a page of their own kind.
"""
