"""Images behind an address, which only a reader of an extension of QuPath's opens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hookpath.models import ModelCard, save_model
from hookpath.projects import QuPathProject
from support.extension import InstalledExtension
from support.families import class_table
from support.networks import red_network
from support.projects import write_project_file
from support.qupath import run_alone
from support.training import LEARNS
from support.window_visits import pictures_folder, visit

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(900)]

#: x, y, width, height of what has no red.
BLUE = (30, 20, 40, 24)
ADDRESS = f"https://omero.example.org/webclient/?show={','.join(map(str, BLUE))}"
#: Of a U-Net that learns what is blue in a second, in the form of *Train…*'s further settings.
SETTINGS = [s for s in LEARNS if not s.startswith(("preset", "model.spacings"))]
SETTINGS += ["model.spacings=[1.0]", "steps_per_epoch=32", "device=cpu"]
SIDE = {"value": 1.0, "unit": "µm"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one image, and a model whose class A is what has no red."""
    server = {
        "builderType": "uri",
        "providerClassName": "example.AddressReader",
        "uri": ADDRESS,
        "args": [],
        "metadata": {
            "name": "behind an address",
            "width": 160,
            "height": 96,
            "sizeZ": 1,
            "sizeT": 1,
            "channelType": "DEFAULT",
            "isRGB": True,
            "pixelType": "UINT8",
            "levels": [{"downsample": 1.0, "width": 160, "height": 96}],
            "channels": [{"name": n, "color": 0} for n in ("Red", "Green", "Blue")],
            "pixelCalibration": {"pixelWidth": SIDE, "pixelHeight": SIDE},
        },
    }
    write_project_file(tmp_path / "p", [("behind an address", server)])
    model = red_network()
    save_model(tmp_path / "m", model, ModelCard.describe(model, class_table(2)))
    return tmp_path / "p"


def predict(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """In a process whose QuPath has the preferences of `home`."""
    words = ("predict", folder, "--model", folder.with_name("m"), "-o", folder.with_name("o"))
    more = ("--no-tissue", "--min-area=1", "--as=annotations")
    java = f'-Duser.home="{home}" -Djava.util.prefs.userRoot="{home}"'
    return subprocess.run(
        [str(w) for w in (sys.executable, "-m", "hookpath", *words, *more)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
        env={**os.environ, "JAVA_TOOL_OPTIONS": java},
    )


def test_they_are_predicted_where_the_extension_is_and_refused_in_a_line_elsewhere(
    folder: Path, qupath: InstalledExtension, tmp_path: Path
) -> None:
    refused = predict(folder, qupath.home)
    assert refused.returncode == 1
    (line,) = [x for x in refused.stderr.splitlines() if x.startswith("error: ")]
    assert ADDRESS in line
    assert "I couldn't find example.AddressReader" in line
    assert "see whether an extension is missing" in line

    run_alone("make_reader.groovy", qupath.user_dir / "extensions" / "addresses.jar")
    done = predict(folder, qupath.home)
    assert done.returncode == 0, done.stderr
    (record,) = (tmp_path / "o").rglob("prediction.json")
    assert "QuPath" in json.loads(record.read_text())["slide"]["reader"]
    (entry,) = QuPathProject(folder).images
    (found,) = [o for o in entry.objects() if o.path_class and o.path_class.name == "A"]
    x, y, width, height = BLUE
    assert abs(found.geometry.centroid.x - x - width / 2) < 1
    assert abs(found.geometry.centroid.y - y - height / 2) < 1
    assert found.geometry.area == pytest.approx(width * height, rel=0.01)


def test_in_the_window_they_are_trained_on_and_predicted(
    folder: Path, qupath: InstalledExtension, tmp_path: Path
) -> None:
    run_alone("make_reader.groovy", qupath.user_dir / "extensions" / "addresses.jar")
    out = pictures_folder("addresses", tmp_path / "out")
    seen = visit(
        qupath, "addresses_in_window.groovy", folder / "project.qpproj", "behind an address", out,
        700, HOOKPATH_ADDRESS_OUT=str(out), HOOKPATH_ADDRESS_BOX=",".join(map(str, BLUE)),
        HOOKPATH_ADDRESS_SETTINGS="; ".join(SETTINGS), HOOKPATH_CACHE=str(tmp_path / "cache"),
    )  # fmt: skip
    ((x, y, area),) = seen["blue"]
    assert abs(x - BLUE[0] - BLUE[2] / 2) < 1
    assert abs(y - BLUE[1] - BLUE[3] / 2) < 1
    assert area == pytest.approx(BLUE[2] * BLUE[3], rel=0.05)
