"""How batches are loaded: what every stream takes besides what it draws from."""

from __future__ import annotations

from dataclasses import dataclass

from hookpath.events import SILENT, Reporter
from hookpath.sampling.loading.distributed_share import ALONE, Together


@dataclass(frozen=True)
class LoaderConfig:
    """How batches are loaded.

    Attributes:
        batch_size: samples a batch, over all processes that share it.
        seed: of everything that is drawn.
        workers: reading processes, started when the first batch is asked for (0: this one);
            batches do not depend on their number.
        steps: batches in all, counted over resumes; None: endless.
        together: the processes that share every batch evenly; this one delivers its share.
        reporter: gets a warning for every slide or worker that fails.

    Raises:
        ValueError: a batch without a sample.
    """

    batch_size: int
    seed: int = 0
    workers: int = 0
    steps: int | None = None
    together: Together = ALONE
    reporter: Reporter = SILENT

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"a batch needs at least 1 patch, not {self.batch_size}")
