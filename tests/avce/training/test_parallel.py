"""Two real processes train one model; the launcher is the one that users would take."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from avce.errors import OptionError
from avce.options import TrainOptions, train_options
from avce.training.loop import train
from avce.training.parallel import check_parallel

PLAIN = {
    "method": "supervised",
    "backbone": "alexnet",  # no batch normalisation, so that shares of a batch make the whole
    "epochs": 2,
    "batch_size": 8,
    "input_size": 64,
    "augment": "none",
    "dropout": 0.0,
    "pcc_weight": 0.0,
    "ccc_weight": 0.0,
    "learning_rate": 1e-3,
}


def launch(data, out, given):
    flags = [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    return subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
            *("-m", "avce.cli", "train", "--data", str(data), "--out", str(out), "--json", *flags),
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_two_processes_end_with_the_weights_of_one(toy_data, tmp_path):
    done = launch(toy_data.folder, tmp_path / "two", PLAIN)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)  # one document: only the first process speaks
    assert result["epochs"] == 2
    one = train(train_options(**PLAIN), toy_data, tmp_path / "one")
    first, second = (
        load_file(folder / "model.safetensors") for folder in (one.best, tmp_path / "two" / "best")
    )
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], rtol=1e-4, atol=1e-5, msg=name)


def test_what_cannot_be_shared_is_refused():
    with pytest.raises(OptionError, match="batch_size: 4 processes need at least 8, got 4"):
        check_parallel(TrainOptions(batch_size=4), 4)
    with pytest.raises(OptionError, match="caf trains in one process only"):
        check_parallel(TrainOptions(method="caf"), 2)
    check_parallel(TrainOptions(method="caf"), 1)
    clips = TrainOptions(method="hasani_lstm", clip_length=16, batch_size=40)
    check_parallel(clips, 2)
    with pytest.raises(OptionError, match="3 processes need at least 48, a clip of 16 frames each, got 40"):
        check_parallel(clips, 3)
