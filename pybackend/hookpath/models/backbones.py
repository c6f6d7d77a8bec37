"""ImageNet networks without their classifier: an image becomes a vector of features.

They are torchvision's, so that its weights fit. All take RGB (or other channels) in [0, 1] and
shift and scale it themselves as their weights expect; so every family of hookpath is fed alike.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hookpath.errors import ModelDesignError

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class BackboneKind:
    """One entry of `BACKBONES`.

    Attributes:
        build: the network with an identity in place of its classifier; nothing is downloaded.
        features: length of the vector that an image becomes.
        weights: torchvision's name for the ImageNet weights.
        classifier: prefixes of the names of what is left out, as such a file has them.
        smallest: least side of an image in px.
        mean, std: what ImageNet weights of this kind expect to be taken off and divided by.
    """

    build: Callable[[], nn.Module]
    features: int
    weights: str
    classifier: tuple[str, ...]
    smallest: int
    mean: RGB = (0.485, 0.456, 0.406)
    std: RGB = (0.229, 0.224, 0.225)


class Backbone(nn.Module):
    """Images to features; every backbone of every network is one of these.

    Args:
        name: a key of `BACKBONES`.
        in_channels: of the images.

    Raises:
        ModelDesignError: no such backbone.
    """

    def __init__(self, name: str, in_channels: int = 3) -> None:
        super().__init__()
        self.name, self.kind = name, backbone_kind(name)
        self.net = self.kind.build()
        self.mean: tuple[float, ...] = self.kind.mean
        self.std: tuple[float, ...] = self.kind.std
        if in_channels != len(self.mean):
            self.mean, self.std = _alike(self.mean, in_channels), _alike(self.std, in_channels)
            _take_channels(self.net, in_channels)

    @property
    def features(self) -> int:
        """Length of an image's vector."""
        return self.kind.features

    def forward(self, image: Tensor) -> Tensor:
        """``(N, C, S, S)`` float in [0, 1] → ``(N, features)``, averaged over the image."""
        scaled = [
            (image[:, c : c + 1] - mean) / std
            for c, (mean, std) in enumerate(zip(self.mean, self.std, strict=True))
        ]
        features: Tensor = self.net(torch.cat(scaled, dim=1))
        return features


def _alike(values: RGB, count: int) -> tuple[float, ...]:
    return (sum(values) / len(values),) * count


def _take_channels(net: nn.Module, count: int) -> None:
    """Put a first layer for other channels in the place of the one for RGB."""
    name, first = next((n, m) for n, m in net.named_modules() if isinstance(m, nn.Conv2d))
    parent, _, own = name.rpartition(".")
    made = nn.Conv2d(
        count,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    setattr(net.get_submodule(parent), own, made)


def backbone_kind(name: str) -> BackboneKind:
    """An entry of `BACKBONES`.

    Raises:
        ModelDesignError: no such backbone.
    """
    if name not in BACKBONES:
        raise ModelDesignError(f"unknown backbone {name!r}; there are: {', '.join(BACKBONES)}")
    return BACKBONES[name]


def refuse_small(name: str, input_size: int) -> None:
    """Raise `ModelDesignError` if the backbone cannot take images of this side."""
    smallest = backbone_kind(name).smallest
    if input_size < smallest:
        raise ModelDesignError(f"{name} needs an input of at least {smallest} px, not {input_size}")


class UnscaledBatchNorm(nn.BatchNorm2d):
    """Batch normalisation that shifts but does not scale.

    As in Google's and Keras' InceptionV3: after it come a ReLU and a convolution, whose kernel
    holds the scale anyway. Their published weights, and torchvision's, made from them, have
    nothing but ones for it.
    """

    def __init__(self, features: int, eps: float, momentum: float | None) -> None:
        super().__init__(features, eps=eps, momentum=momentum)
        self.register_parameter("weight", None)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        # Ones rather than None: cuDNN and ONNX know the scaled kind only.
        return functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            torch.ones_like(self.bias),
            self.bias,
            self.training,
            self.momentum or 0.0,
            self.eps,
        )


def _mobilenet_v2() -> nn.Module:
    from torchvision.models import mobilenet_v2

    net: nn.Module = mobilenet_v2(weights=None)
    net.classifier = nn.Identity()
    return net


def _resnet34() -> nn.Module:
    from torchvision.models import resnet34

    net: nn.Module = resnet34(weights=None)
    net.fc = nn.Identity()
    return net


def _inception_v3() -> nn.Module:
    from torchvision.models import inception_v3

    net: nn.Module = inception_v3(
        weights=None, aux_logits=False, transform_input=False, init_weights=False
    )
    net.dropout = net.fc = nn.Identity()
    for module in list(net.modules()):
        norm = getattr(module, "bn", None)
        if isinstance(norm, nn.BatchNorm2d):
            module.bn = UnscaledBatchNorm(norm.num_features, norm.eps, norm.momentum)
    return net


def _vgg16() -> nn.Module:
    from torchvision.models.vgg import cfgs, make_layers

    # Its classifier alone would be 124 million weights.
    features = make_layers(cfgs["D"], batch_norm=False)
    for module in features:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(torch.as_tensor(module.bias))
    return nn.Sequential(
        OrderedDict(features=features, pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
    )


BACKBONES: dict[str, BackboneKind] = {
    "mobilenet_v2": BackboneKind(
        _mobilenet_v2, 1280, "MobileNet_V2_Weights.IMAGENET1K_V1", ("classifier.",), 32
    ),
    "inception_v3": BackboneKind(
        _inception_v3,
        2048,
        "Inception_V3_Weights.IMAGENET1K_V1",
        ("fc.", "AuxLogits."),
        75,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    ),
    "vgg16": BackboneKind(_vgg16, 512, "VGG16_Weights.IMAGENET1K_V1", ("classifier.",), 32),
    "resnet34": BackboneKind(_resnet34, 512, "ResNet34_Weights.IMAGENET1K_V1", ("fc.",), 32),
}
