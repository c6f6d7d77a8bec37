"""Trained networks as files that other programs run; each is run and compared before it is kept."""

from hookpath.export.exporting import FORMATS, Exported, Format, export_model

__all__ = ["FORMATS", "Exported", "Format", "export_model"]
