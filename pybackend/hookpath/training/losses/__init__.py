"""What a run minimises: the losses of heads, over labelled pixels only.

In: class scores, labels and weights. Out: one number for a batch.
"""
