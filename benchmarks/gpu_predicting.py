"""How fast a card predicts, and whether what it predicts is right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import torch

from dense import dense as predict_densely
from dense import largest_difference, make_model
from gpu_clock import rate_of
from gpu_here import Here, NotHereError
from hookpath.inference import DensePredictor, TorchRunner
from hookpath.inference.roi.tissue_tiles import OutputGrid, cover_of
from hookpath.models import SegmentationModel
from hookpath.slides import Slide, open_slide

SPACINGS = (0.5, 2.0)

#: Dense equals patch-wise to this much in every probability.
EXACT = 1e-4

#: A card's float32 (TF32 in convolutions, by torch's default) against the CPU's.
CLOSE = 0.02


def paper_network(here: Here, filters: int) -> SegmentationModel:
    """The paper's design with random weights."""
    return make_model("hooknet", SPACINGS, 4 if here.tiny else filters)


@contextmanager
def handles_of(path: Path, count: int) -> Iterator[list[Slide]]:
    """The same slide, open several times."""
    with ExitStack() as stack:
        yield [stack.enter_context(open_slide(path)) for _ in range(count)]


def dense(here: Here) -> None:
    """Mpx/s of a whole slide, read from its file: fp32 and bf16, two readers and eight."""
    model = paper_network(here, 64)
    _predict(here, model, here.work / "small" / "s.tif", True, 2)
    for amp, readers in ((False, 2), (True, 2), (True, 8)):
        here.peak_gb()
        started = time.perf_counter()
        pixels = _predict(here, model, here.slides / "s0.tif", amp, readers)
        seconds = time.perf_counter() - started
        name = f"{'bf16' if amp else 'fp32'}_readers_{readers}"
        here.note(f"{name}_mpx_per_s", pixels / seconds / 1e6)
        here.note(f"{name}_peak_gb", here.peak_gb())


def _predict(here: Here, model: SegmentationModel, path: Path, amp: bool, readers: int) -> int:
    """Output px of a slide, all of them computed."""
    predictor = DensePredictor(TorchRunner(model, str(here.device), amp))
    with handles_of(path, readers) as handles:
        grid = OutputGrid.of_slide(handles[0], SPACINGS[0])
        plan = predictor.plan(cover_of(handles[0], grid, tissue=False))
        for _ in predictor.rows(handles, plan):
            pass
    return grid.width * grid.height


def exact(here: Here) -> None:
    """Dense against patch-wise on the card; the card against the CPU; with TF32 and without."""
    model = paper_network(here, 16)
    path = here.work / "small" / "s.tif"
    with handles_of(path, 1) as (slide,):
        side = slide.width_l0
        _, on_cpu = predict_densely(model, slide, side, "cpu")
        worst = {}
        for name in ("as_shipped", "without_tf32") if here.on_gpu else ("as_shipped",):
            if name == "without_tf32":
                torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
            _, found = predict_densely(model, slide, side, str(here.device))
            worst[name] = largest_difference(model, slide, found)
            here.note(f"{name}_dense_to_patches", worst[name])
            here.note(f"{name}_to_cpu", float(np.abs(found - on_cpu).max()))
    if max(worst.values()) > EXACT:
        raise AssertionError(f"dense and patch-wise differ by {max(worst.values()):.1e}")
    if here.figures["as_shipped_to_cpu"] > CLOSE:
        raise AssertionError(f"card and CPU differ by {here.figures['as_shipped_to_cpu']:.1e}")


def features(here: Here) -> None:
    """Maps of frozen encoders at stride 16, bf16, channels last: patches of 256 px/s and Mpx/s."""
    try:
        import timm
    except ImportError as error:
        raise NotHereError(f"timm is not here ({error})") from error
    names = ("tf_efficientnet_lite0", "resnet50", "convnext_atto")
    count, side, rounds = (1, 64, 1) if here.tiny else (64, 256, 20)
    images = torch.rand(count, 3, side, side, device=here.device)
    images = images.contiguous(memory_format=torch.channels_last)
    for name in names[:1] if here.tiny else names:
        network = timm.create_model(name, pretrained=False, features_only=True)
        network = network.to(here.device, memory_format=torch.channels_last).eval()

        def work(network: torch.nn.Module = network) -> object:
            with torch.inference_mode(), torch.autocast(here.device.type, torch.bfloat16):
                return network(images)

        rate = count * rate_of(work, here.device, rounds)
        here.note(f"{name}_patches_per_s", rate)
        here.note(f"{name}_mpx_per_s", rate * side**2 / 1e6)
