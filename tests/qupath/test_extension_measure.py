"""Areas by class become measurements of regions and TMA cores, and a table."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from support.dark_slides import DISC, FIRST, MPP, REGION, make_dark_project, save_dark_model
from support.extension import InstalledExtension

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

#: A core within the dark disc, one that is missing, and the figures of all that have some.
MEASURE = """
import qupath.lib.objects.PathObjects
import qupath.lib.objects.hierarchy.DefaultTMAGrid
def cores = [PathObjects.createTMACoreObject(200, 200, 200, 200, false),
             PathObjects.createTMACoreObject(600, 200, 200, 200, true)]
cores[0].setName('A-1')
getCurrentHierarchy().setTMAGrid(DefaultTMAGrid.create(cores, 2))
Hookpath.predict(model: '{model}', as: '{kind}')
def found = Hookpath.measure([out: '{table}'])
def all = getCurrentHierarchy().getAllObjects(false) + getCurrentHierarchy().getRootObject()
def ours = {{ o -> o.getMeasurements().findAll {{ k, v -> k.startsWith('HookNet: ') }} }}
def named = all.findAll {{ ours(it) }}.collectEntries {{ [(it.getName() ?: 'image'): ours(it)] }}
def label = all.find {{ it.getName() == 'größter' }}
new com.google.gson.Gson().toJson(
    [regions: found.regions(), figures: named, mine: label.getMeasurements().size()])
"""


@pytest.mark.parametrize("kind", ["detections", "annotations"])
def test_regions_and_cores_get_metrics(
    qupath: InstalledExtension, tmp_path: Path, kind: str
) -> None:
    project = make_dark_project(tmp_path / "Projekt", (FIRST,))
    model, table = save_dark_model(tmp_path / "model"), tmp_path / "table.csv"
    case = MEASURE.format(model=model.as_posix(), kind=kind, table=table.as_posix())
    outcome = qupath.cases(project, FIRST, {"measure": case})["measure"]
    assert outcome["problem"] is None
    found = json.loads(outcome["value"])
    assert set(found["figures"]) == {"A-1", "around the disc", "image"}
    region = found["figures"]["around the disc"]
    share = 100 * DISC.area / REGION.area
    assert region["HookNet: Dark %"] == pytest.approx(share, abs=0.5)
    assert region["HookNet: Dark mm^2"] == pytest.approx(
        math.pi * (120 * MPP) ** 2 * 1e-6, rel=0.01
    )
    assert found["figures"]["A-1"]["HookNet: Dark %"] == pytest.approx(100)
    assert found["regions"] == 2
    assert found["mine"] == 0  # a label is no region
    rows = list(csv.DictReader(table.open(newline="")))
    assert {(row["region"], row["kind"]) for row in rows} == {
        ("", "image"), ("A-1", "core"), ("around the disc", "annotation"),
    }  # fmt: skip
