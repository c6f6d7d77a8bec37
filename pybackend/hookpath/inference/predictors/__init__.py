"""What every way to predict a slide is to the rest, and wrappers around it.

In: a model. Out: a `Predictor`: dense, patch-wise or overview; of one model or an ensemble; with
test-time augmentation, stain normalisation or batch-norm adaptation where asked for.
"""
