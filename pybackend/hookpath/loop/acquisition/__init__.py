"""Which slide to correct next, and where on it: uncertainty, novelty, and a ranking of them.

In: quick predictions with the round's model. Out: acquisition scores of images and regions.
"""
