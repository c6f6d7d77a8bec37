"""Steps: optimiser and schedule, gradients in micro-batches, precision, several processes, time.

In: a network and its loss. Out: updated weights; the same result for any number of micro-batches.
"""
