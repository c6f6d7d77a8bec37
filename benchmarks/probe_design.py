"""Which views, which depth, which head: every slide left out once, scored over its whole truth.

    python benchmarks/probe_design.py FOLDER [--seed 0] [--set model.depth=4] [--set probe.copies=0]

FOLDER holds slides with strokes beside them (``<slide>.geojson``) and their whole truth in
``full/``. A head is fitted to the strokes of all slides but one. Of that one, up to 256 cells of
each class in every tile of 128 px are classified and compared with the truth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from hookpath.annotations import ClassTable, class_names_in, read_geojson
from hookpath.confusion_metrics import confusion, f1_per_class, macro_f1
from hookpath.models import FeatureProbe, build_model
from hookpath.probing.cross_fitting import folds_of
from hookpath.probing.feature_cache import FeatureCache, identity_of_features
from hookpath.probing.head_fitting import FittedHead, fit_table, table_of
from hookpath.probing.labelled_samples import Making, Places, places_of
from hookpath.probing.tile_features import Describer
from hookpath.projects import open_project
from hookpath.sampling import AnnotatedSlide, load_source
from hookpath.training import TrainConfig

_ALL = 10**9


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    settings = ["family=probe", f"seed={given.seed}", *given.set]
    config = TrainConfig.load(overrides=settings)
    started = time.process_time()
    strokes, truth, classes = sources_of(given.folder)
    print(f"{given.folder.name} seed {given.seed} {' '.join(given.set)}")
    learned = [places_of(s, making_of(config, len(classes))) for s in strokes]
    whole = [places_of(s, making_of(config, len(classes), plain=True)) for s in truth]
    print(f"features: {time.process_time() - started:.0f} CPU s")
    for out, source in enumerate(strokes):
        started = time.process_time()
        rest = [i for i in range(len(strokes)) if i != out]
        fitted = fit([strokes[i] for i in rest], [learned[i] for i in rest], config, len(classes))
        scores = fitted.scores(torch.from_numpy(whole[out].vectors[0]).float())
        counts = confusion(whole[out].labels, scores.argmax(1).numpy() + 1, len(classes))
        each = ", ".join(
            f"{n} {f:.2f}" for n, f in zip(classes.names, f1_per_class(counts), strict=True)
        )
        print(
            f"{source.name:<16} macro F1 {macro_f1(counts):.3f} ({each}); penalty {fitted.l2:g}, "
            f"temperature {fitted.temperature:.1f}; head {time.process_time() - started:.1f} CPU s",
            flush=True,
        )


def sources_of(folder: Path) -> tuple[list[AnnotatedSlide], list[AnnotatedSlide], ClassTable]:
    """The slides with their strokes, and with the whole truth."""
    entries = list(open_project(folder).images)
    annotated = {c.name: c for e in entries for c in class_names_in(e.objects())}
    classes = ClassTable.of(annotated.values())
    strokes = [load_source(e, e.objects(), classes) for e in entries]
    truth = [
        load_source(e, read_geojson(folder / "full" / f"{Path(e.name).stem}.geojson"), classes)
        for e in entries
    ]
    return strokes, truth, classes


def making_of(config: TrainConfig, n_classes: int, plain: bool = False) -> Making:
    """How features are made; of what is only classified in its own colours."""
    model = build_model("probe", **{**config.model, "n_classes": n_classes})
    assert isinstance(model, FeatureProbe)
    model.load_backbone("imagenet", print)
    return Making(
        describer=Describer(model, config.device),
        cache=FeatureCache(),
        copies=0 if plain else config.probe.copies,
        colours=config.augmentation,
        seed=config.seed,
        cells=_ALL if plain else config.probe.cells,
        features=identity_of_features(model),
    )


def fit(
    sources: Sequence[AnnotatedSlide], places: Sequence[Places], config: TrainConfig, n: int
) -> FittedHead:
    """A head for these slides, as a run would fit it."""
    table = table_of(places, folds_of(sources, places), n)
    hidden = int(config.model.get("hidden", 0))
    return fit_table(table, config.probe.l2, hidden, config.seed)


if __name__ == "__main__":
    main()
