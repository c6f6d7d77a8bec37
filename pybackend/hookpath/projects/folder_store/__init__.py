"""A folder of slides with GeoJSON beside them: a project that needs no QuPath.

In: a folder. Out: a `Project`. Results go into files of their own, never into what a person drew.
"""
