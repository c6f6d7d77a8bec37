"""HookNet: concentric branches at several resolutions, hooked together in their decoders."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hookpath.geometry import BranchSpec
from hookpath.models.base import BranchOutput, SegmentationModel, centre_crop, initialise
from hookpath.models.branch import EncoderDecoder
from hookpath.models.shapes import Hook, map_sizes, plan_hooks


class HookNet(SegmentationModel):
    """HookNet (van Rijthoven et al., Medical Image Analysis 2021), for any number of branches ≥ 2.

    The branches form a chain from the coarsest to the finest ("target"): each hooks the decoder
    map whose µm/px equals that of the next finer branch's decoder at `hook_to_depth` into it
    (section 3.3; the depths follow from the spacings).

    Args:
        n_classes: number of classes.
        spacings: µm/px of the branches, finest first; the paper's pairs are (0.5, 2) and (0.5, 8).
        input_size: side M of every branch's square input in px (section 3.2).
        depth: number of poolings D.
        filters: n of every branch; 64 with two branches is the paper's 50 M parameters.
        context_heads: give the context branches an output of their own, for a loss with λ < 1
            (section 3.4).
        hook_to_depth: decoder depth that takes the hook; None: the bottleneck, as in the paper.

    Raises:
        ModelDesignError: a constraint of section 3.2 or 3.3 is broken; names the numbers that
            break it and the nearest that work.
    """

    family = "hooknet"

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (0.5, 8.0),
        input_size: int = 284,
        depth: int = 4,
        filters: int = 64,
        context_heads: bool = False,
        hook_to_depth: int | None = None,
    ) -> None:
        super().__init__()
        to_depth = depth if hook_to_depth is None else hook_to_depth
        self.hooks = plan_hooks(spacings, input_size, depth, to_depth)
        self.config = {
            "n_classes": n_classes,
            "spacings": [float(s) for s in spacings],
            "input_size": input_size,
            "depth": depth,
            "filters": filters,
            "context_heads": context_heads,
            "hook_to_depth": hook_to_depth,
        }
        self.n_classes, self.depth = n_classes, depth
        output = map_sizes(input_size, depth).output
        self.branches = tuple(BranchSpec(s, input_size, output) for s in spacings)
        self.heads = tuple(range(len(spacings))) if context_heads else (0,)
        self.bodies = nn.ModuleList(self._body(i, filters) for i in range(len(spacings)))
        self.head = nn.ModuleList(nn.Conv2d(filters, n_classes, 1) for _ in self.heads)
        initialise(self)

    def _body(self, index: int, filters: int) -> EncoderDecoder:
        received = self.hooks[index] if index < len(self.hooks) else None
        given = self.hooks[index - 1] if index > 0 else None
        channels = [filters * 2**d for d in range(self.depth)]
        return EncoderDecoder(
            filters,
            self.depth,
            hook_depth=received.to_depth if received else None,
            hook_channels=channels[received.from_depth] if received else 0,
            stop_depth=given.from_depth if given and index not in self.heads else 0,
        )

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        logits: dict[int, Tensor] = {}
        hook: Tensor | None = None
        for index in reversed(range(len(self.branches))):
            if hook is not None:
                hook = self._fit(hook, self.hooks[index], images[index])
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

    def _fit(self, context: Tensor, hook: Hook, image: Tensor) -> Tensor:
        """The centre of the context map that lies under the finer branch's map (section 3.3)."""
        height, width = (
            map_sizes(side, self.depth).decoder[hook.to_depth] for side in image.shape[-2:]
        )
        return centre_crop(context, height, width)
