"""The folder that a prediction run wrote, as a source of class maps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookpath.errors import EvaluationError, HookpathError
from hookpath.evaluation.predictions.class_map_source import PredictedMap
from hookpath.evaluation.predictions.class_map_tiff import FileMap
from hookpath.geometry import Region
from hookpath.projects import ImageEntry, PlaneEntry, own_entry, result_key

if TYPE_CHECKING:
    from hookpath.inference import PredictionRecord
    from hookpath.slides import SlideIdentity


#: Settings of `hookpath.inference.PredictConfig` that change metrics.
CHANGING = ("inside", "tissue", "overlap", "tta", "adapt_bn", "amp", "precision")


class PredictionsFolder:
    """Finds the class map of an image (a `MapOf`).

    An image is found by its folder, else (predicted from another project of the same slides) by
    its name. All predictions must come from one model, unless stated otherwise.

    Args:
        folder: ``out_dir`` of `hookpath.inference.predict_project`.
        mixed: predictions may come from several models (of folds).
        failed: image name → why predicting it failed, to say so instead of "not predicted".

    Raises:
        EvaluationError: no such folder, or no finished prediction in it.
    """

    def __init__(
        self, folder: Path, failed: Mapping[str, str] | None = None, mixed: bool = False
    ) -> None:
        self.folder, self.mixed = folder, mixed
        self.failed = dict(failed or {})
        self._records = _read_records(folder)
        self._model: Mapping[str, Any] | None = None

    @property
    def model(self) -> Mapping[str, Any]:
        """Family and weights' hash of the model that made the predictions handed out.

        Of several models there is no one hash.
        """
        known = self._model or {}
        return {"family": known.get("family")} if self.mixed and known else known

    def __call__(self, entry: ImageEntry) -> PredictedMap:
        """The class map of an image.

        Raises:
            EvaluationError: not predicted, without class map, of another slide or model.
        """
        found, record = self._find(entry)
        self._check(entry, found, record)
        from hookpath.inference.prediction_record import CLASS_MAP_NAME, PROBABILITIES_NAME

        grid = Region(0, 0, record.width, record.height, *record.downsample)
        predicted = FileMap.open(
            found / CLASS_MAP_NAME, grid, record.classes, record.spacing_um,
            found / PROBABILITIES_NAME,
        )  # fmt: skip
        self._model = self._model or record.model
        return predicted

    @property
    def predicted_with(self) -> dict[str, Any]:
        """The settings that change what is predicted, where all predictions agree in them."""
        found = [{k: r.settings.get(k) for k in CHANGING} for r in self._records.values()]
        return {k: found[0][k] for k in CHANGING if all(f[k] == found[0][k] for f in found)}

    def ood_of(self, image: str) -> tuple[float, float] | None:
        """Out-of-distribution score of an image, and its limit; None: the prediction has none."""
        found = [r.ood for r in self._records.values() if r.image == image and r.ood is not None]
        return (found[0].score, found[0].limit) if len(found) == 1 else None

    def part_of(self, image: str) -> str | None:
        """What an image was for the model (`PredictionRecord.part`); None: unknown."""
        found = {r.part for r in self._records.values() if r.image == image}
        return found.pop() if len(found) == 1 else None

    def _find(self, entry: ImageEntry) -> tuple[Path, PredictionRecord]:
        from hookpath.inference.prediction_record import prediction_folder

        own = prediction_folder(self.folder, *result_key(entry))
        if own in self._records:
            return own, self._records[own]
        names = {entry.name, result_key(entry)[0]}
        if not isinstance(entry, PlaneEntry):
            names.add(own_entry(entry).name)
        named = [f for f, record in self._records.items() if record.image in names]
        if len(named) > 1:
            named = self._of_slide(entry, named)
        if len(named) == 1:
            return named[0], self._records[named[0]]
        if entry.name in self.failed:
            raise EvaluationError(self.failed[entry.name])
        what = f"{len(named)} predictions have its name" if named else "it was not predicted"
        raise EvaluationError(f"{entry.name}: {what} in {self.folder}; run `hookpath predict`")

    def _of_slide(self, entry: ImageEntry, named: list[Path]) -> list[Path]:
        """Of predictions of one name those of this very slide; all where nobody can tell."""
        now = _identity(entry)
        if now is None:
            return named
        same = [f for f in named if not self._records[f].slide.difference(now)]
        return same or named

    def _check(self, entry: ImageEntry, found: Path, record: PredictionRecord) -> None:
        from hookpath.inference.prediction_record import CLASS_MAP_NAME

        if not (found / CLASS_MAP_NAME).is_file():
            raise EvaluationError(
                f"{entry.name}: {found} has no {CLASS_MAP_NAME}; predict the slide again with TIFFs"
            )
        now = _identity(entry)
        if now is not None and (why := record.slide.difference(now)):
            raise EvaluationError(
                f"{entry.name}: when {found} was predicted, the slide was {why}; predict it again"
            )
        if self._model and record.model != self._model and not self.mixed:
            raise EvaluationError(
                f"{entry.name}: was predicted by another model ({_short(record.model)}) than the "
                f"slides before it ({_short(self._model)}); predict all slides with one model"
            )


def _read_records(folder: Path) -> dict[Path, PredictionRecord]:
    from hookpath.inference.prediction_record import RECORD_NAME, PredictionRecord

    if not folder.is_dir():
        raise EvaluationError(f"{folder}: no such folder; give the output folder of a prediction")
    found: dict[Path, PredictionRecord] = {}
    reason = f"no {RECORD_NAME} in its folders"
    for path in sorted(folder.glob(f"*/{RECORD_NAME}")):
        try:
            found[path.parent] = PredictionRecord.load(path.parent)
        except HookpathError as error:
            reason = str(error)
    if not found:
        raise EvaluationError(
            f"{folder}: no finished prediction here ({reason}); give the folder that "
            "`hookpath predict -o` wrote"
        )
    return found


def _identity(entry: ImageEntry) -> SlideIdentity | None:
    """Which slide it is; None where it is not here: its class map can be scored all the same."""
    try:
        return entry.slide.identity()
    except HookpathError:
        return None


def _short(model: Mapping[str, Any]) -> str:
    return f"{model.get('family', '?')} {str(model.get('weights_sha256', '?'))[:8]}"
