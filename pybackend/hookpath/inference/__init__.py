"""Dense whole-slide prediction."""

from hookpath.inference.dense import DensePredictor

__all__ = ["DensePredictor"]
