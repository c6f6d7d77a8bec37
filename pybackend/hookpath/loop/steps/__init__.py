"""The steps of a loop as its commands call them: start, propose, accept, retrain, status.

In: a `LoopFolder` and its project. Out: a report of each step. Uses all other parts of the loop but
simulation.
"""
