"""A QuPath project: metadata from its JSON files, objects through Paquo.

In: ``project.qpproj``. Out: a `Project`. Nothing else in hookpath touches a QuPath project's files.
"""
