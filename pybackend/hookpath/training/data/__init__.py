"""What a run learns from: annotations, classes, split, samplers, channels, dataloaders.

In: projects and a configuration. Out: a fingerprinted dataset and endless feeds of batches.
"""
