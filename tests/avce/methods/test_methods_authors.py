"""Import of the authors' weights, from files with their shapes and other names."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from avce.cli import main
from avce.data.loader import to_input
from avce.errors import CheckpointError
from avce.methods import build_method
from avce.methods.authors import import_authors_weights
from avce.options import TrainOptions, train_options
from avce.training.checkpoint import load_predictor
from avce.training.start import start_method


def build(backbone):
    return build_method(TrainOptions(method="avce", backbone=backbone, input_size=64, feature_dim=32))


def regressor(*sizes):
    layers = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    return {
        f"lin{i}.{name}": value
        for i, layer in enumerate(layers)
        for name, value in layer.state_dict().items()
    }


@pytest.fixture
def files(tmp_path):
    def write(encoder, head):
        paths = tmp_path / "encoder.t7", tmp_path / "regressor.t7"
        for path, state in zip(paths, (encoder, head), strict=True):
            torch.save(state, path)
        return paths

    return write


@pytest.mark.parametrize("prefix", ["", "net."])
def test_alexnet_is_filled_by_name_or_by_order(files, prefix):
    source, target = build("alexnet"), build("alexnet")
    encoder = {prefix + name: value for name, value in source.encoder.state_dict().items()}
    encoder["classifier.1.weight"] = torch.zeros(5, 5)
    head = regressor(9216, 32, 256, 2)
    first, second = import_authors_weights(target, *files(encoder, head))
    assert first.unused == ("classifier.1.weight",)
    assert len(second.loaded) == 6
    for name, value in source.encoder.state_dict().items():
        assert torch.equal(target.encoder.state_dict()[name], value)
    assert torch.equal(target.R.out.weight, head["lin2.weight"])
    assert torch.equal(target.bottleneck[0].bias, head["lin0.bias"])


def test_the_1000_numbers_of_resnet18_may_lie_in_the_regressor(files):
    source, target = build("resnet18"), build("resnet18")
    encoder = {
        name: value for name, value in source.encoder.state_dict().items() if not name.startswith("fc.")
    }
    head = regressor(512, 1000, 32, 256, 2)
    import_authors_weights(target, *files(encoder, head))
    assert torch.equal(target.encoder.fc.weight, head["lin0.weight"])
    assert torch.equal(target.R.out.bias, head["lin3.bias"])


def test_a_regressor_of_another_shape_is_refused_with_what_came(files):
    target = build("alexnet")
    paths = files(target.encoder.state_dict(), regressor(9216, 64, 8, 2))
    with pytest.raises(
        CheckpointError, match=r"regressor\.t7: nothing fits .* \(32, 9216\).*lin0.weight \(64, 9216\)"
    ):
        import_authors_weights(target, *paths)


def test_the_command_makes_a_checkpoint_that_predicts_what_the_files_say(files, tmp_path, capsys):
    torch.manual_seed(3)
    source = build("alexnet").eval()
    head = regressor(9216, 32, 256, 2)
    encoder_file, head_file = files({f"net.{k}": v for k, v in source.encoder.state_dict().items()}, head)
    arguments = [
        "--encoder",
        str(encoder_file),
        "--regressor",
        str(head_file),
        "--out",
        str(tmp_path / "theirs"),
    ]
    main(["import-weights", *arguments])
    told = capsys.readouterr().out
    assert "encoder.t7: 10 tensors loaded" in told
    assert "regressor.t7: 6 tensors loaded" in told

    predictor = load_predictor(tmp_path / "theirs")
    assert (predictor.name, predictor.info["crop"]) == (
        "authors' weights (alexnet)",
        {"margin": 0.25, "size": 256},
    )
    crops = np.random.default_rng(0).integers(0, 255, (2, 256, 256, 3), np.uint8)
    with torch.inference_mode():
        values = source.encoder(to_input(crops, predictor.options))
        for n in range(3):
            values = (
                F.linear(values, head[f"lin{n}.weight"], head[f"lin{n}.bias"]).relu()
                if n < 2
                else F.linear(values, head["lin2.weight"], head["lin2.bias"])
            )
    assert predictor.predict(crops) == pytest.approx(values.clamp(-1, 1).numpy(), abs=1e-6)
    assert (
        start_method(train_options(preset="authors", pretrained=str(tmp_path / "theirs")))[1].reshaped == ()
    )


def test_the_command_refuses_weights_of_another_net(files, tmp_path, capsys):
    paths = files(build("alexnet").encoder.state_dict(), regressor(9216, 32, 256, 2))
    given = ["--encoder", str(paths[0]), "--regressor", str(paths[1]), "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit, match="2"):
        main(["import-weights", *given, "--backbone", "resnet18"])
    assert "no tensor fits" in (error := capsys.readouterr().err) or "nothing fits" in error
    assert not (tmp_path / "out").exists()
