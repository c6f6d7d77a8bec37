"""Augmentation of whole batches.

Colour, stain, blur and noise, and one spatial map for all branches.

In: a batch and a configuration. Out: the batch, with the same draw for all branches of a sample.
"""
