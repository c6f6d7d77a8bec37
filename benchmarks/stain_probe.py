"""A slide stained otherwise, in a minute: frozen pretrained features and logistic regression.

    python benchmarks/stain_probe.py --data DIR [--seeds 2]

`DIR` as for `benchmarks/stain.py`; each slide is held out once. Features are EfficientNet-Lite0's
(ImageNet, never trained further) at 1 µm/px, in cells of 8 µm, with those of the view at 4 µm/px
around them. One line a recipe: macro F1 over the cells of the whole truth of the held-out slide,
as it is and stained otherwise. What it says of stain holds for fine-tuned networks only as far as
they keep their features; `benchmarks/stain.py` trains such.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional

from hookpath.annotations import ClassTable, class_names_in, read_geojson
from hookpath.annotations.sparse_labels.rasterizer import LabelSource
from hookpath.confusion_metrics import confusion, macro_f1
from hookpath.geometry import BranchSpec, Region
from hookpath.models import build_model
from hookpath.projects import open_project
from hookpath.sampling import Augmentation, AugmentationConfig, Batch
from hookpath.sampling.augmentation.stain_augmentation import fixed_stains
from hookpath.sampling.stain_profiles import STAINED, MacenkoProfile, ReinhardProfile, recolouring
from hookpath.slides import open_slide
from stain import SHIFTS

RGB = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Cells = dict[str, npt.NDArray[np.uint8]]

#: µm of a cell; copies of a training slide under augmentation.
CELL, COPIES = 8, 6
KINDS = {"macenko": MacenkoProfile, "reinhard": ReinhardProfile}


class Features:
    """Frozen features of whole pictures at 1 µm/px."""

    def __init__(self) -> None:
        model = build_model(
            "unet", n_classes=2, spacings=(1.0,), input_size=256, depth=3, filters=2,
            encoder="tf_efficientnet_lite0",
        )  # fmt: skip
        model.load_backbone("imagenet", print)
        self.encoder = model.eval().body.encoder
        self.norms = [m for m in self.encoder.modules() if isinstance(m, nn.BatchNorm2d)]

    @torch.no_grad()
    def __call__(self, rgb: RGB, adapt: bool = False) -> Floats:
        """``(h, w, F)`` of the cells of a picture whose sides are multiples of 32 px."""
        fine = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
        coarse = functional.avg_pool2d(fine, 4)
        if adapt:
            return self._adapted(fine, coarse)
        return self._of(fine, coarse)

    def _of(self, fine: Tensor, coarse: Tensor) -> Floats:
        maps = self.encoder.whole(fine)
        found = [functional.avg_pool2d(maps[d], CELL >> d) for d in (1, 2)] + [maps[3]]
        wide = self.encoder.whole(coarse)[3]
        found.append(functional.interpolate(wide, size=found[0].shape[-2:], mode="nearest"))
        return torch.cat(found, 1)[0].permute(1, 2, 0).numpy()

    def _adapted(self, fine: Tensor, coarse: Tensor) -> Floats:
        """With batch normalisation by this picture alone."""
        kept = [(n.running_mean.clone(), n.running_var.clone(), n.momentum) for n in self.norms]
        for norm in self.norms:
            norm.momentum = 1.0
            norm.train()
        self.encoder.whole(fine)
        for norm in self.norms:
            norm.eval()
        found = self._of(fine, coarse)
        for norm, (mean, var, momentum) in zip(self.norms, kept, strict=True):
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(var)
            norm.momentum = momentum
        return found


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    started = time.process_time()
    names = sorted(path.stem for path in args.data.glob("*.tif"))
    pictures = {name: read(args.data / f"{name}.tif") for name in names}
    strokes, truths, n_classes = annotated(args.data, pictures)
    features = Features()
    shifts = ["as it is", *SHIFTS]
    titles = [f"{name}: {shift}" for name in names for shift in shifts]
    print("| recipe | " + " | ".join(titles) + " | mean |")
    print("|---|" + "---|" * (len(titles) + 1), flush=True)
    rows: dict[str, list[list[float]]] = {}
    for held_out in names:
        learn = [name for name in names if name != held_out]
        tests = {shift: changed(pictures[held_out], shift) for shift in shifts}
        probe = Probe(features, learn, pictures, strokes, n_classes, args.seeds)
        for recipe, scores in probe.scores(tests, truths[held_out]).items():
            rows.setdefault(recipe, []).extend(scores)
    for recipe, row in rows.items():
        cells = [" ± ".join([f"{np.mean(v):.2f}", *_spread(v)]) for v in row]
        print(
            f"| {recipe} | " + " | ".join(cells) + f" | {np.mean([np.mean(v) for v in row]):.3f} |"
        )
    print(f"\n{time.process_time() - started:.0f} CPU s")


def _spread(values: Sequence[float]) -> list[str]:
    return [f"{np.ptp(values) / 2:.2f}"] if len(values) > 1 else []


class Probe:
    """Learns from some slides by every recipe."""

    def __init__(
        self,
        features: Features,
        learn: Sequence[str],
        pictures: dict[str, RGB],
        strokes: dict[str, npt.NDArray[np.uint8]],
        n_classes: int,
        seeds: int,
    ) -> None:
        self.features, self.n_classes = features, n_classes
        self.pictures = [pictures[name] for name in learn]
        self.strokes = [strokes[name] for name in learn]
        self.seeds = seeds

    def scores(
        self, tests: dict[str, RGB], truth: npt.NDArray[np.uint8]
    ) -> dict[str, list[list[float]]]:
        """Recipe → for every test picture F1 by seed."""
        found: dict[str, list[list[float]]] = {}
        plain = {shift: self.features(test) for shift, test in tests.items()}
        adapted = {shift: self.features(test, adapt=True) for shift, test in tests.items()}
        turned = {shift: self._views(test) for shift, test in tests.items()}
        for method in (None, *KINDS):
            pictures, shown = self._normalised(method, tests)
            seen = plain if method is None else {s: self.features(t) for s, t in shown.items()}
            for augmentation in ("light", "paper", "strong"):
                if method is not None and augmentation == "paper":
                    continue
                name = " + ".join(filter(None, [augmentation, method]))
                seeds = range(1 if augmentation == "light" else self.seeds)
                learned = [self._learn(pictures, augmentation, seed) for seed in seeds]
                found[name] = self._all(learned, seen, truth)
                if method is None and augmentation != "paper":
                    found[f"{name}, --adapt-bn"] = self._all(learned, adapted, truth)
                    found[f"{name}, --tta"] = [
                        [self._f1(_mean(model, views), truth) for model in learned]
                        for views in turned.values()
                    ]
        return found

    def _all(
        self, learned: Sequence[Model], seen: dict[str, Floats], truth: npt.NDArray[np.uint8]
    ) -> list[list[float]]:
        return [[self._f1(model(of), truth) for model in learned] for of in seen.values()]

    def _normalised(
        self, method: str | None, tests: dict[str, RGB]
    ) -> tuple[list[RGB], dict[str, RGB]]:
        if method is None:
            return self.pictures, tests
        kind = KINDS[method]
        own = [kind.of(tissue(picture)) for picture in self.pictures]
        target = kind.mean(own)
        learn = [recolouring(o, target).apply(p) for o, p in zip(own, self.pictures, strict=True)]
        shown = {
            s: recolouring(kind.of(tissue(test)), target).apply(test) for s, test in tests.items()
        }
        return learn, shown

    def _views(self, test: RGB) -> list[tuple[int, Floats]]:
        return [(view, self.features(turned(test, view))) for view in range(8)]

    def _learn(self, pictures: Sequence[RGB], augmentation: str, seed: int) -> Model:
        tables, labels = [], []
        for picture, stroke in zip(pictures, self.strokes, strict=True):
            copies = [picture]
            if augmentation != "light":
                copies += [coloured(picture, augmentation, seed, i) for i in range(COPIES)]
            for copy in copies:
                tables.append(self.features(copy)[stroke > 0])
                labels.append(stroke[stroke > 0])
        return Model(np.concatenate(tables), np.concatenate(labels))

    def _f1(self, probabilities: Floats, truth: npt.NDArray[np.uint8]) -> float:
        predicted = probabilities.argmax(-1) + 1
        return float(macro_f1(confusion(truth, predicted.astype(np.uint8), self.n_classes)))


class Model:
    """Standardised features and logistic regression, classes weighed alike."""

    def __init__(self, table: Floats, labels: npt.NDArray[np.uint8]) -> None:
        self.scaler = StandardScaler().fit(table)
        self.fit = LogisticRegression(C=0.01, class_weight="balanced", max_iter=300)
        self.fit.fit(self.scaler.transform(table), labels)

    def __call__(self, features: Floats) -> Floats:
        """``(h, w, C)`` probabilities."""
        h, w, f = features.shape
        found = self.fit.predict_proba(self.scaler.transform(features.reshape(-1, f)))
        return found.reshape(h, w, -1)


def _mean(model: Model, views: Sequence[tuple[int, Floats]]) -> Floats:
    back = []
    for view, features in views:
        found = np.rot90(model(features), -(view % 4))
        back.append(np.flip(found, 1) if view >= 4 else found)
    return np.mean(back, axis=0)


def turned(rgb: RGB, view: int) -> RGB:
    """One of the eight ways to lay a picture."""
    mirrored = np.flip(rgb, 1) if view >= 4 else rgb
    return np.ascontiguousarray(np.rot90(mirrored, view % 4))


def coloured(rgb: RGB, augmentation: str, seed: int, step: int) -> RGB:
    """The colours of a picture varied as in training."""
    config = AugmentationConfig.model_validate(augmentation).model_copy(
        update={"flips": False, "spatial_chance": 0.0}
    )
    batch = Batch(
        [torch.from_numpy(rgb).permute(2, 0, 1)[None]],
        [torch.zeros((1, 1, 1), dtype=torch.uint8)],
        torch.zeros(1, dtype=torch.int64),
        (BranchSpec(1.0, max(rgb.shape), 1),),
    )
    ((image,), _) = Augmentation(config, seed)(batch, "cpu", step)
    return np.ascontiguousarray((image[0].permute(1, 2, 0) * 255).round().byte().numpy())


def changed(rgb: RGB, shift: str) -> RGB:
    """The picture with other stains and another light."""
    if shift == "as it is":
        return rgb
    stains, light = SHIFTS[shift]
    basis = fixed_stains().numpy()
    matrix = (np.linalg.inv(basis) @ np.diag(stains) @ basis).astype(np.float32)
    density = -np.log(np.maximum(rgb, 1).astype(np.float32) / 255) @ matrix
    return (np.exp(-density) * np.float32(light) * 255).clip(0, 255).round().astype(np.uint8)


def tissue(rgb: RGB) -> RGB:
    """``(N, 3)`` px of tissue."""
    pixels = rgb[::2, ::2].reshape(-1, 3)
    return pixels[(-np.log(np.maximum(pixels, 1) / 255)).max(axis=1) >= STAINED]


def read(path: Path) -> RGB:
    """A whole slide at 1 µm/px, sides multiples of 32 px."""
    with open_slide(path) as slide:
        dx, dy = slide.calibration.downsample(1.0)
        width, height = (int(n / d) // 32 * 32 for n, d in zip(
            (slide.width_l0, slide.height_l0), (dx, dy), strict=True))  # fmt: skip
        return slide.read(Region(0, 0, width, height, dx, dy))


def annotated(data: Path, pictures: dict[str, RGB]) -> tuple[Cells, Cells, int]:
    """Strokes and the whole truth on the grid of cells (0: unknown), and the number of classes."""
    project = open_project(data)
    objects = {Path(e.name).stem: list(e.objects()) for e in project.images}
    named = {c.name: c for own in objects.values() for c in class_names_in(own)}
    classes = ClassTable.of(named.values())
    strokes, truths = {}, {}
    for name, picture in pictures.items():
        with open_slide(data / f"{name}.tif") as slide:
            dx, dy = slide.calibration.downsample(float(CELL))
        grid = Region(0, 0, picture.shape[1] // CELL, picture.shape[0] // CELL, dx, dy)
        strokes[name] = LabelSource(objects[name], classes).rasterize(grid)
        whole = read_geojson(data / "full" / f"{name}.geojson")
        truths[name] = LabelSource(whole, classes).rasterize(grid)
    return strokes, truths, len(classes)


if __name__ == "__main__":
    main()
