"""Which device is taken, and what counts as a lack of memory."""

from __future__ import annotations

import pytest
import torch

from hookpath.devices import choose_device, is_out_of_memory, widest_float
from hookpath.errors import DeviceError, UsageError


def test_auto_takes_the_cpu_and_says_so_where_there_is_no_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    said: list[str] = []
    assert choose_device("auto", said.append).type == "cpu"
    assert said == ["no GPU that torch can use: computing on the CPU"]


def test_auto_takes_the_cpu_where_the_gpu_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: all CUDA-capable devices are busy\nmore")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "empty", busy)
    said: list[str] = []
    assert choose_device("auto", said.append).type == "cpu"
    assert "devices are busy)" in said[0]


def test_a_gpu_that_is_not_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(DeviceError, match=r"torch sees no GPUs.*auto or cpu") as found:
        choose_device("cuda")
    assert found.value.code == "no_gpu"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DeviceError, match="torch sees 1 GPU\\)"):
        choose_device("cuda:3")


def test_auto_takes_apples_gpu_after_nvidias(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr("hookpath.devices._problem", lambda device: "")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "mps"
    assert choose_device("mps").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"


def test_an_apple_gpu_that_refuses_is_left_for_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr("hookpath.devices._problem", lambda device: "macOS is too old")
    said: list[str] = []
    assert choose_device("auto", said.append).type == "cpu"
    assert said == ["the GPU cannot be used (macOS is too old): computing on the CPU"]


def test_an_apple_gpu_that_is_not_there_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(
        DeviceError, match=r"'mps' is not there \(torch sees no Apple GPU\)"
    ) as found:
        choose_device("mps")
    assert found.value.code == "no_gpu"


def test_apples_gpu_has_no_double_precision() -> None:
    assert widest_float(torch.device("mps")) == torch.float32
    assert widest_float(torch.device("cpu")) == torch.float64


def test_no_name_of_a_device_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="'tpux' is none"):
        choose_device("tpux")


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("in a reading process:\nMemoryError"), True),
        (RuntimeError("a bug"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_lack_of_memory_is_recognised(error: Exception, is_one: bool) -> None:
    assert is_out_of_memory(error) == is_one
