"""The training loop: it learns, keeps the best epoch, resumes to the same weights, and stops when asked."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from avce.errors import CancelledError, CheckpointError, OptionError
from avce.options import CLIP_METHODS, Split, TrainOptions, train_options
from avce.progress import Reporter
from avce.training import loop
from avce.training.checkpoint import load_predictor
from avce.training.cost import validations
from avce.training.engine import Engine
from avce.training.folder import read_card
from avce.training.loop import train


def toy_options(**given) -> TrainOptions:
    return train_options(
        **(
            {
                "backbone": "tiny",
                "epochs": 3,
                "batch_size": 16,
                "input_size": 48,
                "augment": "none",
                "num_threads": 1,
            }
            | given
        )
    )


class StopAtStep(Reporter):
    """Asks to stop once so many steps are done."""

    def __init__(self, steps: int) -> None:
        self.steps, self.done = steps, 0

    def progress(self, done, total, message=""):
        self.done = done
        super().progress(done, total, message)

    def check(self) -> None:
        if self.done >= self.steps:
            raise CancelledError("stopped by the user")


def test_a_net_learns_what_brightness_tells(toy_data, tmp_path):
    options = toy_options(method="supervised", epochs=40, learning_rate=1e-2, dropout=0.0)
    result = train(options, toy_data, tmp_path)
    assert result.metrics["valence"]["ccc"] > 0.6
    assert result.metrics["arousal"]["ccc"] > 0.6
    assert result.rule == read_card(tmp_path)["rule"]


def test_validation_may_be_computed_as_in_the_authors_code(toy_data, tmp_path):
    ours = train(toy_options(epochs=1), toy_data, tmp_path / "ours")
    theirs = train(
        toy_options(epochs=1, avce={"validation_protocol": "authors"}), toy_data, tmp_path / "theirs"
    )
    n = len(toy_data.rows(Split.VAL))
    for axis in ("valence", "arousal"):
        assert theirs.metrics[axis]["ccc"] == pytest.approx(ours.metrics[axis]["ccc"] * n / (n - 1), rel=1e-9)
    assert "authors' code" in theirs.rule == read_card(tmp_path / "theirs")["rule"]
    assert "authors" not in ours.rule


class ScaledEngine(Engine):
    """Scales its loss as in fp16 on a GPU; the scale grows with every third step."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.scaler = torch.amp.GradScaler("cpu", growth_interval=3)


TO_BE_CUT = {
    "avce": {},
    "supervised": {"method": "supervised"},
    "caf": {"method": "caf"},
    "hasani": {"method": "hasani"},
    "hasani_lstm": {"method": "hasani_lstm", "batch_size": 5, "clip_length": 4},
    "two_step": {"avce": {"two_step": True}},
    "momentum": {"optimizer": "sgd", "head_optimizer": "sgd"},
    "keep_eval": {"avce": {"keep_eval_after_validation": True}},
    "validate_every": {"validate_every": 3},
    "validate_every_keep_eval": {"validate_every": 3, "avce": {"keep_eval_after_validation": True}},
    "bf16": {"mixed_precision": "bf16"},
    "scaled": {"avce": {"two_step": True}},
}


@pytest.mark.parametrize("name", TO_BE_CUT)
def test_a_run_cut_at_any_step_and_resumed_ends_with_the_same_weights(request, tmp_path, name, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)  # a state after every step
    if name == "scaled":
        monkeypatch.setattr(loop, "Engine", ScaledEngine)
    common = {"ema_decay": 0.9, "epochs": 2, "batch_size": 8, "augment": "strong"}  # five steps per epoch
    options = toy_options(**common | TO_BE_CUT[name])
    data = request.getfixturevalue("frames" if options.method in CLIP_METHODS else "toy_data")
    whole = train(options, data, tmp_path / "whole")
    for step in (1, 4, 5, 8):  # in the first epoch, at its end, in the second
        with pytest.raises(CancelledError):
            train(options, data, tmp_path / "cut", StopAtStep(step))
    resumed = train(options, data, tmp_path / "cut")
    assert resumed == replace(whole, best=resumed.best)
    first, second = (tmp_path / run for run in ("whole", "cut"))
    one, other = (load_file(folder / "resume" / "state.safetensors") for folder in (first, second))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    for file in ("resume/state.json", "history.json"):
        assert (first / file).read_text() == (second / file).read_text()


