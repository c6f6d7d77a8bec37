"""One file per reader: OpenSlide, our tile readers, plain images, fastslide, QuPath's own.

In: a file. Out: a `Slide`. `hookpath.slides.open_any` chooses among them.
"""
