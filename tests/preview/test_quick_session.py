"""The quick network learns again after every stroke; the preview shows what it learned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from hookpath.annotations import LabelRules, PathClass, PathObject, object_to_feature
from hookpath.errors import ChannelError, PredictionError, TrainingError
from hookpath.inference import PredictConfig, load_predictor
from hookpath.models.training_slide_distance import FeatureReference
from hookpath.probing.feature_cache import VARIABLE
from hookpath.projects.object_ownership import tagged
from hookpath.qupath.live_annotations import AnnotatedSlides
from hookpath.qupath.live_preview import CancelledError, Preview, View
from hookpath.qupath.preview_worker_session import Session, Wanted
from hookpath.qupath.quick_feature_maps import KeepingRunner
from hookpath.qupath.quick_session import QuickSession
from hookpath.slides import SlideRef
from hookpath.training import TrainConfig
from support.multiplex import NAMES, write_ome
from support.textures import texture_slide
from support.threads import one_thread

SMALL = ["model.depth=2", "model.spacings=[1.0, 2.0]", "model.input_size=64", "probe.copies=1"]
DARK, PALE = PathClass("Dark", (200, 0, 0)), PathClass("Pale", (0, 0, 200))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with one_thread():
        yield


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark on the left, pale on the right."""
    return texture_slide(tmp_path_factory.mktemp("slides") / "s.tif", seed=0)


def stroke(name: str, of: PathClass, x: int, y: int, side: int = 24) -> dict[str, Any]:
    square = PathObject(shapely.box(x, y, x + side, y + side), path_class=of, id=_uuid(name))
    return dict(object_to_feature(square))


def _uuid(name: str) -> str:
    return f"00000000-0000-4000-8000-{int.from_bytes(name.encode(), 'big'):012x}"


def quick() -> QuickSession:
    return QuickSession(TrainConfig.load(overrides=["family=probe", *SMALL]))


def test_a_changed_result_teaches_once_it_is_locked(slide: Path) -> None:
    session = quick()
    result = tagged([PathObject(shapely.box(8, 8, 90, 90), path_class=DARK)], "run")[0]
    changed = replace(result, geometry=shapely.box(8, 8, 95, 95))
    pale = stroke("b", PALE, 180, 100)
    slides = {"one": SlideRef(slide)}
    with pytest.raises(TrainingError, match="at least two classes"):
        session.update({"one": [dict(object_to_feature(changed)), pale]}, slides=slides)
    locked = dict(object_to_feature(replace(changed, locked=True)))
    (source,), _ = _taken(session, locked).sources(LabelRules())
    assert source.labels.report.area_l0["Dark"] == 87 * 87


def _taken(session: QuickSession, feature: dict[str, Any]) -> AnnotatedSlides:
    session.annotated.take({"one": [feature]})
    return session.annotated


def test_strokes_come_and_go(slide: Path) -> None:
    session = quick()
    slides = {"one": SlideRef(slide)}
    with pytest.raises(TrainingError, match="at least two classes"):
        session.update({"one": [stroke("a", DARK, 16, 16)]}, slides=slides)
    first = session.update({"one": [stroke("b", PALE, 160, 16)]})
    assert [c.name for c in first.card.classes] == ["Dark", "Pale"]
    assert first.cells == 2 * 36
    assert first.computed > 0
    near = session.update({"one": [stroke("c", DARK, 48, 16)]})
    assert (near.cells, near.computed) == (3 * 36, 0), "its tile was known already"
    assert near.model is first.model
    less = session.update({}, removed={"one": [_uuid("c"), _uuid("nothing")]})
    assert (less.cells, less.computed) == (2 * 36, 0)
    with pytest.raises(TrainingError, match="at least two classes"):
        session.update({"one": [stroke("a", PALE, 160, 200)]})  # in place of the dark one


def test_an_image_that_was_never_named_is_said(slide: Path) -> None:
    with pytest.raises(TrainingError, match="two: its slide was never named"):
        quick().update({"two": [stroke("a", DARK, 16, 16)]})


