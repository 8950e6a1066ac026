"""The training loop: it learns, keeps the best epoch, resumes to the same weights, and stops when asked."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from avce.errors import CancelledError, CheckpointError, OptionError
from avce.options import Split, TrainOptions, train_options
from avce.progress import Reporter
from avce.training import loop
from avce.training.checkpoint import load_predictor
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


@pytest.mark.parametrize("method", ["avce", "supervised", "caf"])
def test_a_run_cut_at_any_step_and_resumed_ends_with_the_same_weights(
    toy_data, tmp_path, method, monkeypatch
):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)  # a state after every step
    options = toy_options(method=method, ema_decay=0.9, epochs=2, batch_size=8, augment="strong")
    whole = train(options, toy_data, tmp_path / "whole")
    for step in (1, 4, 5, 8):  # in the first epoch, at its end, in the second
        with pytest.raises(CancelledError):
            train(options, toy_data, tmp_path / "cut", StopAtStep(step))
    resumed = train(options, toy_data, tmp_path / "cut")
    assert resumed == replace(whole, best=resumed.best)
    first = load_file(tmp_path / "whole" / "resume" / "state.safetensors")
    second = load_file(tmp_path / "cut" / "resume" / "state.safetensors")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (tmp_path / "whole" / "history.json").read_text() == (
        tmp_path / "cut" / "history.json"
    ).read_text()


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
