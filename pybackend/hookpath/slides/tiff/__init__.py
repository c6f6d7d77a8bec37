"""The insides of TIFF files: directories, series, OME-XML, resolution, colours, tiles.

In: a tifffile. Out: which pages are the slide, and their pixels decoded. Used by readers only.
"""
