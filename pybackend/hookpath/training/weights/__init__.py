"""Weights that a network starts from: encoders, another model's, and what is trained of them when.

In: a configuration and model folders. Out: a network ready to train.
"""
