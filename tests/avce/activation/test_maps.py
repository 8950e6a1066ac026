from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from avce.activation.combine import axis_difference, mean_map, quadrant_means
from avce.activation.maps import (
    activation_maps,
    at_rest,
    feature_maps,
    head_values,
    placed,
    raw_maps,
)
from avce.data.loader import to_input
from avce.data.views import centre_window
from avce.errors import DomainError, OptionError, ShapeError
from avce.methods import build_method
from avce.options import Axis, Backbone, Head, train_options
from avce.training.checkpoint import Predictor

from .fakes import SIDE, WEIGHTS, faces, predictor_by_hand


def hooks(module: nn.Module) -> int:
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(m, name)) for m in module.modules() for name in names)


@pytest.mark.parametrize("head", list(Head))
@pytest.mark.parametrize("axis", list(Axis))
def test_raw_maps_are_what_paper_and_pencil_give(axis, head):
    # the output is w · mean(channel), so each channel's gradient is w / pixels everywhere, and the map is w · activation
    predictor, crops = predictor_by_hand(), faces()
    weights = torch.tensor(WEIGHTS[head][list(Axis).index(axis)])
    seen = to_input(crops, predictor.options)
    expected = torch.einsum("c,bchw->bhw", weights, seen) / SIDE**2
    for kind in ("gradcam", "hirescam"):  # equal, because the head averages over the picture
        found = raw_maps(predictor, crops, axis, head, kind=kind)
        assert found == pytest.approx(expected.numpy(), abs=1e-7)


def test_a_map_is_the_scaled_magnitude_inside_what_the_network_saw():
    predictor, crops = predictor_by_hand(), faces()
    signed = placed(raw_maps(predictor, crops, Axis.AROUSAL), SIDE, predictor)
    found = activation_maps(predictor, crops, Axis.AROUSAL)
    magnitude = placed(np.abs(raw_maps(predictor, crops, Axis.AROUSAL)), SIDE, predictor)
    assert found.shape == (3, SIDE, SIDE)
    assert found.dtype == np.float32
    assert found == pytest.approx(magnitude / magnitude.max(axis=(1, 2), keepdims=True), abs=1e-6)
    assert found.max(axis=(1, 2)).tolist() == [1.0, 1.0, 1.0]
    start, _ = centre_window(SIDE, SIDE)
    border = int(start)
    assert border > 0
    assert not found[:, :border].any()
    assert not signed[:, :, -border:].any()


def test_one_bright_spot_is_found_where_it_is():
    predictor, crops = predictor_by_hand(), np.zeros((1, SIDE, SIDE, 3), np.uint8)
    crops[0, 20:24, 40:44, 0] = 255  # valence reads red only
    found = activation_maps(predictor, crops, Axis.VALENCE, direction="raise")[0]
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 19 <= row <= 24
    assert 39 <= column <= 44


def test_raising_and_lowering_are_the_two_signs():
    predictor, crops = predictor_by_hand(), faces()
    signed = raw_maps(predictor, crops, Axis.VALENCE)
    for direction, sign in (("raise", 1), ("lower", -1)):
        expected = placed(np.maximum(sign * signed, 0), SIDE, predictor)
        found = activation_maps(predictor, crops, Axis.VALENCE, direction=direction)
        assert found == pytest.approx(expected / expected.max(axis=(1, 2), keepdims=True), abs=1e-6)
        assert found.any()


def test_batches_do_not_change_maps():
    predictor, crops = predictor_by_hand(), faces(40)
    together = activation_maps(predictor, crops, Axis.VALENCE)
    alone = np.concatenate([activation_maps(predictor, crops[i : i + 1], Axis.VALENCE) for i in range(40)])
    assert together == pytest.approx(alone, abs=1e-6)
    assert activation_maps(predictor, crops[:0], Axis.VALENCE).shape == (0, SIDE, SIDE)


def test_feature_maps_are_the_mean_magnitude_over_channels():
    predictor, crops = predictor_by_hand(), faces(1)
    expected = placed(to_input(crops, predictor.options).abs().mean(dim=1).numpy(), SIDE, predictor)
    assert feature_maps(predictor, crops) == pytest.approx(expected / expected.max(), abs=1e-6)


def test_no_hook_remains_after_success():
    predictor = predictor_by_hand()
    activation_maps(predictor, faces(), Axis.VALENCE)
    feature_maps(predictor, faces())
    assert hooks(predictor.method) == 0


