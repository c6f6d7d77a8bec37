"""Models on disk: folders, zips of them, ensembles, and what is refused of a stranger's.

In: a network with its card, or a path. Out: `model.json` with weights, or the network again.
"""
