"""One file per reader: OpenSlide, our tile readers, plain images, fastslide, QuPath's own.

In: a file. Out: a `Slide`. `hookpath.slides.reader_selection` chooses among them.
"""
