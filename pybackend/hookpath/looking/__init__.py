"""What a training would see and take, looked at before it begins."""

from hookpath.looking.cost import Cost
from hookpath.looking.look import Look, look
from hookpath.looking.page import look_page
from hookpath.looking.samples import Sample

__all__ = ["Cost", "Look", "Sample", "look", "look_page"]
