"""Loader: the same batches for the same (seed, epoch, row), and the picture that prediction sees."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from data_builders import generic, pack
from hypothesis import given, settings
from hypothesis import strategies as st

from avce.data.augment import (
    ANGLE,
    FLIP,
    LEFT,
    NUMBERS,
    SCALE,
    STRENGTHS,
    TOP,
    Strength,
    affine,
    augment,
    hue_turn,
)
from avce.data.loader import MEAN, STD, CropCache, TrainLoader, eval_batches, to_input
from avce.data.prepare import prepare
from avce.data.randomness import uniforms
from avce.data.views import centre_window, resized_side
from avce.errors import DataError, ShapeError
from avce.options import PrepareOptions, TrainOptions


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loader")
    return prepare(
        pack(folder / "set.zip", generic(23)), folder / "out", PrepareOptions(detect="never", size=64)
    )


def options(**given):
    return TrainOptions(**{"batch_size": 8, "input_size": 56, "augment": "poster"} | given)


ALL = np.arange(23)


# batches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "size", "batches"),
    [(23, 8, 3), (20, 8, 3), (19, 8, 2), (17, 8, 2), (5, 4, 1), (2, 2, 1), (1, 2, 0), (3, 2, 1)],
)
def test_a_last_batch_smaller_than_half_or_than_two_is_dropped(data, n, size, batches):
    loader = TrainLoader(data, ALL[:n], options(batch_size=size))
    found = list(loader.epoch(0))
    assert len(found) == len(loader) == batches
    assert all(len(batch) >= max(2, size / 2) for batch in found)


def test_an_epoch_shows_each_row_once_in_an_order_of_its_own(data):
    loader = TrainLoader(data, ALL, options())
    one, two = (torch.cat([batch.rows for batch in loader.epoch(e)]).tolist() for e in (0, 1))
    assert sorted(one) == sorted(two) == list(range(23))
    assert one != two


@pytest.mark.parametrize("kind", ["none", "poster", "strong"])
def test_the_same_seed_and_epoch_give_the_same_batches_whatever_came_before(data, kind):
    loader = TrainLoader(data, ALL, options(augment=kind))
    list(loader.epoch(0))
    fresh = TrainLoader(data, ALL, options(augment=kind))
    for one, other in zip(loader.epoch(3), fresh.epoch(3), strict=True):
        assert torch.equal(one.rows, other.rows)
        assert torch.equal(one.images, other.images)


@pytest.mark.parametrize("kind", ["poster", "strong"])
def test_a_row_is_augmented_alike_in_every_batch_and_otherwise_in_every_epoch_and_seed(data, kind):
    loader = TrainLoader(data, ALL, options(augment=kind))
    alone, among = loader.images(np.array([5]), 2), loader.images(np.array([1, 5, 9]), 2)
    assert torch.equal(alone[0], among[1])
    assert not torch.equal(alone, loader.images(np.array([5]), 3))
    assert not torch.equal(
        alone, TrainLoader(data, ALL, options(augment=kind, seed=1)).images(np.array([5]), 2)
    )


def test_batches_carry_labels_weights_and_rows(data):
    batch = next(TrainLoader(data, ALL, options()).epoch(0))
    assert batch.images.shape == (8, 3, 56, 56)
    assert batch.images.dtype == torch.float32
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    labels = data.samples[["valence", "arousal"]].to_numpy(np.float32)[batch.rows]
    assert torch.equal(batch.targets, torch.from_numpy(labels))
    assert batch.weights.eq(1).all()
    assert batch.to("cpu").rows.equal(batch.rows)


def test_evaluation_goes_through_all_rows_in_their_order(data):
    batches = list(eval_batches(data, [4, 2, 9, 0, 7], options(), 2))
    assert [batch.rows.tolist() for batch in batches] == [[4, 2], [9, 0], [7]]
    whole = to_input(data.crops_rgb_u8([4, 2, 9, 0, 7]), options())
    assert torch.equal(torch.cat([batch.images for batch in batches]), whole)


def test_rows_without_a_label_are_refused(data, monkeypatch):
    table = data.samples.copy()
    table.loc[3, "valence"] = np.nan
    monkeypatch.setattr(data, "samples", table)
    with pytest.raises(DataError, match="without a label"):
        list(eval_batches(data, [3], options(), 2))


@pytest.mark.parametrize("side", [40, 64, 90])
def test_crops_are_the_same_whether_they_fit_into_memory_or_not(data, side):
    kept, read = CropCache(data, ALL, side), CropCache(data, ALL, side, budget_bytes=0)
    assert kept.is_kept
    assert not read.is_kept
    rows = np.array([3, 1, 3, 22])
    np.testing.assert_array_equal(kept.get(rows), read.get(rows))
    np.testing.assert_array_equal(kept.get(rows), read.get(rows))
    assert kept.get(rows).shape == (4, side, side, 3)


# what prediction sees -----------------------------------------------------------------------------------------


def test_input_is_normalised_with_imagenet_statistics():
    grey = np.full((2, 64, 64, 3), 128, np.uint8)
    wanted = (128 / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    torch.testing.assert_close(to_input(grey, options())[1, :, 5, 7], wanted)


def test_grey_input_has_three_equal_channels_before_normalising(data):
    images = to_input(data.crops_rgb_u8([0]), options(grey=True))
    plain = images * torch.tensor(STD).view(1, 3, 1, 1) + torch.tensor(MEAN).view(1, 3, 1, 1)
    torch.testing.assert_close(plain[:, 0], plain[:, 2])


@pytest.mark.parametrize("input_size", [56, 96, 112])
def test_the_centre_window_is_the_part_that_the_network_sees(input_size):
    side = 128
    picture = np.zeros((1, side, side, 3), np.uint8)
    start, length = centre_window(side, input_size)
    first, last = round(start), round(start + length)
    picture[:, first:last, first:last] = 255
    seen = to_input(picture, options(input_size=input_size, augment="none"))
    white = to_input(np.full_like(picture, 255), options(input_size=input_size))
    assert ((seen - white).abs() < 0.1).float().mean() > 0.93
    assert length / side == pytest.approx(input_size / resized_side(input_size))


@pytest.mark.parametrize("shape", [(64, 64, 3), (1, 64, 60, 3), (1, 64, 64, 1)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ShapeError, match="expected uint8"):
        to_input(np.zeros(shape, np.uint8), options())


# augmentation -------------------------------------------------------------------------------------------------

STILL = np.full((1, NUMBERS), 0.5, np.float32)
STILL[:, 9:13] = 0.99  # nothing grey, blurred or erased


@pytest.mark.parametrize("kind", ["poster", "strong"])
def test_numbers_in_the_middle_leave_the_centre_window_as_it_is(data, kind):
    crops = data.crops_rgb_u8([4])
    middle = STILL.copy()
    middle[:, 10] = 0.5
    seen = augment(crops, 56, middle, STRENGTHS[kind])
    # the poster's window moves in whole pixels, so the middle of the 9 places is place 4
    assert np.abs(seen.astype(int) - crops[:, 4:60, 4:60]).max() <= 1


def test_a_number_below_a_half_mirrors():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (1, 64, 64, 3)).astype(np.uint8)
    flat = Strength(colour=0, hue=0)
    mirrored = STILL.copy()
    mirrored[:, FLIP] = 0.2
    one, other = augment(picture, 64, STILL, flat), augment(picture, 64, mirrored, flat)
    np.testing.assert_array_equal(one[:, :, ::-1], other)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 0.999), min_size=4, max_size=4), st.booleans())
def test_the_affine_map_keeps_shape_and_moves_no_further_than_there_is_room(numbers, mirror):
    own = STILL[0].copy()
    own[[ANGLE, SCALE, LEFT, TOP]] = numbers
    own[FLIP] = 0.2 if mirror else 0.8
    size, side, strength = 64, 56, STRENGTHS["strong"]
    matrix = affine(own, size, side, strength)
    linear = matrix[:, :2]
    scale = np.sqrt(abs(np.linalg.det(linear)))
    np.testing.assert_allclose(linear @ linear.T, scale**2 * np.eye(2), atol=1e-9)
    assert 1 / strength.scale - 1e-6 <= scale <= strength.scale + 1e-6
    assert (np.linalg.det(linear) < 0) == mirror
    centre = linear @ np.full(2, (size - 1) / 2) + matrix[:, 2]
    assert np.abs(centre - (side - 1) / 2).max() <= (size - side) / 2 + 1e-6


@settings(max_examples=30, deadline=None)
@given(st.floats(-3, 3))
def test_turning_hue_keeps_grey_and_lengths(angle):
    matrix = hue_turn(angle)
    np.testing.assert_allclose(matrix @ np.ones(3), np.ones(3), atol=1e-12)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)


def test_strong_augmentation_uses_all_it_has(data):
    crops = np.repeat(data.crops_rgb_u8([0]), 200, axis=0)
    seen = augment(crops, 56, uniforms(0, 0, np.arange(200), NUMBERS), STRENGTHS["strong"])
    is_grey = np.ptp(seen.astype(int), axis=3).max(axis=(1, 2)) <= 2
    assert 0.05 < is_grey.mean() < 0.3
    assert np.ptp(seen.mean(axis=(1, 2, 3))) > 40
    assert len(np.unique(seen.reshape(200, -1), axis=0)) == 200


# random numbers -----------------------------------------------------------------------------------------------


def test_numbers_are_uniform_and_unrelated_over_rows_epochs_and_columns():
    one = uniforms(1, 0, np.arange(20_000), 8)
    assert one.min() >= 0
    assert one.max() < 1
    assert np.abs(one.mean(axis=0) - 0.5).max() < 0.01  # five standard errors
    assert np.abs(one.var(axis=0) - 1 / 12).max() < 0.004
    both = np.hstack(
        [
            one,
            uniforms(1, 1, np.arange(20_000), 8),
            uniforms(2, 0, np.arange(20_000), 8),
            np.roll(one[:, :1], 1),
        ]
    )
    off = np.corrcoef(both.T) - np.eye(both.shape[1])
    assert np.abs(off).max() < 0.035


def test_numbers_of_a_row_do_not_depend_on_the_others():
    many = uniforms(5, 7, np.array([9, 4, 2**40]), 6)
    np.testing.assert_array_equal(many[1], uniforms(5, 7, np.array([4]), 6)[0])
    np.testing.assert_array_equal(many[:, :3], uniforms(5, 7, np.array([9, 4, 2**40]), 3))


def test_all_but_the_loader_works_without_torch():
    modules = "index, doctor, splits, prepare, prepared, layouts, sources, cutting, augment, views"
    code = f"import sys\nfrom avce.data import {modules}\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
