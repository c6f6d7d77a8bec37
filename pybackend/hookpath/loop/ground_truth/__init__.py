"""What counts as ground truth in a loop, what changed since, and the effort of a correction.

In: an image's objects and what the loop proposed. Out: areas that teach, and how far a correction
went.
"""
