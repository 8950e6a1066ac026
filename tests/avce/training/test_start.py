"""Where a run starts from: what fits of a checkpoint is taken and told, another encoder is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from avce.errors import CheckpointError, OptionError
from avce.methods import build_method
from avce.options import PRESETS, TrainOptions, train_options
from avce.training.checkpoint import load_predictor, save_checkpoint
from avce.training.start import crop_recipe, start_method


def saved(folder: Path, options: TrainOptions) -> Path:
    torch.manual_seed(1)
    save_checkpoint(folder, build_method(options).state_dict(), options, {})
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("source") / "avce", train_options(preset="smoke", method="avce"))


def test_encoder_and_heads_of_the_same_method_are_taken_whole(source: Path) -> None:
    method, report = start_method(train_options(preset="smoke", method="avce", pretrained=str(source)))
    assert report is not None
    assert set(report.loaded) == set(method.state_dict())
    assert (report.missing, report.unused, report.reshaped) == ((), (), ())


def test_heads_of_another_size_stay_fresh_and_are_told(source: Path) -> None:
    options = train_options(preset="smoke", method="avce", pretrained=str(source), feature_dim=16)
    _, report = start_method(options)
    assert report is not None
    assert "bottleneck.0.weight" in report.reshaped
    assert any(name.startswith("encoder.") for name in report.loaded)
    assert "reshaped" in str(report)


def test_another_method_takes_the_encoder(source: Path) -> None:
    _, report = start_method(train_options(preset="smoke", method="caf", pretrained=str(source)))
    assert report is not None
    assert all(name.startswith("encoder.") for name in report.loaded)
    assert any(name.startswith("regressor.") for name in report.missing)


def test_another_encoder_is_refused_and_both_are_named(source: Path) -> None:
    options = train_options(preset="smoke", backbone="compact", pretrained=str(source))
    with pytest.raises(
        CheckpointError, match=r"fits avce on compact, got .* with avce on tiny .*backbone tiny"
    ):
        start_method(options)


def test_a_method_with_a_net_of_its_own_is_refused(source: Path) -> None:
    options = train_options(preset="smoke", method="hasani", pretrained=str(source))
    with pytest.raises(CheckpointError, match=r"fits hasani on tiny, got .* with avce on tiny"):
        start_method(options)


def test_imagenets_weights_are_taken_and_told() -> None:
    options = train_options(backbone="efficientnet_lite0", pretrained="imagenet", input_size=64)
    method, report = start_method(options)
    assert report is not None
    assert str(report).startswith("efficientnet")
    assert report.missing == report.reshaped == ()
    torch.manual_seed(0)
    fresh = build_method(options)
    assert not torch.equal(next(method.encoder.parameters()), next(fresh.encoder.parameters()))


@pytest.mark.parametrize("start", ["imagenet", "starter"])
@pytest.mark.parametrize("method", ["hasani", "hasani_lstm"])
def test_a_net_with_its_own_encoder_has_no_such_start(method: str, start: str) -> None:
    with pytest.raises(OptionError, match=f"pretrained={start} fits no net of method {method}"):
        train_options(method=method, backbone="efficientnet_lite0", pretrained=start)


def test_a_checkpoint_of_a_start_that_is_refused_today_still_loads(tmp_path: Path) -> None:
    options = train_options(method="hasani", backbone="efficientnet_lite0", input_size=64)
    saved(tmp_path / "old", options.model_copy(update={"pretrained": "imagenet"}))
    assert load_predictor(tmp_path / "old").options == options


@pytest.mark.parametrize("method", ["avce", "caf", "hasani"])
def test_a_file_of_public_weights_fills_the_encoder_of_any_method(method: str, tmp_path: Path) -> None:
    options = train_options(preset="smoke", method=method)
    torch.manual_seed(7)
    given = build_method(options).encoder.state_dict()
    torch.save(given | {"classifier.weight": torch.zeros(3)}, tmp_path / "public.pth")
    started, report = start_method(options.model_copy(update={"pretrained": str(tmp_path / "public.pth")}))
    assert report is not None
    assert report.unused == ("classifier.weight",)
    assert str(report).startswith(f"public.pth: {len(given)} tensors loaded; 1 unused (classifier.weight)")
    for name, value in started.encoder.state_dict().items():
        assert torch.equal(value, given[name])


def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.pth").write_text("not weights")
    with pytest.raises(CheckpointError, match=r"notes\.pth: expected tensors written by torch\.save"):
        start_method(train_options(preset="smoke", pretrained=str(tmp_path / "notes.pth")))


def test_faces_are_cut_as_the_weights_have_seen_them(source: Path, tmp_path: Path) -> None:
    (tmp_path / "public.pth").touch()
    assert [crop_recipe(start) for start in ("none", "imagenet", str(tmp_path / "public.pth"))] == [
        {},
        {},
        {},
    ]
    assert crop_recipe("starter")["size"] > 0


def test_fresh_weights_come_without_a_report() -> None:
    assert start_method(train_options(preset="smoke"))[1] is None


@pytest.mark.parametrize("start", ["starter", "imagenet"])
def test_a_start_that_is_there_for_one_encoder_is_refused_for_others_at_once(start: str) -> None:
    with pytest.raises(
        OptionError, match=f"pretrained={start} is at hand for backbone efficientnet_lite0 only"
    ):
        train_options(preset="smoke", pretrained=start)


def test_the_preset_that_fine_tunes_starts_from_the_starter_model() -> None:
    assert "fine_tune" in PRESETS
    assert train_options(preset="fine_tune").pretrained == "starter"
