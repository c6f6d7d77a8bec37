"""Class maps as polygons whose common borders stay common.

In: rows of a class map. Out: valid polygons in level-0 px, as objects.
"""
