"""A slide that shows another one's pixels differently."""

from __future__ import annotations

from hookpath.slides.slide_base import Slide


class SlideOf(Slide):
    """All but the pixels is the other slide's. Closes it, too."""

    def __init__(self, slide: Slide) -> None:
        super().__init__(slide._given_calibration)
        self.slide = slide
        self.path, self.levels = slide.path, slide.levels
        self.file_calibration = slide.file_calibration
        self.spacing_note, self.corner_in_file = slide.spacing_note, slide.corner_in_file
        self.assumed, self.reader, self.notes = slide.assumed, slide.reader, slide.notes
        self.other_files, self.transformed = slide.other_files, slide.transformed
        self.channels, self.dtype, self.ground = slide.channels, slide.dtype, slide.ground
        self.planes, self.plane = slide.planes, slide.plane

    def grid_shift(self, level: int, x_lv: int, y_lv: int) -> tuple[float, float]:
        """The other slide's."""
        return self.slide.grid_shift(level, x_lv, y_lv)

    def close(self) -> None:
        """Close the other slide."""
        self.slide.close()


def own_slide(slide: Slide) -> Slide:
    """The slide as its file has it, whatever is shown of it."""
    while isinstance(slide, SlideOf):
        slide = slide.slide
    return slide
