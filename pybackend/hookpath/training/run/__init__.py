"""A run on disk: ``run.json``, checkpoints, metrics, loggers, and how it stops and goes on.

In: a session. Out: a folder from which a killed run resumes as if nothing had happened.
"""
