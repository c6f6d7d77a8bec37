"""QuPath's GeoJSON: read, written, and a person's file written back as it was.

In: files (plain, gzip, zip) or text. Out: `PathObject`s, and files that QuPath imports.
"""
