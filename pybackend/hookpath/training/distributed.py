"""Training by several processes, one for each GPU: one batch, one step, one run.

``torchrun --nproc-per-node N hookpath train …`` starts them. Each takes its share of every batch
(`hookpath.sampling.loading.distributed_share`); weights of pixels are made for the whole batch, so
the gradients of the shares sum to those of one process, as do those of parts of a batch
(`training.optimization.patches_at_once`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hookpath.errors import TrainingError
from hookpath.training.training_config import TrainConfig

T = TypeVar("T")

#: One process validates or looks back while the others wait.
_PATIENCE = timedelta(hours=6)


class Group:
    """This process alone; see `Several`."""

    rank, size = 0, 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes the run's folder and speaks."""
        return self.rank == 0

    def device(self, wanted: str) -> str:
        """Name of the device of this process."""
        return wanted

    def total(self, value: Tensor) -> Tensor:
        """Sum over the processes, without gradient."""
        return value

    def sum_gradients(self, model: nn.Module) -> None:
        """Make every process's gradients those of the whole batch."""

    def any(self, flag: bool) -> bool:
        """Whether any process says so."""
        return flag

    def from_first(self, value: Any) -> Any:
        """What the first process has."""
        return value

    def wait(self) -> None:
        """Until all are here."""

    def from_all(self, value: T) -> list[T]:
        """What every process has, in order of rank."""
        return [value]

    def first_failure(self, slide_index: int | None, message: str) -> tuple[int, str] | None:
        """See `hookpath.sampling.loading.distributed_share.Together`."""
        return None if slide_index is None else (slide_index, message)


class Several(Group):
    """Processes that torch.distributed connects: gloo between CPUs, NCCL between GPUs."""

    def __init__(self) -> None:
        import torch.distributed as dist

        gpus = torch.cuda.is_available()
        if not dist.is_initialized():  # else this is a run inside of another one
            dist.init_process_group("cpu:gloo,cuda:nccl" if gpus else "gloo", timeout=_PATIENCE)
        self.rank, self.size = dist.get_rank(), dist.get_world_size()

    def device(self, wanted: str) -> str:
        if wanted not in ("auto", "cuda") or not torch.cuda.is_available():
            return wanted
        name = f"cuda:{int(os.environ.get('LOCAL_RANK', self.rank)) % torch.cuda.device_count()}"
        torch.cuda.set_device(name)
        return name

    def total(self, value: Tensor) -> Tensor:
        import torch.distributed as dist

        summed = value.detach().clone()
        dist.all_reduce(summed)
        return summed

    def sum_gradients(self, model: nn.Module) -> None:
        import torch.distributed as dist

        moving = [p for p in model.parameters() if p.requires_grad]
        for p in moving:
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        if not moving:
            return
        flat = torch.cat([p.grad.reshape(-1) for p in moving if p.grad is not None])
        dist.all_reduce(flat)
        for p, part in zip(moving, torch.split(flat, [p.numel() for p in moving]), strict=True):
            p.grad = part.view_as(p)

    def any(self, flag: bool) -> bool:
        import torch.distributed as dist

        found = torch.tensor(int(flag))
        dist.all_reduce(found)
        return bool(found)

    def from_first(self, value: Any) -> Any:
        import torch.distributed as dist

        box = [value]
        dist.broadcast_object_list(box, src=0, device=torch.device("cpu"))
        return box[0]

    def wait(self) -> None:
        self.any(False)

    def from_all(self, value: T) -> list[T]:
        import torch.distributed as dist

        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, value)
        return found

    def first_failure(self, slide_index: int | None, message: str) -> tuple[int, str] | None:
        if not self.any(slide_index is not None):
            return None
        said = self.from_all(None if slide_index is None else (slide_index, message))
        return min(one for one in said if one is not None)


ALONE = Group()


def are_several() -> bool:
    """Whether this process was started as one of several (by torchrun)."""
    names = ("RANK", "LOCAL_RANK", "MASTER_ADDR")
    return int(os.environ.get("WORLD_SIZE") or 1) > 1 and all(n in os.environ for n in names)


def is_first() -> bool:
    """Whether this process writes and speaks."""
    return not are_several() or os.environ["RANK"] == "0"


@contextmanager
def joined(config: TrainConfig) -> Iterator[Group]:
    """The processes that this one was started with; they part in the end.

    Of a run inside of another one they are those that have met already, and stay together.

    Raises:
        TrainingError: what is asked for can only be done by one process.
    """
    if not are_several():
        yield ALONE
        return
    import torch.distributed as dist

    refuse_for_one(config, int(os.environ["WORLD_SIZE"]))
    inside = dist.is_initialized()
    group = Several()
    try:
        yield group
    finally:
        if not inside:
            dist.destroy_process_group()


def refuse_for_one(config: TrainConfig, size: int) -> None:
    """Refuse what `size` processes cannot share.

    Raises:
        TrainingError: what is asked for can only be done by one process.
    """
    if size > 1 and config.batch_size % size:
        raise TrainingError(
            f"batch_size {config.batch_size} cannot be shared by {size} processes; it is the whole "
            f"step's, so take a multiple of {size}"
        )
    for name, asked in (("loss = ce+dice", config.loss == "ce+dice"),
                        ("clusters.k", config.clusters.k > 0)):  # fmt: skip
        if asked and size > 1:
            raise TrainingError(
                f"{name} is for one process; leave it out, or start without torchrun"
            )


def shared_norms(model: nn.Module, group: Group) -> None:
    """Have batch normalisation see the whole batch, not one process's share (in place).

    Those that stand still (pretrained ones, as a rule) only use what they know, and stay as they
    are.
    """
    if group.size == 1:
        return
    if next(model.parameters()).device.type == "cuda":
        import timm.layers  # knows its own norms, too

        convert: Any = timm.layers.convert_sync_batchnorm  # type: ignore[attr-defined]
        convert(model)
        return
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = _SharedOfMaps
        elif isinstance(module, nn.BatchNorm1d):  # also one that takes a lone patch
            module.__class__ = _SharedOfVectors


class _Shared(_BatchNorm):
    """Batch normalisation over the batch of all processes; torch's own knows GPUs only."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.running_mean is None or self.running_var is None:
            return super().forward(input)
        x = input.float()
        axes, along = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2))
        n = _summed(torch.tensor(float(x.numel() // x.shape[1])))
        mean = _summed(x.sum(axes)) / n
        away = x - mean.view(along)
        var = _summed((away * away).sum(axes)) / n
        with torch.no_grad():
            self._follow(mean, var * n / (n - 1).clamp(min=1))
        scale = (var + self.eps).rsqrt()
        if self.weight is not None:
            scale = scale * self.weight
        out = away * scale.view(along)
        return (out if self.bias is None else out + self.bias.view(along)).to(input.dtype)

    def _follow(self, mean: Tensor, var: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(var, share)


class _SharedOfMaps(_Shared, nn.BatchNorm2d):
    """``(N, C, h, w)``."""


class _SharedOfVectors(_Shared, nn.BatchNorm1d):
    """``(N, C)``: the head of a patch classifier."""


class _Sum(torch.autograd.Function):
    """Of what all processes have; what each one's loss says of it is summed alike."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return _reduced(value)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _reduced(gradient)


def _reduced(value: Tensor) -> Tensor:
    import torch.distributed as dist

    found = value.detach().clone().contiguous()
    dist.all_reduce(found)
    return found


def _summed(value: Tensor) -> Tensor:
    """Sum over the processes; gradients flow through it."""
    found: Tensor = _Sum.apply(value)  # type: ignore[no-untyped-call]
    return found
