"""Group, slide, class, patch: all equally likely at each stage (Pedersen et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import shapely

from hookpath.errors import TrainingError
from hookpath.sampling import AnnotatedSlide, HierarchicalSampler, SamplerChoice
from support.annotated import BRANCHES, CLASSES, Drawn, annotated_slide
from support.streams import Listener, all_same, stream_of, take

STROMA: Drawn = [("Stroma", shapely.box(40, 40, 300, 300))]
BOTH: Drawn = [*STROMA, ("Tumor", shapely.box(340, 340, 360, 360))]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> AnnotatedSlide:
    """Much stroma, little tumour."""
    return annotated_slide(tmp_path_factory.mktemp("s") / "s.tif", BOTH)


def slides_with(plain: AnnotatedSlide, *metadata: dict[str, str]) -> list[AnnotatedSlide]:
    return [replace(plain, id=str(i), name=f"s{i}", metadata=m) for i, m in enumerate(metadata)]


def sampler_of(slides: Sequence[AnnotatedSlide], *keys: str, seed: int = 0) -> HierarchicalSampler:
    facts = [slide.read_facts() for slide in slides]
    return HierarchicalSampler(slides, facts, CLASSES, BRANCHES, seed, keys)


def test_a_rare_grade_is_drawn_as_often_as_a_frequent_one(plain: AnnotatedSlide) -> None:
    slides = slides_with(plain, *[{"grade": g} for g in ("1", "3", "3", "3")])
    assert sampler_of(slides, "grade").slide_chances == pytest.approx([1 / 2, *[1 / 6] * 3])


def test_keys_nest_from_the_outermost_inwards(plain: AnnotatedSlide) -> None:
    """Hospital A has the grades 1 and 2 (two slides), hospital B only grade 2."""
    slides = slides_with(
        plain,
        {"hospital": "A", "grade": "1"},
        {"hospital": "A", "grade": "2"},
        {"hospital": "A", "grade": "2"},
        {"hospital": "B", "grade": "2"},
    )
    by_hospital = sampler_of(slides, "hospital", "grade").slide_chances
    assert by_hospital == pytest.approx([1 / 4, 1 / 8, 1 / 8, 1 / 2])
    by_grade = sampler_of(slides, "grade", "hospital").slide_chances
    assert by_grade == pytest.approx([1 / 2, 1 / 8, 1 / 8, 1 / 4])


def test_without_keys_all_slides_are_equally_likely(plain: AnnotatedSlide) -> None:
    assert sampler_of(slides_with(plain, {}, {}, {})).slide_chances == pytest.approx([1 / 3] * 3)


def test_slides_without_the_key_are_a_group_and_are_named(plain: AnnotatedSlide) -> None:
    slides = slides_with(plain, {"grade": "1"}, {}, {"grade": "2"}, {})
    heard = Listener()
    facts = [slide.read_facts() for slide in slides]
    sampler = HierarchicalSampler(
        slides,
        facts,
        CLASSES,
        BRANCHES,
        0,
        ["grade"],
        reporter=heard,  # type: ignore[arg-type]
    )
    assert sampler.slide_chances == pytest.approx([1 / 3, 1 / 6, 1 / 3, 1 / 6])
    assert heard.warnings == [
        "2 of 4 slides have no 'grade' in their metadata and form a group of their own: s1, s3"
    ]


def test_a_key_that_no_slide_has_is_reported_with_those_there_are(
    plain: AnnotatedSlide,
) -> None:
    slides = slides_with(plain, {"grade": "1"}, {"hospital": "A"})
    heard = Listener()
    SamplerChoice("hierarchical", ("Grade",)).make(
        slides,
        [plain.read_facts()] * 2,
        CLASSES,
        BRANCHES,
        0,
        heard,  # type: ignore[arg-type]
    )
    assert heard.warnings == [
        "no slide has 'Grade' in its metadata, so it makes no groups; there are: grade, hospital"
    ]


def test_slides_and_classes_come_as_often_as_the_tree_says(
    plain: AnnotatedSlide, tmp_path: Path
) -> None:
    """χ² over the leaves (slide, class); slide 2 has no tumour."""
    slides = [
        *slides_with(plain, {"grade": "1"}, {"grade": "2"}),
        replace(annotated_slide(tmp_path / "c.tif", STROMA), metadata={"grade": "2"}),
    ]
    draws = sampler_of(slides, "grade").draw(4000)
    leaves = {(0, 1): 1 / 4, (0, 2): 1 / 4, (1, 1): 1 / 8, (1, 2): 1 / 8, (2, 2): 1 / 4}
    found = [sum((d.slide_index, d.label) == leaf for d in draws) for leaf in leaves]
    expected = 4000 * np.array(list(leaves.values()))
    assert sum(found) == 4000
    assert float(((found - expected) ** 2 / expected).sum()) < 18.47  # 4 degrees, p = 0.001


def test_a_patch_is_uniform_over_all_of_a_class_on_a_slide(tmp_path: Path) -> None:
    """100 × 100 against 20 × 20 px: 25 to 1 (±4 σ), not by polygon nor by its root."""
    drawn = [("Tumor", shapely.box(40, 40, 140, 140)), ("Tumor", shapely.box(300, 300, 320, 320))]
    draws = sampler_of([annotated_slide(tmp_path / "s.tif", drawn)]).draw(2600)
    small = sum(d.x_l0 > 250 for d in draws)
    assert abs(small - 100) < 4 * np.sqrt(2600 * (1 / 26) * (25 / 26))


def test_excluding_slides_leaves_the_rest_of_the_tree_even(plain: AnnotatedSlide) -> None:
    slides = slides_with(plain, *[{"grade": g} for g in ("1", "2", "2", "2")])
    sampler = sampler_of(slides, "grade")
    sampler.exclude(2)
    assert sampler.slide_chances == pytest.approx([1 / 2, 1 / 4, 0, 1 / 4])
    sampler.exclude(0)
    assert sampler.slide_chances == pytest.approx([0, 1 / 2, 0, 1 / 2])
    for index in (1, 3):
        sampler.exclude(index)
    with pytest.raises(TrainingError, match="no annotated area is left"):
        sampler.draw(1)


def test_a_slide_that_does_not_open_is_no_part_of_the_tree(plain: AnnotatedSlide) -> None:
    slides = slides_with(plain, {"grade": "1"}, {"grade": "2"})
    facts = [plain.read_facts(), None]
    sampler = HierarchicalSampler(slides, facts, CLASSES, BRANCHES, 0, ["grade"])
    assert sampler.slide_chances.tolist() == [1, 0]


def test_the_same_seed_draws_the_same_and_goes_on_from_a_state(plain: AnnotatedSlide) -> None:
    slides = slides_with(plain, {"grade": "1"}, {"grade": "2"})

    def drawn(sampler: HierarchicalSampler, batches: int) -> list[object]:
        found = []
        for _ in range(batches):
            found.append(sampler.draw(5))
            sampler.observe(np.array([1, 2]))
        return found  # type: ignore[return-value]

    first = sampler_of(slides, "grade", seed=4)
    before, state = drawn(first, 2), first.state_dict()
    again = sampler_of(slides, "grade", seed=4)
    assert drawn(again, 2) == before
    other = sampler_of(slides, "grade", seed=5)
    assert drawn(other, 2) != before
    other = sampler_of(slides, "grade", seed=4)
    other.load_state_dict(state)
    assert drawn(other, 2) == drawn(first, 2)
    assert other.pixel_counts.tolist() == [4, 8]


def test_only_windows_that_are_a_patch_of_the_class_are_drawn(tmp_path: Path) -> None:
    """A window with any tumour in it is none of stroma; tumour may have stroma around it."""
    drawn = [("Stroma", shapely.box(0, 0, 256, 512)), ("Tumor", shapely.box(256, 0, 512, 512))]
    slide = annotated_slide(tmp_path / "s.tif", drawn)

    def accepts(labels: npt.NDArray[np.uint8], wanted: int) -> bool:
        return wanted == 1 or not (labels == 1).any()

    choice = SamplerChoice("hierarchical", accepts=accepts)
    for kind in (choice, replace(choice, kind="pixels")):
        with stream_of([slide], batch_size=200, sampler=kind) as stream:
            labels = next(stream).labels[0].numpy()
        tumour = (labels == 1).any(axis=(1, 2))
        centre = labels[:, 8, 8]
        assert not (tumour & (centre == 2)).any()
        assert tumour.sum() > 50
        mixed = tumour & (labels == 2).any(axis=(1, 2))
        assert mixed.any()


def test_a_stream_draws_as_chosen_and_resumes(plain: AnnotatedSlide) -> None:
    slides = slides_with(plain, {"grade": "1"}, {"grade": "2"}, {"grade": "2"})
    choice = SamplerChoice("hierarchical", ("grade",))
    with stream_of(slides, sampler=choice) as stream:
        take(stream, 2)
        state = stream.state_dict()
        rest = take(stream, 3)
    with stream_of(slides, sampler=choice) as stream:
        stream.load_state_dict(state)
        assert all_same(take(stream, 3), rest)
    with stream_of(slides) as stream:
        stream.load_state_dict(state)
        assert not all_same(take(stream, 3), rest)
