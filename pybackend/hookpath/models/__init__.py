"""Networks, their registry, and the model folder on disk.

In: constructor arguments. Out: `torch.nn.Module`s without I/O, and `model.json` with weights on
disk.

Uses: geometry.
"""

from importlib import import_module
from pkgutil import iter_modules

from hookpath.models.h2gnet import H2GNet
from hookpath.models.hooknet import HookNet
from hookpath.models.linear_probe import FeatureProbe
from hookpath.models.mrn import MRN
from hookpath.models.multiscale_cnn import MultiScaleCNN
from hookpath.models.network_base import BranchOutput, Network, SegmentationModel, count_parameters
from hookpath.models.patch_classifier import PatchClassifier
from hookpath.models.patch_network_base import PatchNetwork
from hookpath.models.registry import FAMILIES, build_model
from hookpath.models.scale_detector import ScaleDetector
from hookpath.models.storage.ensemble_file import (
    ENSEMBLE_NAME,
    EnsembleFile,
    card_at,
    ensemble_card,
    members_of,
)
from hookpath.models.storage.folder_or_zip import model_at
from hookpath.models.storage.model_folder import (
    ModelCard,
    load_model,
    only_exported,
    read_card,
    read_onnx,
    save_model,
)
from hookpath.models.storage.trained_on_slides import Taught, part_of_training
from hookpath.models.unet import UNet
from hookpath.models.unet_arithmetic import BranchShape, Hook, UNetShape, map_sizes

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

for _module in iter_modules(__path__):  # every family registers itself
    import_module(f"{__name__}.{_module.name}")
