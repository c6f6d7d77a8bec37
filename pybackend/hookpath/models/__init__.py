"""Networks, their registry, and the model folder on disk."""

from hookpath.models.base import BranchOutput, Network, SegmentationModel, count_parameters
from hookpath.models.classifier import PatchClassifier
from hookpath.models.ensembles import (
    ENSEMBLE_NAME,
    EnsembleFile,
    card_at,
    ensemble_card,
    members_of,
)
from hookpath.models.files import model_at
from hookpath.models.folder import (
    ModelCard,
    load_model,
    only_exported,
    read_card,
    read_onnx,
    save_model,
)
from hookpath.models.h2gnet import H2GNet
from hookpath.models.hooknet import HookNet
from hookpath.models.mrn import MRN
from hookpath.models.multiscale import MultiScaleCNN
from hookpath.models.patches import PatchNetwork
from hookpath.models.probe import FeatureProbe
from hookpath.models.registry import FAMILIES, build_model
from hookpath.models.scale import ScaleDetector
from hookpath.models.shapes import BranchShape, Hook, UNetShape, map_sizes
from hookpath.models.taught import Taught, part_of_training
from hookpath.models.unet import UNet

__all__ = [
    "ENSEMBLE_NAME",
    "FAMILIES",
    "MRN",
    "BranchOutput",
    "BranchShape",
    "EnsembleFile",
    "FeatureProbe",
    "H2GNet",
    "Hook",
    "HookNet",
    "ModelCard",
    "MultiScaleCNN",
    "Network",
    "PatchClassifier",
    "PatchNetwork",
    "ScaleDetector",
    "SegmentationModel",
    "Taught",
    "UNet",
    "UNetShape",
    "build_model",
    "card_at",
    "count_parameters",
    "ensemble_card",
    "load_model",
    "map_sizes",
    "members_of",
    "model_at",
    "only_exported",
    "part_of_training",
    "read_card",
    "read_onnx",
    "save_model",
]
