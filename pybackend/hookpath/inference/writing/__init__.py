"""Predictions as files and objects: maps row by row, the record, and objects drawn from maps.

In: rows of probabilities, or a finished prediction folder. Out: class and probability maps,
``prediction.json``, objects in a project.
"""
