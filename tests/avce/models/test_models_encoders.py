"""Encoders: shapes, names, weights."""

from __future__ import annotations

import copy
from importlib import import_module

import pytest
import torch

from avce.errors import OptionError, ShapeError
from avce.models.compact import Compact
from avce.models.encoders import build_encoder
from avce.models.inception_resnet import InceptionResNet, InceptionResNetLstm
from avce.models.weights import load_matching
from avce.options import Backbone, TrainOptions


def encoder_of(backbone, size=64, **more):
    return build_encoder(backbone, options=TrainOptions(backbone=backbone, input_size=size, **more))


@pytest.fixture(params=list(Backbone))
def encoder(request):
    torch.manual_seed(0)
    return encoder_of(request.param)


def test_every_line_of_the_table_explains_itself_and_has_its_module():
    for name in Backbone:
        assert name.words
        assert callable(import_module(f"avce.models.{name}").build)


def test_every_encoder_gives_a_vector_and_a_map(encoder):
    encoder.eval()
    images = torch.randn(2, 3, 64, 64)
    features = encoder.forward_features(images)
    assert features.ndim == 4
    assert len(features) == 2
    vector = encoder(images)
    assert vector.shape == (2, encoder.out_features)
    if not isinstance(encoder, InceptionResNet):  # which joins three scales
        torch.testing.assert_close(vector, encoder.pool(features))


def test_the_map_layer_is_used_and_gives_a_map(encoder):
    seen = []
    handle = encoder.map_layer.register_forward_hook(
        lambda _module, _input, output: seen.append(output.shape)
    )
    encoder(torch.randn(2, 3, 64, 64))
    handle.remove()
    assert len(seen) == 1
    assert len(seen[0]) == 4


def test_every_weight_of_an_encoder_gets_a_gradient(encoder):
    encoder(torch.randn(2, 3, 64, 64)).square().sum().backward()
    without = [name for name, p in encoder.named_parameters() if p.grad is None]
    assert without == []


def test_what_is_not_a_batch_of_colour_pictures_is_refused(encoder):
    for shape in [(3, 64, 64), (2, 1, 64, 64)]:
        with pytest.raises(ShapeError, match=r"\(B, 3, H, W\)"):
            encoder(torch.zeros(shape))
    with pytest.raises(ShapeError, match="raise input_size"):
        encoder(torch.zeros(2, 3, 8, 8))


def test_an_input_too_small_for_the_backbone_is_refused_before_training():
    with pytest.raises(OptionError, match="alexnet needs at least 63 px, got 32"):
        encoder_of(Backbone.ALEXNET, size=32)


def test_alexnet_at_224_px_gives_the_9216_numbers_of_the_poster_and_torchvisions_names():
    net = encoder_of(Backbone.ALEXNET, size=224)
    with torch.no_grad():
        assert net.forward_features(torch.zeros(1, 3, 224, 224)).shape == (1, 256, 6, 6)
    assert net.out_features == 9216
    names = {f"features.{i}.{part}" for i in (0, 3, 6, 8, 10) for part in ("weight", "bias")}
    assert set(net.state_dict()) == names


def test_alexnet_pools_before_its_relu_with_the_values_and_gradients_of_the_order_in_the_paper():
    torch.manual_seed(0)
    ours = encoder_of(Backbone.ALEXNET, size=96)
    textbook = copy.deepcopy(ours)
    layers = textbook.features
    for n in (1, 4):
        layers[n], layers[n + 1] = layers[n + 1], layers[n]
    assert [type(layer).__name__ for layer in layers[:3]] == ["Conv2d", "ReLU", "MaxPool2d"]
    images = torch.randn(4, 3, 96, 96)
    images[0] = 0  # whole windows of one number
    maps = [net.forward_features(images) for net in (ours, textbook)]
    assert torch.equal(*maps)
    for features in maps:
        features.square().sum().backward()
    for mine, theirs in zip(ours.parameters(), textbook.parameters(), strict=True):
        assert mine.grad.abs().sum() > 0
        assert torch.equal(mine.grad, theirs.grad)


def test_resnet18_has_torchvisions_names_and_size():
    net = encoder_of(Backbone.RESNET18)
    state = net.state_dict()
    assert sum(p.numel() for p in net.parameters()) == 11_689_512
    assert len(state) == 122
    for name in (
        "conv1.weight",
        "bn1.running_var",
        "layer1.0.bn2.bias",
        "layer3.0.downsample.1.weight",
        "fc.bias",
    ):
        assert name in state


def test_efficientnet_loads_the_imagenet_weights_of_its_wheel():
    net = encoder_of(Backbone.EFFICIENTNET_LITE0, size=224)
    report = net.load_imagenet()
    assert report.missing == report.reshaped == ()
    assert report.unused == ("_fc.weight", "_fc.bias")
    fresh = encoder_of(Backbone.EFFICIENTNET_LITE0, size=224)
    assert not torch.equal(
        fresh.net.state_dict()["_conv_stem.weight"], net.net.state_dict()["_conv_stem.weight"]
    )
    assert load_matching(fresh, net.state_dict()).missing == ()


def test_compact_grows_with_its_width():
    narrow, wide = (sum(p.numel() for p in Compact(width).parameters()) for width in (16, 32))
    assert wide > 2 * narrow


def test_the_lstm_variant_reads_clips_and_remembers():
    torch.manual_seed(0)
    net = InceptionResNetLstm(InceptionResNet(8), hidden=6).eval()
    clip = torch.randn(2, 4, 3, 32, 32)
    values = net(clip)
    assert values.shape == (2, 4, 2)
    changed = clip.clone()
    changed[:, 0] = 0  # an earlier frame moves later values, a later one moves no earlier value
    assert not torch.allclose(net(changed)[:, 3], values[:, 3])
    changed = clip.clone()
    changed[:, 3] = 0
    torch.testing.assert_close(net(changed)[:, :3], values[:, :3])
    with pytest.raises(ShapeError, match="B, T"):
        net(clip[0])