def test_no_hook_remains_after_failure():
    predictor = predictor_by_hand()
    predictor.method.fails = True
    for draw in (
        lambda: activation_maps(predictor, faces(), Axis.VALENCE),
        lambda: feature_maps(predictor, faces()),
    ):
        with pytest.raises(RuntimeError, match="on purpose"):
            draw()
        assert hooks(predictor.method) == 0
    assert predictor.method.after.inplace


def test_the_method_is_left_as_it_was():
    predictor = predictor_by_hand()
    method = predictor.method
    method.train()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    activation_maps(predictor, faces(), Axis.VALENCE)
    assert method.training
    assert method.after.inplace
    assert all(torch.equal(before[name], value) for name, value in method.state_dict().items())
    assert all(parameter.grad is None for parameter in method.parameters())
    with at_rest(method):
        assert not method.training
        assert not method.after.inplace


def test_maps_can_be_drawn_where_gradients_are_off():
    predictor, crops = predictor_by_hand(), faces()
    expected = activation_maps(predictor, crops, Axis.VALENCE)
    with torch.inference_mode():
        assert np.array_equal(activation_maps(predictor, crops, Axis.VALENCE), expected)


@pytest.mark.parametrize("backbone", list(Backbone))
def test_every_backbone_has_a_map_for_both_axes_and_heads(backbone):
    torch.manual_seed(0)
    options = train_options(method="avce", backbone=backbone, pretrained="none", input_size=64)
    method = build_method(options).eval()
    predictor = Predictor(method, options, {}, backbone)
    for head in Head:
        for axis in Axis:
            found = activation_maps(predictor, faces(2, 80), axis, head, kind="hirescam")
            assert found.shape == (2, 80, 80)
            assert found.max(axis=(1, 2)).tolist() == [1.0, 1.0]  # not a map of zeros
    assert hooks(method) == 0


def test_the_first_order_change_is_in_the_map():
    # for a net that is linear after its map layer, the map sums to the change of the output against a zero layer
    predictor, crops = predictor_by_hand(), faces(2)
    total = raw_maps(predictor, crops, Axis.VALENCE, kind="hirescam").sum(axis=(1, 2))
    assert total == pytest.approx(head_values(predictor, crops)[:, 0], abs=1e-5)


def test_a_method_without_the_head_says_so_and_keeps_no_hook():
    options = train_options(method="supervised", backbone="tiny", input_size=64)
    predictor = Predictor(build_method(options).eval(), options, {}, "supervised")
    with pytest.raises(OptionError, match="head R only"):
        activation_maps(predictor, faces(), Axis.VALENCE, Head.H)
    assert hooks(predictor.method) == 0


def test_bad_input_is_refused():
    predictor = predictor_by_hand()
    with pytest.raises(ShapeError, match=r"\(n, h, w, 3\)"):
        activation_maps(predictor, faces()[0], Axis.VALENCE)
    with pytest.raises(OptionError, match="direction"):
        activation_maps(predictor, faces(), Axis.VALENCE, direction="sideways")
    with pytest.raises(OptionError, match="kind"):
        activation_maps(predictor, faces(), Axis.VALENCE, kind="magic")
    predictor.method.encoder.weight.data.fill_(float("nan"))
    with pytest.raises(DomainError, match="damaged"):
        activation_maps(predictor, faces(), Axis.VALENCE)


# over many frames


def test_means_over_frames_and_quadrants():
    maps = np.stack([np.full((4, 4), value, np.float32) for value in (0.0, 0.2, 0.4, 1.0)])
    assert mean_map(maps)[0, 0] == pytest.approx(0.4)
    assert mean_map(maps, [0, 0, 1, 1])[0, 0] == pytest.approx(0.7)
    found = quadrant_means(maps, [[0.5, 0.5], [0.1, 0.9], [-0.5, 0.0], [-0.1, -0.1]])
    assert {name: float(value[0, 0]) for name, value in found.items()} == pytest.approx(
        {"V+A+": 0.1, "V-A+": 0.4, "V-A-": 1.0}
    )
    with pytest.raises(ShapeError):
        mean_map(maps[:0])
    with pytest.raises(ShapeError, match=r"\(4, 2\)"):
        quadrant_means(maps, [[0, 0]])


def test_the_difference_of_the_axes_is_signed():
    ones, zeros = np.ones((1, 2, 2), np.float32), np.zeros((1, 2, 2), np.float32)
    assert axis_difference(zeros, ones).tolist() == [[[-1, -1], [-1, -1]]]
    with pytest.raises(ShapeError):
        axis_difference(ones, zeros[:, :1])
