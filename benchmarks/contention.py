"""What other work on the machine costs a training run: steps/s, alone and beside busy loops.

    python benchmarks/contention.py [--loops 2] [--seconds 12] [--rounds 3]

Every figure comes from a process of its own, which trains the network of ``hooknet --preset fast``
on one batch of noise (no slides are read: threads that compute are what contention is about), with
the environment of the row. Rows take turns, so that a busier minute hits all of them. The share is
what is left beside as many busy loops as there are cores; with fair scheduling half of the machine
is.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

#: Environments to compare; ours is what `hookpath` sets on its own.
ROWS: dict[str, dict[str, str]] = {
    "as torch comes": {},
    "hookpath's": {"OMP_WAIT_POLICY": "PASSIVE"},
    "2 000 spins": {"GOMP_SPINCOUNT": "2000"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}


def work(seconds: float) -> None:
    """Train for so long and print steps per second (the first three are not counted)."""
    import torch

    from hookpath.models import build_model
    from hookpath.training import TrainConfig
    from hookpath.training.losses.head_losses import hooknet_loss
    from hookpath.training.optimization.optimizer import make_optimizer

    torch.manual_seed(0)
    config = TrainConfig(preset="fast")
    model = build_model("hooknet", n_classes=3, **config.model)
    model = model.to(memory_format=torch.channels_last)
    optimizer = make_optimizer(model, config)
    images = [
        torch.rand(config.batch_size, 3, b.input_size, b.input_size).contiguous(
            memory_format=torch.channels_last
        )
        for b in model.branches
    ]
    side = model.branches[0].output_size
    labels = [torch.randint(0, 4, (config.batch_size, side, side)) for _ in model.branches]
    done, started = -3, time.perf_counter()
    while done < 1 or time.perf_counter() - started < seconds:
        optimizer.zero_grad(set_to_none=True)
        hooknet_loss(model(images), labels, model.heads, 1.0).backward()
        optimizer.step()
        done += 1
        if done == 0:
            started = time.perf_counter()
    print(done / (time.perf_counter() - started))


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def speed(environment: Mapping[str, str], loops: int, seconds: float) -> float:
    """Steps per second of a fresh process beside busy loops."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_", "MKL_"))}
    command = [sys.executable, __file__, "--work", str(seconds)]
    with busy(loops):
        done = subprocess.run(
            command, env={**kept, **environment}, check=True, stdout=subprocess.PIPE, text=True
        )
    return float(done.stdout)


def main(loops: int, seconds: float, rounds: int, names: Sequence[str]) -> None:
    """Measure all rows and print a table."""
    found: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for name in names:
            for beside in (0, loops):
                found.setdefault((name, beside), []).append(speed(ROWS[name], beside, seconds))
    print(f"| environment | steps/s alone | beside {loops} busy loops | share |\n|---|---|---|---|")
    for name in names:
        alone, beside = (statistics.median(found[name, n]) for n in (0, loops))
        print(f"| {name} | {alone:.2f} | {beside:.2f} | {beside / alone:.0%} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loops", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--work", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work is not None:
        work(given.work)
    else:
        main(given.loops, given.seconds, given.rounds, given.rows)