def test_the_preview_shows_what_was_learned_last(slide: Path) -> None:
    session, view = Session(), View(0, 0, 256, 256, 1.0)
    annotated = [stroke("a", DARK, 16, 16), stroke("b", PALE, 160, 16)]
    never = lambda: False  # noqa: E731
    with session:
        head = session.learn({"one": annotated}, {}, {"one": SlideRef(slide)}, SMALL, never)
        opened = session.open(Wanted(None, SlideRef(slide), "cpu", tissue=False), never)
        before, _ = session.classify(opened.number, view, never)
        # At its edge the slide is seen beside white.
        inner = before.argmax(0)[24:-24]
        assert np.array_equal(inner[:, [24, 100, 160, 232]], [[0, 0, 1, 1]] * len(inner))
        swapped = [stroke("a", PALE, 16, 16), stroke("b", DARK, 160, 16)]
        again = session.learn({"one": swapped}, {}, {}, SMALL, never)
        after, _ = session.classify(opened.number, view, never)
    assert again.model is head.model
    assert [c.name for c in again.card.classes] == ["Dark", "Pale"], "in the order they came in"
    inner = after.argmax(0)[24:-24]
    assert np.array_equal(inner[:, [24, 232]], [[1, 0]] * len(inner))


def test_from_afar_the_coarser_views_tell(slide: Path) -> None:
    annotated = [stroke("a", DARK, 16, 16), stroke("b", PALE, 160, 16)]
    never = lambda: False  # noqa: E731
    with Session() as session:
        session.learn({"one": annotated}, {}, {"one": SlideRef(slide)}, SMALL, never)
        opened = session.open(Wanted(None, SlideRef(slide), "cpu", tissue=False), never)
        near, _ = session.classify(opened.number, View(0, 0, 256, 256, 1.0), never)
        far, _ = session.classify(opened.number, View(0, 0, 128, 128, 2.0), never)
        swapped = [stroke("a", PALE, 16, 16), stroke("b", DARK, 160, 16)]
        head = session.learn({"one": swapped}, {}, {}, SMALL, never)
        after, _ = session.classify(opened.number, View(0, 0, 128, 128, 2.0), never)
    assert near.shape == (2, 256, 256)
    assert head.card.branches[0].spacing_um == 2.0, "what is looked at is learned first"
    inner = far.argmax(0)[24:-24], after.argmax(0)[24:-24]
    assert [list(i[0, [16, 112]]) for i in inner] == [[0, 1], [1, 0]]


