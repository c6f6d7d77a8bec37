"""A finished slide in another look: what becomes of it in the project is no part of the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hookpath.annotations import PathObject, read_geojson, write_geojson
from hookpath.annotations.objects import tagged_with
from hookpath.errors import PredictionError
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.prediction_record import (
    CLASS_MAP_NAME,
    GEOJSON_NAME,
    PROBABILITIES_NAME,
    PredictionRecord,
)
from hookpath.inference.writing.objects_from_maps import ObjectConfig, draw_objects
from hookpath.inference.writing.staged_folder import publish, stage_in

_MAPS = (CLASS_MAP_NAME, PROBABILITIES_NAME)


def is_work_of(record: PredictionRecord, weights_sha256: str, config: PredictConfig) -> bool:
    """Whether this model with these settings computes what is recorded."""
    try:
        then = PredictConfig.recorded(record.settings)
    except PredictionError:
        return False
    same = record.model.get("weights_sha256") == weights_sha256
    return same and then.computed == config.computed


def redrawn(
    folder: Path,
    record: PredictionRecord,
    config: PredictConfig,
    weights_sha256: str,
    regions: Sequence[PathObject] | None,
) -> PredictionRecord | None:
    """The record of objects that are as `config` wants them; None: that needs a new prediction.

    Where they look otherwise in the folder, they are drawn from the maps and take the place there.
    """
    run = config.run_id(weights_sha256)
    there = {name for name in record.files if (folder / name).is_file()}
    if not there.issuperset(record.files) or (config.tiff and not there.issuperset(_MAPS)):
        return None
    if not config.wants_geojson or (record.run == run and GEOJSON_NAME in there):
        return record
    then = PredictConfig.recorded(record.settings).annotated
    alike = all(then[key] == value for key, value in config.annotated.items() if key != "as_")
    if GEOJSON_NAME in there and alike:
        kind = config.object_type
        found = read_geojson(folder / GEOJSON_NAME)
        objects = tagged_with((replace(o, object_type=kind) for o in found), run)
    elif there.issuperset(_MAPS):
        look = ObjectConfig(
            as_="annotations" if config.as_ == "annotations" else "detections",
            min_area_um2=config.min_area_um2,
            simplify_um=config.simplify_um,
        )
        objects = draw_objects(folder, look, regions)
        objects = tagged_with(objects, run)  # `none` has a tag of its own
    else:
        return None
    return _published(folder, record, config, run, objects)


def _published(
    folder: Path,
    record: PredictionRecord,
    config: PredictConfig,
    run: str,
    objects: Sequence[PathObject],
) -> PredictionRecord:
    new = record.model_copy(
        update={
            "run": run,
            "settings": {**record.settings, **config.annotated},
            "objects": len(objects),
            "files": tuple(dict.fromkeys((*record.files, GEOJSON_NAME))),
            "in_project": False,
        }
    )
    with stage_in(folder) as stage:
        write_geojson(stage / GEOJSON_NAME, objects, compact=True)
        publish(stage, folder, new, renewed=(GEOJSON_NAME,))
    return new
