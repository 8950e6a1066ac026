"""Checkpoints by folder and by name: shipped weights are checked, other formats say who wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from avce import weights
from avce.errors import CheckpointError
from avce.methods import build_method
from avce.options import train_options
from avce.training.checkpoint import load_predictor, save_checkpoint
from avce.training.folder import MODEL_FILE, find_checkpoint, read_card
from recipes.ship import ship

OPTIONS = train_options(preset="smoke", backbone="efficientnet_lite0")
CROP = {"crop": {"margin": 0.1, "size": 64}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the encoder that the starter model has, untrained."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("made") / "model"
    save_checkpoint(folder, build_method(OPTIONS).state_dict(), OPTIONS, CROP)
    return folder


@pytest.fixture
def shipped(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, in the place of the starter model."""
    monkeypatch.setattr(weights, "ROOT", tmp_path)
    return ship(made, tmp_path)


def faces(n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (n, 64, 64, 3), np.uint8)


def test_the_name_starter_stands_for_the_shipped_folder(shipped: Path) -> None:
    assert find_checkpoint("starter") == find_checkpoint(Path("starter")) == shipped
    assert load_predictor("starter").name == "starter"
    assert load_predictor("starter").info["crop"] == CROP["crop"]


def test_weights_stored_in_half_precision_are_used_as_float32_and_survive_a_reload(
    made: Path, shipped: Path, tmp_path: Path
) -> None:
    stored = load_file(shipped / MODEL_FILE)
    assert {value.dtype for value in stored.values() if value.is_floating_point()} == {torch.float16}
    first = load_predictor("starter")
    assert {p.dtype for p in first.method.parameters()} == {torch.float32}
    save_checkpoint(tmp_path / "again", first.method.state_dict(), first.options, CROP)
    again = load_predictor(tmp_path / "again").predict(faces())
    assert np.array_equal(first.predict(faces(), flip=False), again)
    # half precision has 11 bits, so a prediction moves by a few thousandths at most
    assert np.allclose(again, load_predictor(made).predict(faces()), atol=5e-3)


def test_damaged_weights_are_told_with_both_checksums_and_the_way_to_restore_them(shipped: Path) -> None:
    path = shipped / MODEL_FILE
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    expected = weights.checksums("starter")[MODEL_FILE]
    with pytest.raises(
        CheckpointError, match=rf"expected SHA-256 {expected}, got [0-9a-f]{{64}}; restore it"
    ):
        load_predictor("starter")


def test_missing_weights_are_told_with_the_checksum_that_restores_them(shipped: Path) -> None:
    expected = weights.checksums("starter")[MODEL_FILE]
    (shipped / MODEL_FILE).unlink()
    with pytest.raises(
        CheckpointError, match=rf"missing; expected a file with SHA-256 {expected}.*git checkout"
    ):
        load_predictor("starter")


@pytest.mark.parametrize("text", ["", "no sums here\n", "abc"])
def test_a_list_of_checksums_that_is_none_is_refused(shipped: Path, text: str) -> None:
    (shipped / weights.SUMS_FILE).write_text(text)
    with pytest.raises(CheckpointError, match="expected lines of a SHA-256 and a file"):
        find_checkpoint("starter")


def test_a_folder_of_that_name_is_still_reached_by_its_path(
    made: Path, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.parent)
    made.rename(made.with_name("starter"))
    try:
        assert find_checkpoint("./starter") == Path("starter")
        assert find_checkpoint("starter") == shipped
    finally:
        made.with_name("starter").rename(made)


def test_a_checkpoint_of_another_format_says_which_version_wrote_it(made: Path, tmp_path: Path) -> None:
    card = read_card(made)
    card |= {"format": 2, "versions": {"avce-studio": "9.1"}}
    (tmp_path / "checkpoint.json").write_text(json.dumps(card))
    with pytest.raises(
        CheckpointError, match=r"expected checkpoint format 1, got 2, written by version 9\.1"
    ):
        load_predictor(tmp_path)


def test_another_encoder_is_not_shipped(tmp_path: Path) -> None:
    options = train_options(preset="smoke")
    save_checkpoint(tmp_path / "tiny", build_method(options).state_dict(), options, CROP)
    with pytest.raises(CheckpointError, match="expected the encoder efficientnet_lite0"):
        ship(tmp_path / "tiny", tmp_path)


def test_the_card_says_whether_the_mirrored_face_counts_and_the_caller_may_say_otherwise(
    made: Path, shipped: Path
) -> None:
    judge, crops = load_predictor("starter"), faces()
    one, other = judge.predict(crops, flip=False), judge.predict(crops[:, :, ::-1].copy(), flip=False)
    assert judge.info["flip"] is True
    # sums of float32 in another order
    assert np.allclose(judge.predict(crops), (one + other) / 2, atol=1e-5)
    plain = load_predictor(made)
    assert np.array_equal(plain.predict(crops), plain.predict(crops, flip=False))
