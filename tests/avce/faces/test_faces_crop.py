"""The one recipe by which faces are cut."""

from __future__ import annotations

import numpy as np
import pytest

from avce.errors import DomainError, ShapeError
from avce.faces.crop import crop_face, square_around


def test_the_square_holds_the_longer_side_and_the_margin_on_both_sides():
    left, top, side = square_around((10, 20, 50, 100), 0.25)
    assert side == 80 * 1.5
    assert (left + side / 2, top + side / 2) == (30, 60)


def test_without_margin_and_scaling_the_crop_is_the_box_itself():
    frame = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    np.testing.assert_array_equal(crop_face(frame, (10, 20, 42, 52), margin=0, size=32), frame[20:52, 10:42])


def test_beyond_the_picture_its_edge_is_repeated():
    frame = np.zeros((40, 40, 3), np.uint8)
    frame[:, :3] = (200, 0, 0)
    crop = crop_face(frame, (-20, 0, 20, 40), margin=0, size=40)
    assert (crop[:, :20] == (200, 0, 0)).all()


def test_the_result_has_the_asked_size_and_owns_its_memory():
    frame = np.zeros((40, 40, 3), np.uint8)
    crop = crop_face(frame, (1.3, 2.7, 30.1, 39.9), margin=0.4, size=17)
    assert crop.shape == (17, 17, 3)
    assert crop.dtype == np.uint8
    assert crop.flags.c_contiguous
    assert not np.shares_memory(crop, frame)


def test_impossible_boxes_and_pictures_are_refused():
    frame = np.zeros((40, 40, 3), np.uint8)
    with pytest.raises(DomainError, match="x0 < x1"):
        crop_face(frame, (5, 5, 5, 9), margin=0, size=8)
    with pytest.raises(DomainError, match="finite"):
        crop_face(frame, (0, 0, float("nan"), 9), margin=0, size=8)
    with pytest.raises(DomainError, match="meets the 40 x 40 picture"):
        crop_face(frame, (100, 100, 120, 120), margin=0, size=8)
    with pytest.raises(ShapeError, match="h, w, 3"):
        crop_face(frame[..., 0], (0, 0, 9, 9), margin=0, size=8)
