"""The loop on disk: settings, what is known of each image, rounds, and the project's side.

In: a loop's folder and its project. Out: frozen records; every write of the loop goes through here.
Uses no other part of the loop.
"""
