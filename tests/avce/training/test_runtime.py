"""Prediction by ONNX Runtime: torch's numbers, or a refusal that says why."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from avce.errors import OptionError
from avce.methods import build_method
from avce.methods.base import Method
from avce.options import TrainOptions
from avce.training.checkpoint import Predictor, load_predictor, save_checkpoint
from avce.training.runtime import TOLERANCE, choose_forward, find_device, half_forward, onnx_forward


def method_of(**options: object) -> Method:
    torch.manual_seed(0)
    net = build_method(TrainOptions.parse({"pretrained": "none", **options}))
    size = net.options.input_size
    with torch.no_grad():  # fresh networks hardly tell faces apart
        for layer in net.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.momentum = 1.0
        net(torch.randn(8, 3, size, size) + torch.randn(8, 3, 1, 1))
    return net.eval()


def faces(count: int, side: int = 80) -> np.ndarray:
    """Noise that differs in brightness between pictures and between left and right."""
    rng = np.random.default_rng(count)
    noise = rng.integers(0, 100, (count, side, side, 3))
    noise[:, :, : side // 2] += rng.integers(0, 155, (count, 1, 1, 3))
    return noise.astype(np.uint8)


@pytest.mark.parametrize(
    ("method", "backbone", "size"),
    [
        ("avce", "tiny", 64),
        ("supervised", "compact", 96),
        ("caf", "efficientnet_lite0", 64),
        ("hasani", "tiny", 64),
    ],
)
def test_the_values_are_those_of_torch_whatever_the_size_of_the_batch(
    method: str, backbone: str, size: int
) -> None:
    net = method_of(method=method, backbone=backbone, input_size=size)
    torch_judge = Predictor(net, net.options, {}, "torch")
    onnx_judge = Predictor(net, net.options, {}, "onnx", onnx_forward(net))
    for count in (1, 5):
        expected = torch_judge.predict(faces(count))
        assert onnx_judge.predict(faces(count)) == pytest.approx(expected, abs=TOLERANCE)
        assert onnx_judge.predict(faces(count), flip=True) == pytest.approx(
            torch_judge.predict(faces(count), flip=True), abs=TOLERANCE
        )
    assert np.ptp(expected, axis=0).min() > 5 * TOLERANCE  # else equal values would say nothing


def test_a_checkpoint_is_loaded_for_either_runtime_and_keeps_its_networks(tmp_path) -> None:
    net = method_of(method="avce", backbone="tiny", input_size=64)
    save_checkpoint(tmp_path / "best", net.state_dict(), net.options, {"flip": True})
    by_torch, by_onnx = load_predictor(tmp_path / "best"), load_predictor(tmp_path / "best", runtime="onnx")
    assert by_torch.forward is None
    assert by_onnx.forward is not None
    assert by_onnx.predict(faces(3)) == pytest.approx(by_torch.predict(faces(3)), abs=TOLERANCE)
    assert not np.allclose(by_onnx.predict(faces(3)), by_onnx.predict(faces(3), flip=False), atol=1e-7)
    for name, weight in by_torch.method.state_dict().items():
        assert torch.equal(weight, by_onnx.method.state_dict()[name])


def test_the_networks_do_not_run_when_onnx_runtime_predicts() -> None:
    net = method_of(method="avce", backbone="tiny", input_size=64)
    forward = onnx_forward(net)
    calls: list[object] = []
    net.register_forward_hook(lambda *call: calls.append(call))
    Predictor(net, net.options, {}, "onnx", forward).predict(faces(2), flip=True)
    assert calls == []


def test_missing_packages_are_named_with_what_to_do(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        OptionError, match=r"runtime onnx: .*onnxruntime.*pip install onnx onnxruntime.*runtime torch"
    ):
        onnx_forward(method_of(method="avce", backbone="tiny", input_size=64))


def test_an_encoder_that_cannot_be_exported_is_refused_by_name(capfd) -> None:
    with pytest.raises(OptionError, match="supervised on alexnet at input_size 96 cannot be exported"):
        onnx_forward(method_of(method="supervised", backbone="alexnet", input_size=96))
    assert capfd.readouterr().out == ""  # the command's JSON goes there


def test_a_head_that_drops_at_random_is_refused() -> None:
    net = method_of(method="avce", backbone="tiny", input_size=64)
    net.R.dropout_at_test = True
    with pytest.raises(OptionError, match=r"expected the numbers of torch within 0.0001, avce on tiny"):
        onnx_forward(net)


def test_half_precision_is_near_full_and_comes_in_float32() -> None:
    method = method_of(backbone="tiny", input_size=64)
    images = torch.randn(5, 3, 64, 64)
    with torch.inference_mode():
        half, full = half_forward(method)(images), method(images)
    assert half.dtype == torch.float32
    assert not torch.equal(half, full)
    torch.testing.assert_close(half, full, atol=0.02, rtol=0.05)


def test_half_precision_by_onnx_is_refused() -> None:
    method = method_of(backbone="tiny", input_size=64)
    with pytest.raises(OptionError, match="precision half is for torch"):
        choose_forward(method, "onnx", "half")


def test_a_gpu_that_is_not_there_is_refused_and_auto_takes_what_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_device("auto") == torch.device("cpu")
    with pytest.raises(OptionError, match="torch finds none here"):
        find_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert find_device("auto") == torch.device("cuda")
    assert find_device("auto", "onnx") == torch.device("cpu")
