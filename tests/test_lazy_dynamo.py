"""torch's compiler stays away until it is wanted, and then is all there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

START = "import sys\nfrom hookpath.lazy_dynamo import load_the_compiler_late as late\nlate()\n"
TRAIN = """
import torch, torchvision
net = torch.nn.Linear(2, 2)
steps = [torch.optim.AdamW(net.parameters()), torch.optim.SGD(net.parameters())]
before = net.weight.clone()
for optimiser in steps:
    net(torch.ones(1, 2)).sum().backward()
    optimiser.step()
assert not torch.equal(before, net.weight)
assert "torch._dynamo.symbolic_convert" not in sys.modules
"""
COMPILE = """
import torch
compiled = torch.compile(torch.nn.Linear(2, 2), backend="eager")
assert compiled(torch.zeros(1, 2)).shape == (1, 2)
from torch._dynamo.utils import is_compile_supported, counters
assert torch._dynamo is sys.modules["torch._dynamo"] and counters["frames"]["ok"] == 1
"""


def _run(program: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_a_training_needs_no_compiler() -> None:
    _run(START + TRAIN)


@pytest.mark.slow
def test_who_compiles_afterwards_has_it_whole() -> None:
    _run(START + TRAIN + COMPILE)


def test_where_torch_has_it_already_it_stays() -> None:
    _run(
        "import sys\nreal = sys.modules['torch._dynamo'] = object()\n"
        + START[11:]
        + "assert sys.modules['torch._dynamo'] is real\n"
    )
