"""Validation patches as a picture: tissue, annotated, predicted."""

from __future__ import annotations

import numpy as np
import torch

from hookpath.training.run.validation_pictures import ValidationPictures, is_due

RED, BLUE = (250, 0, 0), (0, 0, 250)


def test_a_row_shows_the_tissue_what_was_drawn_and_what_is_said() -> None:
    """A white patch of 40 px; output for its middle 20: left half annotated red, predicted blue."""
    images = torch.ones(1, 3, 40, 40)
    target = torch.zeros(1, 20, 20, dtype=torch.long)
    target[:, :, :10] = 1
    scores = torch.zeros(1, 2, 20, 20)
    scores[:, 1] = 1
    pictures = ValidationPictures([RED, BLUE])
    pictures.add(images, target, scores)
    found = pictures.picture
    assert found is not None
    assert found.shape == (160, 3 * 160 + 2 * 4, 3)
    tissue, annotated, said = (found[:, at : at + 160] for at in (0, 164, 328))
    assert (tissue == 255).all()
    tint = [round(0.6 * 255 + 0.4 * value) for value in RED]
    assert np.abs(annotated[80, 20].astype(int) - tint).max() <= 1
    assert annotated[80, 140].tolist() == [255, 255, 255], "unknown"
    tint = [round(0.6 * 255 + 0.4 * value) for value in BLUE]
    assert np.abs(said[80, 140].astype(int) - tint).max() <= 1


def test_patches_on_which_nothing_is_drawn_and_magnifications_are_left_out() -> None:
    pictures = ValidationPictures([RED, BLUE])
    pictures.add(
        torch.ones(2, 3, 8, 8), torch.zeros(2, 8, 8, dtype=torch.long), torch.zeros(2, 2, 8, 8)
    )
    pictures.add(torch.ones(2, 3, 8, 8), torch.ones(2), torch.zeros(2, 2))
    assert pictures.picture is None
    known = torch.ones(9, 1, 1, dtype=torch.long)
    pictures.add(torch.rand(9, 5, 8, 8), known, torch.zeros(9, 2, 1, 1))
    found = pictures.picture
    assert found is not None
    assert found.shape[0] == 6 * 160 + 5 * 4, "six rows at most"


def test_a_long_run_keeps_about_twenty() -> None:
    assert [n for n in range(1, 11) if is_due(n, 10)] == list(range(1, 11))
    assert len([n for n in range(1, 201) if is_due(n, 200)]) == 21
