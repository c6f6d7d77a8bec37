"""A class that nobody draws: the rest of the tissue, for training and for validation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.errors import TrainingError
from hookpath.events import SILENT
from hookpath.geometry import BranchSpec
from hookpath.projects import REST_KEY, Project, open_project
from hookpath.sampling import LoaderConfig, PatchStream, ValidationStream
from hookpath.training import TrainConfig
from hookpath.training.data.sampler_config import sampler_choice
from hookpath.training.data.training_data import gather
from hookpath.training.weights.network_setup import make_network
from support.slides import write_pyramid

BRANCHES = (BranchSpec(8.0, 16, 16),)
TISSUE = shapely.box(32, 32, 224, 224)
TUMOUR = shapely.box(64, 64, 128, 128)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four slides at 8 µm/px with a square of tissue; tumour is annotated on all but the last."""
    image = np.full((256, 256, 3), 240, np.uint8)
    image[32:224, 32:224] = (200, 120, 170)
    for name in "abcd":
        path = write_pyramid(tmp_path / f"{name}.tif", image, mpp=8.0, levels=1)
        if name != "d":
            annotated = [PathObject(TUMOUR, path_class=PathClass("Tumor", (200, 0, 0)))]
            write_geojson(path.with_suffix(".geojson"), annotated)
    return open_project(tmp_path)


def config_with(*settings: str) -> TrainConfig:
    return TrainConfig.load(overrides=["rest.tissue=saturation", *settings])


def test_the_rest_trains_and_validates_where_something_is_drawn(project: Project) -> None:
    config = config_with("rest.class_name=Normal", "validation.val=['a.tif']")
    data = gather([project], config, SILENT)
    assert data.classes.names == ("Tumor", "Normal")
    assert [s.name for s in (*data.val, *data.train)] == ["a.tif", "b.tif", "c.tif"]
    area = {"Tumor": TUMOUR.area, "Normal": TISSUE.area - TUMOUR.area}
    assert all(source.labels.report.area_l0 == area for source in (*data.val, *data.train))
    with PatchStream(data.train, data.classes, BRANCHES, LoaderConfig(50)) as stream:
        next(stream)
        assert (stream.pixel_counts > 0).all()
    with ValidationStream(data.val, data.classes, BRANCHES, 500, LoaderConfig(50)) as stream:
        labels = np.concatenate([batch.labels[0].numpy() for batch in stream])
    # Windows of 16 px tile the tissue exactly: every pixel of it, and nothing else.
    assert np.bincount(labels.ravel()).tolist() == [0, TUMOUR.area, area["Normal"]]


def test_a_slide_marked_complete_trains_with_nothing_drawn(project: Project) -> None:
    next(i for i in project.images if i.name == "d.tif").set_metadata({REST_KEY: "Normal"})
    config = config_with("validation.fraction=0")
    data = gather([project], config, SILENT)
    assert data.classes.names == ("Tumor", "Normal")
    areas = {s.name: s.labels.report.area_l0 for s in data.train}
    assert areas["d.tif"] == {"Tumor": 0, "Normal": TISSUE.area}
    assert areas["a.tif"] == {"Tumor": TUMOUR.area, "Normal": 0}


def test_without_it_what_is_not_drawn_is_no_class(project: Project) -> None:
    with pytest.raises(TrainingError, match="only class 'Tumor' is annotated"):
        gather([project], config_with(), SILENT)


def test_patches_of_a_classifier_are_of_the_class_they_are_drawn_for(project: Project) -> None:
    """Normal only without any tumour, and both of more than a quarter: never at glass alone."""
    config = config_with(
        "rest.class_name=Normal",
        "background=Normal",
        "family=classifier",
        "model.spacings=[8.0]",
        "model.input_size=32",
        "backbone_weights=none",
        "sampler=hierarchical",
        "validation.fraction=0",
    )
    data = gather([project], config, SILENT)
    model = make_network(config, data.classes, SILENT)
    choice = sampler_choice(config, model)
    with PatchStream(data.train, data.classes, model.branches, LoaderConfig(400), choice) as stream:
        labels = next(stream).labels[0].long()
    found = model.targets([labels])[0][:, 0, 0]
    assert (found > 0).all()
    # Slide, class: 200 each (±4 σ).
    assert abs(int((found == 1).sum()) - 200) < 4 * 10
    tumour = (labels == 1).double().mean(dim=(1, 2))
    tissue = (labels > 0).double().mean(dim=(1, 2))
    assert (tumour[found == 1] > 0.25).all()
    assert (tumour[found == 2] == 0).all()
    assert (tissue > 0.25).all()
    assert (tissue < 1).any()
    without_rule = replace(choice, accepts=None)
    with PatchStream(
        data.train, data.classes, model.branches, LoaderConfig(400), without_rule
    ) as stream:
        unruly = model.targets([next(stream).labels[0].long()])[0]
    assert (unruly == 0).any()