def test_validations_within_epochs_change_nothing_of_what_is_learnt(toy_data, tmp_path):
    runs, ends = {0: [5, 10], 3: [3, 6, 9, 10], 7: [7, 10]}, {}
    for every, steps in runs.items():
        options = toy_options(epochs=2, batch_size=8, augment="strong", ema_decay=0.9, validate_every=every)
        result = train(options, toy_data, tmp_path / str(every))
        history = json.loads((tmp_path / str(every) / "history.json").read_text())
        assert [point["step"] for point in history] == steps
        assert [point["epoch"] for point in history] == [1 if step <= 5 else 2 for step in steps]
        assert validations(options, len(toy_data.rows(Split.TRAIN))) == len(steps)
        best = max(history, key=lambda point: point["val/mean_ccc"])
        card = read_card(result.best)
        assert (card["epoch"], card["step"]) == (best["epoch"], best["step"])
        assert result.best_epoch == best["epoch"]
        lengths = np.diff([0, *steps])
        losses = sum(point["train/loss"] * n for point, n in zip(history, lengths, strict=True))
        state = load_file(tmp_path / str(every) / "resume" / "state.safetensors")
        ends[every] = state | {"losses": torch.tensor(losses)}
    for every in (3, 7):
        for name, value in ends[0].items():
            same = torch.allclose if name == "losses" else torch.equal  # a sum in other parts
            assert same(value, ends[every][name]), name


def test_early_stopping_waits_for_validations(toy_data, tmp_path):
    options = toy_options(epochs=8, early_stopping_epochs=1, learning_rate=1e-9, head_learning_rate=1e-9)
    far = options.model_copy(update={"validate_every": 12})  # three steps per epoch: in epochs 4 and 8
    assert train(far, toy_data, tmp_path / "far").epochs_run == 8
    near = options.model_copy(update={"validate_every": 2, "epochs": 200})
    assert train(near, toy_data, tmp_path / "near").epochs_run < 200


def test_a_kept_epoch_is_as_its_last_validation_saw_it(toy_data, tmp_path):
    options = toy_options(
        epochs=3, keep_every=2, validate_every=2
    )  # three steps per epoch: after 4 and 6 in epoch 2
    train(options, toy_data, tmp_path)
    (kept,) = (tmp_path / loop.KEPT_FOLDER).iterdir()
    assert (read_card(kept)["epoch"], read_card(kept)["step"]) == (2, 6)


def test_one_process_trains_in_one_precision_after_another(toy_data, tmp_path):
    for precision in ("no", "bf16", "fp16", "no"):
        options = toy_options(epochs=1, mixed_precision=precision)
        train(options, toy_data, tmp_path / precision)
    weights = {
        precision: load_file(tmp_path / precision / "best" / "model.safetensors")
        for precision in ("no", "bf16")
    }
    assert any(not torch.equal(value, weights["bf16"][name]) for name, value in weights["no"].items())


def test_a_state_of_other_options_is_not_resumed(toy_data, tmp_path):
    train(toy_options(epochs=1, seed=1), toy_data, tmp_path)
    result = train(toy_options(epochs=1, seed=2), toy_data, tmp_path)
    assert result.epochs_run == 1
    assert load_predictor(tmp_path).options.seed == 2


