"""Splits into training, validation and test parts or folds, by patient.

In: images and their metadata. Out: a table that people can read, and that commands take.
"""
