"""A batch that does not fit into memory goes through the network in parts.

The gradients of the parts add up to those of the whole batch (Σ over parts of the loss over the
whole batch's labelled pixels), so a step stays the same step; batch normalisation alone sees the
patches of one part at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from torch import Tensor, nn

from hookpath.devices import free_cached, is_out_of_memory
from hookpath.events import Reporter

T = TypeVar("T")


class Parts:
    """How many patches go through the network at once; fewer after a lack of memory.

    Args:
        size: patches of a batch, to begin with.
        fixed: it stays so: other processes go through as many parts.
    """

    def __init__(self, size: int, reporter: Reporter, fixed: bool = False) -> None:
        self.size, self._whole, self._reporter = size, size, reporter
        self._fixed = fixed

    def fitting(self, model: nn.Module, what: str, work: Callable[[int], T]) -> T:
        """`work` with as many patches at once as fit, which is remembered.

        Args:
            model: the network that `work` uses; its gradients are dropped before another try.
            what: ``training`` or ``validation``, for the message.
            work: does everything anew with the given number of patches at once.

        Raises:
            RuntimeError, MemoryError: of `work`, if not for memory or not even one patch fits.
        """
        while True:
            try:
                return work(self.size)
            except (RuntimeError, MemoryError) as error:
                if self._fixed or self.size == 1 or not is_out_of_memory(error):
                    raise
            # Out of the handler: the failed step's tensors hang on the error's traceback.
            self._halve(model, what)

    def _halve(self, model: nn.Module, what: str) -> None:
        model.zero_grad(set_to_none=True)
        free_cached(next(model.parameters()).device)
        before, self.size = self.size, max(1, self.size // 2)
        same = "the batch stays the same"
        if what == "training" and _normalises_batches(model):
            same += f", but batch normalisation sees {self.size} patches instead of {self._whole}"
        self._reporter.warn(
            f"out of memory in {what} with {before} patches at once; going on with {self.size} at "
            f"a time ({same})"
        )


def cut(tensors: Sequence[Tensor], size: int) -> Iterator[list[Tensor]]:
    """Tensors of one batch (first axis: patches) in parts of at most `size` patches."""
    for start in range(0, len(tensors[0]), size):
        yield [t[start : start + size] for t in tensors]


def _normalises_batches(model: nn.Module) -> bool:
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in model.modules())
