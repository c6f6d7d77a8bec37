"""Trained networks as files that other programs run; each is run and compared before it is kept.

In: a model folder. Out: ONNX, FastPathology, WSInfer, or one zip.

Uses: geometry, locking, models.
"""

from hookpath.export.model_export import FORMATS, Exported, Format, export_model

__all__ = ["FORMATS", "Exported", "Format", "export_model"]
