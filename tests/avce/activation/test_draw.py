from __future__ import annotations

import numpy as np
import pytest

from avce.activation.draw import (
    ABOVE,
    BELOW,
    COLORMAPS,
    coloured,
    coloured_difference,
    overlay,
    scale_stops,
    tiles,
)
from avce.errors import DomainError, OptionError, ShapeError

FACE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
MAP = np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(32, 32)


@pytest.mark.parametrize("colormap", COLORMAPS)
def test_opacity_runs_from_the_face_to_the_map(colormap):
    assert np.array_equal(overlay(FACE, MAP, 0.0, colormap=colormap), FACE)
    assert np.array_equal(overlay(FACE, MAP, 1.0, colormap=colormap), coloured(MAP, colormap=colormap))
    half = overlay(FACE, MAP, 0.5, colormap=colormap).astype(float)
    assert np.abs(half - (FACE / 2 + coloured(MAP, colormap=colormap) / 2)).max() <= 0.5


def test_low_is_cold_and_high_is_warm():
    red, _, blue = coloured(np.array([[0.15]]))[0, 0].astype(int)
    assert blue > red
    red, _, blue = coloured(np.array([[0.9]]))[0, 0].astype(int)
    assert red > blue


def test_a_small_map_is_enlarged_to_its_face():
    assert overlay(FACE, MAP[:6, :6]).shape == FACE.shape


def test_inputs_are_not_changed():
    face, values = FACE.copy(), MAP.copy()
    overlay(face, values)
    assert np.array_equal(face, FACE)
    assert np.array_equal(values, MAP)


def test_tiles_keep_their_order():
    red, blue = (np.full((4, 4, 3), colour, np.uint8) for colour in ([255, 0, 0], [0, 0, 255]))
    sheet = tiles([red, blue, blue], gap_px=1)
    assert sheet.shape == (9, 9, 3)
    assert sheet[0, 0].tolist() == [255, 0, 0]
    assert sheet[0, 8].tolist() == sheet[8, 0].tolist() == [0, 0, 255]
    assert sheet[8, 8].tolist() == sheet[4, 4].tolist() == [255, 255, 255]


def test_bad_input_is_refused():
    with pytest.raises(ShapeError):
        overlay(FACE[0], MAP)
    with pytest.raises(DomainError, match="opacity"):
        overlay(FACE, MAP, 1.5)
    with pytest.raises(DomainError, match=r"\[0, 1\]"):
        overlay(FACE, 2 * MAP)
    with pytest.raises(OptionError, match="turbo, viridis"):
        overlay(FACE, MAP, colormap="rainbow")
    with pytest.raises(ShapeError, match="none"):
        tiles([])


def test_a_signed_map_is_white_where_both_agree_and_strongest_at_its_ends():
    shown = coloured_difference(np.array([[-1.0, 0.0, 1.0]]))
    assert [tuple(map(int, one)) for one in shown[0]] == [BELOW, (255, 255, 255), ABOVE]
    with pytest.raises(DomainError):
        coloured_difference(np.array([[1.5]]))


@pytest.mark.parametrize("name", [*COLORMAPS, "difference"])
def test_a_scale_runs_from_one_end_of_the_map_to_the_other(name):
    stops = scale_stops(name, 5)
    ends = (
        coloured_difference(np.array([[-1.0, 1.0]]))
        if name == "difference"
        else coloured(np.array([[0.0, 1.0]]), colormap=name)
    )
    assert [stops[0], stops[-1]] == ["#{:02x}{:02x}{:02x}".format(*map(int, one)) for one in ends[0]]
    assert len(set(stops)) == 5
