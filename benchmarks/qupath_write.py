"""Writing detections into a QuPath project, beside what QuPath's own import of the same takes.

    PAQUO_QUPATH_DIR=… python benchmarks/qupath_write.py [--objects 50000] [--rounds 3]

Every round writes the objects with `QuPathEntry.write` (which takes away those of the round
before, backs up, and reads again what it wrote), and has QuPath read the same objects from a
GeoJSON file into an empty image's hierarchy and write that as a data file. Printed: seconds of
processor time of both (which hold on a busy machine, too), the ratio, and seconds on the clock.
The first round includes Java's warming up.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from hookpath.annotations import (
    ClassTable,
    PathClass,
    PathObject,
    vectorize,
    write_geojson,
)
from hookpath.annotations.objects import new_object_id
from hookpath.geometry import Calibration
from hookpath.projects import open_project

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

CLASSES = ClassTable.of([PathClass("Tumor", (200, 0, 0)), PathClass("Stroma", (0, 180, 0))])


def detections(count: int) -> list[PathObject]:
    """Outlines of a smooth random class map at 4 px, until there are enough."""
    found: list[PathObject] = []
    seed = 0
    while len(found) < count:
        noise = np.random.default_rng(seed).normal(size=(3, 512, 512))
        labels = gaussian_filter(noise, (0, 2, 2)).argmax(axis=0).astype(np.uint8)
        found += vectorize(
            labels,
            CLASSES,
            4.0,
            calibration=Calibration.square(0.25),
            origin_l0=(2048 * (seed % 10), 2048 * (seed // 10)),
            object_type="detection",
        )
        seed += 1
    return found[:count]


def with_new_ids(objects: list[PathObject]) -> list[PathObject]:
    """The same once more, as another run would make them."""
    return [dataclasses.replace(o, id=new_object_id()) for o in objects]


def import_by_qupath(java: Any, empty: Any, geojson: Path, out: Path) -> float:
    """Processor seconds that QuPath's own reader, hierarchy and writer take."""
    start = time.process_time()
    empty.getHierarchy().addObjects(java.PathIO.readObjects(java.File(str(geojson)).toPath()))
    stream = java.JClass("java.io.FileOutputStream")(str(out))
    java.PathIO.writeImageData(stream, empty)
    stream.close()
    return time.process_time() - start


def main() -> None:
    """Make a project, write into it round by round, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    from hookpath.projects.qupath_store.paquo_bridge import DataFile, _java, _quieten
    from support.projects import make_qupath_store

    objects = detections(options.objects)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_qupath_store(root / "project")
        java = _java()
        _quieten(java)
        write_geojson(root / "objects.geojson", objects)
        for number in range(options.rounds):
            entry = open_project(root / "project").images[0]
            empty = DataFile(root / "none", entry._server_record, (), entry.name)._image_data
            theirs = import_by_qupath(java, empty, root / "objects.geojson", root / "theirs.qpdata")
            new = with_new_ids(objects)
            start, clock = time.process_time(), time.perf_counter()
            report = entry.write(new, f"run-{number}")
            ours, waited = time.process_time() - start, time.perf_counter() - clock
            print(
                f"round {number}: {report.added} objects added, {report.removed} removed: "
                f"{ours:.1f} s; QuPath's own import {theirs:.1f} s; ratio {ours / theirs:.2f} "
                f"({waited:.1f} s on the clock)",
                flush=True,
            )


if __name__ == "__main__":
    main()
