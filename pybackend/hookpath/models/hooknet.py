"""HookNet: concentric branches at several resolutions, hooked together in their decoders."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hookpath.errors import ModelDesignError
from hookpath.geometry import BranchSpec
from hookpath.models.branch_factory import body_shape, make_body
from hookpath.models.encoder_decoder import EncoderDecoder
from hookpath.models.encoders import PAPER
from hookpath.models.network_base import BranchOutput, SegmentationModel, centre_crop, initialise
from hookpath.models.registry import register
from hookpath.models.unet_arithmetic import context_sizes, hook_depths, plan_hooks


@register
class HookNet(SegmentationModel):
    """HookNet (van Rijthoven et al., Medical Image Analysis 2021), for any number of branches ≥ 2.

    The branches form a chain from the coarsest to the finest ("target"): each hooks the decoder
    map whose µm/px equals that of the next finer branch's decoder at `hook_to_depth` into it
    (section 3.3; the depths follow from the spacings).

    Args:
        n_classes: number of classes.
        spacings: µm/px of the branches, finest first; the paper's pairs are (0.5, 2) and (0.5, 8).
        input_size: side M of every branch's square input in px (section 3.2). With pretrained
            encoders it is the target's, and a context's is what its hook needs.
        depth: number of poolings D; with a pretrained encoder, halvings of its coarsest map.
        filters: n of every branch; 64 with two branches is the paper's 50 M parameters.
        context_heads: give the context branches an output of their own, for a loss with λ < 1
            (section 3.4).
        hook_to_depth: decoder depth that takes the hook; None: the bottleneck, as in the paper.
        context_depth: halvings of the coarsest map of pretrained context encoders; None: `depth`.
            A wide view may look further than the fine one, whose margin it would cost.
        encoder: of every branch: ``paper``, or a pretrained network by its timm name
            (`hookpath.models.encoders`).
        in_channels: of the images: 3 for RGB, else as many as are chosen (docs/channels.md).

    Raises:
        ModelDesignError: a constraint of section 3.2 or 3.3 is broken; names the numbers that
            break it and the nearest that work.
    """

    family = "hooknet"
    window_place = 20

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (0.5, 8.0),
        input_size: int = 284,
        depth: int = 4,
        filters: int = 64,
        context_heads: bool = False,
        hook_to_depth: int | None = None,
        context_depth: int | None = None,
        encoder: str = PAPER,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        shape = body_shape(encoder, depth)
        context = shape if context_depth is None else body_shape(encoder, context_depth)
        to_depth = shape.depth if hook_to_depth is None else hook_to_depth
        if encoder == PAPER:
            if context != shape:
                raise ModelDesignError("context_depth needs pretrained encoders (model.encoder)")
            self.hooks = plan_hooks(spacings, input_size, depth, to_depth)
            sizes: Sequence[int] = [input_size] * len(spacings)
        else:
            self.hooks = hook_depths(spacings, shape.depth, to_depth)
            sizes = context_sizes(shape, input_size, self.hooks, context)
        self.config = {
            "n_classes": n_classes,
            "spacings": [float(s) for s in spacings],
            "input_size": input_size,
            "depth": depth,
            "filters": filters,
            "context_heads": context_heads,
            "hook_to_depth": hook_to_depth,
            "context_depth": context_depth,
            "encoder": encoder,
        }
        self._take(in_channels)
        self.n_classes = n_classes
        self.shapes = (shape, *[context] * len(self.hooks))
        self.branches = tuple(
            BranchSpec(spacing, size, own.sizes(size).output)
            for spacing, size, own in zip(spacings, sizes, self.shapes, strict=True)
        )
        self.heads = tuple(range(len(spacings))) if context_heads else (0,)
        self.bodies = nn.ModuleList(
            self._body(i, encoder, filters, context_depth or depth if i else depth)
            for i in range(len(spacings))
        )
        self.head = nn.ModuleList(nn.Conv2d(filters, n_classes, 1) for _ in self.heads)
        initialise(self)

    def _body(self, index: int, encoder: str, filters: int, depth: int) -> nn.Module:
        received = self.hooks[index] if index < len(self.hooks) else None
        given = self.hooks[index - 1] if index > 0 else None
        channels = [filters * 2**d for d in range(self.shapes[index].depth)]
        return make_body(
            encoder,
            filters,
            depth,
            hook_depth=received.to_depth if received else None,
            hook_channels=channels[received.from_depth] if received else 0,
            in_channels=self.in_channels,
            stop_depth=given.from_depth if given and index not in self.heads else 0,
        )

    def centre_on(self, colours: Sequence[Tensor]) -> None:
        for body, colour in zip(self.bodies, colours, strict=True):
            if isinstance(body, EncoderDecoder):
                body.centre_on(colour)

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        logits: dict[int, Tensor] = {}
        hook: Tensor | None = None
        for index in reversed(range(len(self.branches))):
            if hook is not None:
                hook = self._fit(hook, index, images[index])
            out = self.run_branch(index, images[index], hook)
            if out.logits is not None:
                logits[index] = out.logits
            hook = out.hook
        return [logits[i] for i in self.heads]

    def run_branch(self, index: int, image: Tensor, hook: Tensor | None = None) -> BranchOutput:
        maps = self.bodies[index](image, hook)
        return BranchOutput(
            logits=self.head[index](maps[0]) if index in self.heads else None,
            hook=maps[self.hooks[index - 1].from_depth] if index > 0 else None,
        )

    def _fit(self, context: Tensor, index: int, image: Tensor) -> Tensor:
        """The centre of the context map that lies under branch `index`'s map (section 3.3)."""
        shape, hook = self.shapes[index], self.hooks[index]
        height, width = (shape.sizes(side).decoder[hook.to_depth] for side in image.shape[-2:])
        return centre_crop(context, height, width)
