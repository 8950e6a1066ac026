"""``avce train --estimate``: measured once, remembered, and what it needs."""

from __future__ import annotations

import json

import pytest

from tests.avce.cli.test_commands import run
from tests.avce.training.test_cost import measured

FLAGS = ("train", "--preset", "smoke", "--estimate", "--samples", "3200")


@pytest.fixture
def calls(monkeypatch, tmp_path) -> list[object]:
    """Measurements that were made; each takes no time."""
    made: list[object] = []

    def measure(options, *_, **__):
        made.append(options)
        return measured(batch_size=options.batch_size)

    monkeypatch.setenv("AVCE_CACHE", str(tmp_path))
    monkeypatch.setattr("avce.training.estimate.measure", measure)
    return made


def test_the_estimate_says_step_epoch_run_solver_and_memory(capsys, calls):
    code, out, _ = run(capsys, *FLAGS)
    assert code == 0
    assert "0.5 s (half of them 0.4 to 0.7 s), 8 measured" in out
    assert "3,200 to train, 480 to validate" in out
    assert "for 2 epochs, 200 steps" in out
    assert "both views by ecos" in out
    assert "MB" in out


def test_asking_again_is_answered_from_memory_whatever_does_not_matter(capsys, calls):
    run(capsys, *FLAGS)
    code, out, _ = run(capsys, *FLAGS, "--epochs", "9", "--json")
    found = json.loads(out)
    assert (code, len(calls), found["remembered"], found["steps"]) == (0, 1, True, 900)
    assert found["measured"]["machine"]["host"] == "here"
    run(capsys, *FLAGS, "--fresh")
    run(capsys, *FLAGS, "--input-size", "96")
    assert len(calls) == 3


def test_without_data_a_number_of_samples_is_needed(capsys, calls):
    code, _, err = run(capsys, "train", "--estimate")
    assert code == 2
    assert "--samples N" in err


def test_a_training_still_needs_data_and_a_place(capsys):
    code, _, err = run(capsys, "train", "--preset", "smoke")
    assert code == 2
    assert "--data and --out" in err