def test_what_was_looked_at_is_not_described_again(
    slide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotated = [stroke("a", DARK, 16, 16), stroke("b", PALE, 160, 16)]
    never = lambda: False  # noqa: E731
    view = View(40, 8, 100, 200, 1.0)
    with Session() as session:
        session.learn({"one": annotated}, {}, {"one": SlideRef(slide)}, SMALL, never)
        opened = session.open(Wanted(None, SlideRef(slide), "cpu", tissue=False), never)
        before, _ = session.classify(opened.number, view, never)
        with monkeypatch.context() as patched:
            patched.setattr(KeepingRunner, "logits", None)  # nothing is computed
            again, _ = session.classify(opened.number, view, never)
        folder = slide.parent / "kept model"
        card = session.save(folder, never)
        with pytest.raises(PredictionError, match="kept model: there is something"):
            session.save(folder, never)
    assert np.array_equal(before, again)
    assert card.training["split"] == {"train": ["s.tif"], "val": []}
    assert FeatureReference.load(folder, card.weights_sha256) is not None
    predictor, _ = load_predictor(folder, PredictConfig(device="cpu"))
    with SlideRef(slide).open() as a, SlideRef(slide).open() as b:
        saved = Preview(predictor, [a, b], tissue=False).classify(view)
    # What is kept of the features is kept in half precision.
    assert np.abs(saved.astype(int) - before.astype(int)).max() <= 2


def test_strokes_teach_on_the_plane_they_are_drawn_on_and_each_plane_is_shown(
    tmp_path: Path,
) -> None:
    """What is bright on the left of z = 0 is bright on the right of z = 2."""
    pixels = np.random.default_rng(0).integers(900, 1101, (3, 1, 256, 256)).astype(np.uint16)
    pixels[0, 0, :, :128] += 4000
    pixels[2, 0, :, 128:] += 4000
    path = write_ome(tmp_path / "z.ome.tif", pixels, names=["A"], axes="ZCYX", levels=1, mpp=1.0)
    ref, never = SlideRef(path), lambda: False
    bright, dim = stroke("b", PALE, 40, 100), stroke("d", DARK, 40, 40)
    dim["geometry"]["plane"] = {"c": -1, "z": 2, "t": 0}
    with Session() as session:
        session.learn({"one": [bright, dim]}, {}, {"one": ref}, SMALL, never)
        left = {}
        for z in (0, 2):
            wanted = Wanted(None, replace(ref, plane=(z, 0)), "cpu", tissue=False)
            opened = session.open(wanted, never)
            found, _ = session.classify(opened.number, View(0, 0, 256, 256, 1.0), never)
            pale = [c.name for c in opened.card.classes].index("Pale")
            left[z] = (found.argmax(0)[40:216, 40:100] == pale).mean()
    assert left[0] > 0.95
    assert left[2] < 0.05


def test_a_class_that_comes_or_goes_opens_anew(slide: Path) -> None:
    never = lambda: False  # noqa: E731
    annotated = [stroke("a", DARK, 16, 16), stroke("b", PALE, 160, 16)]
    with Session() as session:
        wanted = Wanted(None, SlideRef(slide), "cpu", tissue=False)
        session.warm(SMALL, never)
        with pytest.raises(PredictionError, match="nothing was learned yet"):
            session.open(wanted, never)
        session.learn({"one": annotated}, {}, {"one": SlideRef(slide)}, SMALL, never)
        two = session.open(wanted, never)
        third = stroke("c", PathClass("Third", (0, 200, 0)), 100, 160)
        session.learn({"one": [third]}, {}, {}, SMALL, never)
        three = session.open(wanted, never)
        found, _ = session.classify(three.number, View(0, 0, 64, 64, 1.0), never)
        with pytest.raises(CancelledError):
            session.classify(two.number, View(0, 0, 64, 64, 1.0), never)
    assert len(found) == 3


def test_channels_of_the_first_image_are_what_is_learned_and_shown(tmp_path: Path) -> None:
    """Four of 16 bits, the left half bright in one of them; RGB is refused after that."""
    pixels = np.random.default_rng(0).integers(900, 1101, (4, 256, 256)).astype(np.uint16)
    pixels[2, :, :128] += 4000
    path = write_ome(tmp_path / "a.ome.tif", pixels, levels=1, mpp=1.0)
    session, ref = Session(), SlideRef(path)
    annotated = {"one": [stroke("d", DARK, 40, 100), stroke("p", PALE, 180, 100)]}
    head = session.learn(annotated, {}, {"one": ref}, SMALL, lambda: False)
    scales = head.card.normalisation["channels"]
    assert [scale["name"] for scale in scales] == list(NAMES)
    assert head.card.config["in_channels"] == 4
    opened = session.open(Wanted(None, ref, "cpu", tissue=False), lambda: False)
    found, _ = session.classify(opened.number, View(0, 0, 256, 256, 1.0), lambda: False)
    labels = found.argmax(0)
    assert (labels[40:216, 40:100] == 0).mean() > 0.95
    assert (labels[40:216, 156:216] == 1).mean() > 0.95
    saved = session.save(tmp_path / "kept", lambda: False)
    predictor, card = load_predictor(tmp_path / "kept", PredictConfig(device="cpu"))
    assert (card.normalisation, predictor.n_classes) == (saved.normalisation, 2)
    rgb = SlideRef(texture_slide(tmp_path / "s.tif", seed=0))
    with pytest.raises(ChannelError, match=r"s\.tif: has no channels DAPI, CD8"):
        session.learn({}, {}, {"two": rgb}, SMALL, lambda: False)
    session.close()


def test_a_session_gives_back_what_earlier_ones_left(tmp_path: Path) -> None:
    left = tmp_path / "features" / "aa" / "a.npy"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(2**20 + 1))
    overrides = ["family=probe", *SMALL, "probe.cache_mb=1"]
    QuickSession(TrainConfig.load(overrides=overrides)).network(2)
    assert not left.exists()
