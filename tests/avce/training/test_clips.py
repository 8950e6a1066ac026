"""Methods that look at the frames before: what counts for a value, training from clips, judging of sequences."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avce.data.loader import ClipLoader, TrainLoader, to_input, train_loader
from avce.data.sequences import clips_of, sequences_of
from avce.errors import CancelledError, DataError, OptionError
from avce.evaluation import predict_split
from avce.methods import build_method
from avce.methods.clips import ClipMethod, History
from avce.options import EvaluateOptions, Split, TrainOptions
from avce.progress import Reporter
from avce.training.checkpoint import load_predictor
from avce.training.loop import predict_rows, train

LENGTH = 4


def clip_options(**more):
    given = {
        "method": "hasani_lstm", "backbone": "tiny", "input_size": 32, "batch_size": 12, "clip_length": LENGTH,
        "epochs": 3, "num_threads": 1, "dropout": 0.0,
    }  # fmt: skip
    return TrainOptions(**given | more)


@pytest.fixture(scope="module")
def method():
    torch.manual_seed(0)
    return build_method(clip_options()).eval()


# what counts for a value --------------------------------------------------------------------------------------


@torch.inference_mode()
def test_a_value_comes_from_its_frame_and_those_before_it_no_more_than_a_clip(method):
    features = torch.randn(11, method.lstm.input_size)
    values = method.values_of(features)
    assert values.shape == (11, 2)
    for n in range(11):
        own = method.over_time(features[None, max(0, n - LENGTH + 1) : n + 1])[0, -1]
        torch.testing.assert_close(values[n], own)
    later = features.clone()
    later[6:] = 0
    torch.testing.assert_close(method.values_of(later)[:6], values[:6])
    assert not torch.allclose(method.values_of(later)[6], values[6])


@torch.inference_mode()
@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 13), max_size=6), seed=st.integers(0, 99))
def test_a_sequence_in_parts_gives_the_same_values(method, cuts, seed):
    features = torch.randn(13, method.lstm.input_size, generator=torch.Generator().manual_seed(seed))
    edges = [0, *sorted(cuts), 13]
    history = History()
    parts = [
        history.values(method, "x", features[start:stop]) for start, stop in pairwise(edges) if stop > start
    ]
    torch.testing.assert_close(torch.cat(parts), method.values_of(features))


@torch.inference_mode()
def test_a_still_is_a_clip_of_one_frame(method):
    images = torch.randn(5, 3, 32, 32)
    one_by_one = torch.cat([method.values_of(method.encoder(image[None])) for image in images])
    torch.testing.assert_close(method(images), one_by_one)


# sequences and clips ------------------------------------------------------------------------------------------


def test_sequences_are_in_the_order_of_time_and_stills_stand_alone():
    samples = pd.DataFrame({"video": ["v", "", "w", "v", "", "v"], "frame": [7, -1, 0, 2, -1, 5]})
    rows = np.array([0, 1, 2, 4, 5, 3])
    assert sorted([list(rows[part]) for part in sequences_of(samples, rows)]) == [[1], [2], [3, 5, 0], [4]]
    ordered, starts = clips_of(samples, rows, 2)
    assert sorted([tuple(ordered[at : at + 2]) for at in starts]) == [(3, 5), (5, 0)]


def test_batches_hold_whole_clips_alike_in_light_and_side(frames):
    rows = frames.rows(Split.TRAIN)
    loader = train_loader(frames, rows, clip_options(augment="strong"))
    assert isinstance(loader, ClipLoader)
    batches = list(loader.epoch(0))
    assert len(batches) == len(loader) == len(TrainLoader(frames, rows, clip_options()))
    for batch in batches:
        table = frames.samples.iloc[batch.rows.numpy()]
        for start in range(0, 12, LENGTH):
            clip = table.iloc[start : start + LENGTH]
            assert len(set(clip["video"])) == 1
            assert clip["frame"].diff().dropna().tolist() == [1.0] * (LENGTH - 1)
    again = list(train_loader(frames, rows, clip_options(augment="strong")).epoch(0, start=1))
    assert torch.equal(again[0].images, batches[1].images)
    row = int(rows[0])
    alone, alike = (loader.images(np.array([row]), 0, key) for key in (None, np.array([int(rows[5])])))
    assert not torch.equal(alone, alike)


def test_stills_are_refused_with_what_to_do(toy_data):
    with pytest.raises(DataError, match=r"hasani_lstm learns from clips of 4 frames, .* smaller clip_length"):
        train_loader(toy_data, toy_data.rows(Split.TRAIN), clip_options())


def test_a_batch_holds_a_clip():
    with pytest.raises(ValueError, match="batch_size=12 is less than a clip of clip_length=16"):
        clip_options(clip_length=16)


# training and judging -----------------------------------------------------------------------------------------


def test_it_learns_what_only_the_frame_before_tells(frames, tmp_path):
    options = clip_options(epochs=80, learning_rate=1e-2, augment="none")
    result = train(options, frames, tmp_path)
    assert result.metrics["valence"]["rmse"] < 0.6 * np.std(frames.samples["valence"][frames.rows(Split.VAL)])
    single = train(clip_options(method="hasani", epochs=20, augment="none"), frames, tmp_path / "single")
    assert result.metrics["valence"]["rmse"] < single.metrics["valence"]["rmse"]


class StopsAfter(Reporter):
    def __init__(self, steps):
        self.left = steps

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise CancelledError("stop")


def test_a_split_is_judged_in_the_order_of_time_whatever_the_batch(frames, tmp_path):
    predictor = load_predictor(train(clip_options(epochs=1), frames, tmp_path).best)
    assert isinstance(predictor.method, ClipMethod)
    tables = [
        predict_split(predictor, frames, EvaluateOptions(split="train", batch_size=size))
        for size in (1, 5, 64)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], atol=1e-5)
    pred, target = predict_rows(
        predictor.method, frames, frames.rows(Split.TRAIN), predictor.options, predictor.device
    )
    np.testing.assert_allclose(pred, tables[0][["pred_valence", "pred_arousal"]], atol=1e-5)
    np.testing.assert_allclose(target, tables[0][["valence", "arousal"]], atol=1e-6)
    stills = predictor.predict(frames.crops_rgb_u8(frames.rows(Split.TRAIN)))
    assert np.abs(stills - tables[0][["pred_valence", "pred_arousal"]].to_numpy()).max() > 1e-3


def test_mirrored_faces_have_a_history_of_their_own(frames, tmp_path):
    predictor = load_predictor(train(clip_options(epochs=1), frames, tmp_path).best)
    crops = frames.crops_rgb_u8(frames.rows(Split.TEST))
    rng = np.random.default_rng(0)
    crops = (crops * rng.uniform(0.2, 1, (1, *crops.shape[1:3], 1))).astype(
        np.uint8
    )  # not alike on both sides
    both = predictor.predict_frames(crops, ["x"] * len(crops), {}, flip=True)
    images = to_input(crops, predictor.options)
    method = predictor.method
    with torch.inference_mode():
        plain, mirrored = (method.values_of(method.encoder(seen)) for seen in (images, images.flip(-1)))
    np.testing.assert_allclose(both, (plain + mirrored) / 2, atol=1e-5)
    assert (plain - mirrored).abs().max() > 1e-4
    history: dict = {}
    parts = [
        predictor.predict_frames(part, ["x"] * len(part), history, flip=True)
        for part in np.array_split(crops, 3)
    ]
    np.testing.assert_allclose(np.concatenate(parts), both, atol=1e-5)


def test_two_faces_in_turn_do_not_mix(frames, tmp_path):
    predictor = load_predictor(train(clip_options(epochs=1), frames, tmp_path).best)
    crops = frames.crops_rgb_u8(frames.rows(Split.TEST))[:8]
    together = predictor.predict_frames(crops, [1, 2] * 4, {})
    for face in (0, 1):
        np.testing.assert_allclose(
            together[face::2], predictor.predict_frames(crops[face::2], [face] * 4, {}), atol=1e-5
        )


def test_other_runtimes_say_that_they_see_single_frames(frames, tmp_path):
    best = train(clip_options(epochs=1), frames, tmp_path).best
    for chosen in ({"runtime": "onnx"}, {"precision": "half"}):
        with pytest.raises(OptionError, match="hasani_lstm looks at several frames"):
            load_predictor(best, **chosen)


def test_its_encoder_may_start_from_stills(frames, toy_data, tmp_path):
    still = train(clip_options(method="hasani", epochs=1), toy_data, tmp_path / "still")
    lines: list[str] = []

    class Lines(Reporter):
        def log(self, line):
            lines.append(line)

    train(clip_options(epochs=1, pretrained=str(still.best)), frames, tmp_path / "clips", Lines())
    assert any(line.startswith("starts from") for line in lines)


def test_a_run_that_was_begun_before_clips_were_an_option_goes_on(frames, tmp_path, monkeypatch):
    monkeypatch.setattr("avce.training.loop.SAVE_EVERY_S", 0.0)
    options = TrainOptions(method="supervised", backbone="tiny", input_size=32, batch_size=12, epochs=2)
    with pytest.raises(CancelledError):
        train(options, frames, tmp_path, StopsAfter(2))
    state = tmp_path / "resume" / "state.json"
    kept = json.loads(state.read_text())
    del kept["identity"]["options"]["clip_length"]
    state.write_text(json.dumps(kept))
    lines: list[str] = []

    class Lines(Reporter):
        def log(self, line):
            lines.append(line)

    train(options, frames, tmp_path, Lines())
    assert any(line.startswith("resumed in epoch") for line in lines)
