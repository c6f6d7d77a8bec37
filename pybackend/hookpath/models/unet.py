"""The single-resolution U-Net that HookNet is compared with, at any spacing."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hookpath.geometry import BranchSpec
from hookpath.models.branch_factory import body_shape, make_body
from hookpath.models.encoder_decoder import EncoderDecoder
from hookpath.models.encoders import PAPER
from hookpath.models.network_base import BranchOutput, SegmentationModel, initialise
from hookpath.models.registry import register
from hookpath.models.unet_arithmetic import refuse_size


@register
class UNet(SegmentationModel):
    """U-Net (Ronneberger et al. 2015) as in HookNet, section 4: valid convolutions, nearest up.

    Args:
        n_classes: number of classes.
        spacings: one value, µm/px of the input.
        input_size: side of the square input in px; 284 gives 70 at depth 4.
        depth: number of poolings; with a pretrained encoder, halvings of its coarsest map.
        filters: n; the paper tunes it to about 50 M parameters.
        encoder: ``paper``, or a pretrained network by its timm name (`hookpath.models.encoders`).
        in_channels: of the images: 3 for RGB, else as many as are chosen (docs/channels.md).

    Raises:
        ModelDesignError: the input size does not fit; names the nearest that do.
    """

    family = "unet"
    window_place = 30

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (0.5,),
        input_size: int = 284,
        depth: int = 4,
        filters: int = 64,
        encoder: str = PAPER,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        (spacing,) = spacings
        shape = body_shape(encoder, depth)
        refuse_size(input_size, shape.problem)
        self.config = {
            "n_classes": n_classes,
            "spacings": [float(spacing)],
            "input_size": input_size,
            "depth": depth,
            "filters": filters,
            "encoder": encoder,
        }
        self._take(in_channels)
        self.n_classes, self.shapes = n_classes, (shape,)
        self.branches = (BranchSpec(spacing, input_size, shape.sizes(input_size).output),)
        self.heads, self.hooks = (0,), ()
        self.body = make_body(encoder, filters, depth, in_channels=in_channels)
        self.head = nn.Conv2d(filters, n_classes, 1)
        initialise(self)

    def centre_on(self, colours: Sequence[Tensor]) -> None:
        if isinstance(self.body, EncoderDecoder):
            self.body.centre_on(colours[0])

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        (image,) = images
        return [self.head(self.body(image)[0])]

    def run_branch(self, index: int, image: Tensor, hook: Tensor | None = None) -> BranchOutput:
        return BranchOutput(self.head(self.body(image)[0]), None)