def test_networks_train_again_after_validation(toy_data, tmp_path, monkeypatch):
    from avce.methods.supervised import Supervised

    modes = []
    original = Supervised.training_step

    def spy(self, batch, engine):
        modes.append(self.training)
        return original(self, batch, engine)

    monkeypatch.setattr(Supervised, "training_step", spy)
    train(toy_options(method="supervised"), toy_data, tmp_path / "sound")
    assert all(modes)
    modes.clear()
    train(
        toy_options(method="supervised", avce={"keep_eval_after_validation": True}),
        toy_data,
        tmp_path / "authors",
    )
    steps = len(modes) // 3
    assert modes == [True] * steps + [False] * (2 * steps)
    modes.clear()
    train(
        toy_options(method="supervised", validate_every=2, avce={"keep_eval_after_validation": True}),
        toy_data,
        tmp_path / "within",
    )
    assert modes == [True] * 2 + [False] * (3 * steps - 2)


def test_early_stopping_ends_a_run_that_no_longer_improves(toy_data, tmp_path):
    options = toy_options(epochs=200, early_stopping_epochs=1, learning_rate=1e-9, head_learning_rate=1e-9)
    result = train(options, toy_data, tmp_path)
    assert result.epochs_run < 200
    assert result.epochs_run - result.best_epoch == 1


def test_a_checkpoint_predicts_what_the_run_measured(toy_data, tmp_path):
    result = train(toy_options(), toy_data, tmp_path)
    rows = toy_data.rows(Split.VAL)
    pred = load_predictor(tmp_path).predict(toy_data.crops_rgb_u8(rows))
    target = toy_data.samples[["valence", "arousal"]].to_numpy()[rows]
    rmse = np.sqrt(np.mean((pred - target) ** 2, axis=0))
    assert rmse[0] == pytest.approx(result.metrics["valence"]["rmse"], abs=1e-5)
    assert rmse[1] == pytest.approx(result.metrics["arousal"]["rmse"], abs=1e-5)


def test_a_run_may_start_from_an_earlier_checkpoint(toy_data, tmp_path):
    train(toy_options(method="supervised", epochs=1), toy_data, tmp_path / "first")
    options = toy_options(epochs=1, pretrained=str(tmp_path / "first"), learning_rate=1e-9)
    train(options, toy_data, tmp_path / "second")
    before = load_predictor(tmp_path / "first").method.state_dict()
    after = load_predictor(tmp_path / "second").method.state_dict()
    name = next(name for name in before if name.startswith("encoder") and name.endswith("weight"))
    assert torch.allclose(before[name], after[name], atol=1e-5)


def test_a_missing_checkpoint_says_what_a_checkpoint_is(tmp_path):
    with pytest.raises(CheckpointError, match=r"expected a folder with checkpoint\.json"):
        load_predictor(tmp_path)


def test_damaged_weights_are_refused_with_the_folder_named(toy_data, tmp_path):
    train(toy_options(epochs=1), toy_data, tmp_path)
    (tmp_path / "best" / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(CheckpointError, match="best: this checkpoint cannot be loaded"):
        load_predictor(tmp_path)


def test_unknown_options_are_named():
    with pytest.raises(OptionError, match="speed"):
        train_options(speed=3)


def test_a_checkpoint_says_where_it_comes_from(toy_data, tmp_path):
    train(toy_options(epochs=1), toy_data, tmp_path)
    card = read_card(tmp_path)
    assert card["versions"]["torch"] == metadata.version("torch")
    assert card["data"]["fingerprint"] == toy_data.fingerprint
    assert card["git_revision"] is None or len(card["git_revision"]) == 40


def test_kept_epochs_are_checkpoints_beside_the_best_and_change_nothing(toy_data, tmp_path):
    plain = train(toy_options(epochs=4), toy_data, tmp_path / "plain")
    kept = train(toy_options(epochs=4, keep_every=2), toy_data, tmp_path / "kept")
    folders = sorted((tmp_path / "kept" / loop.KEPT_FOLDER).iterdir())
    assert [read_card(folder)["epoch"] for folder in folders] == [2, 4]
    assert load_predictor(folders[0]).options.keep_every == 2
    assert not (tmp_path / "plain" / loop.KEPT_FOLDER).exists()
    assert plain.metrics == kept.metrics
