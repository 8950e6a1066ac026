"""What a training costs: counted as the loop counts, measured in a process of its own, near what a run then takes."""

from __future__ import annotations

import time

import pytest

from avce.data.loader import TrainLoader
from avce.errors import CancelledError, CostError, DataError
from avce.methods.supervised import Supervised
from avce.options import Method, Split, TrainOptions, train_options
from avce.progress import Reporter
from avce.training import estimate, micro_run
from avce.training.cost import (
    WITHOUT_EFFECT,
    WITHOUT_EFFECT_IN_AVCE,
    Machine,
    Measured,
    cost_key,
    cost_of,
    side_by_side,
    steps_per_epoch,
)
from avce.training.estimate import measure
from avce.training.loop import train

FACTOR = 3.0
"""Between what was foretold and what a run took: other work on the machine comes and goes."""


def toy(**given) -> TrainOptions:
    return train_options(preset="smoke", **({"epochs": 3, "batch_size": 16, "input_size": 48} | given))


def measured(**given) -> Measured:
    values = {
        "at": "2026-01-01T00:00:00+00:00", "data": "prepared", "steps": 8, "batch_size": 16, "step_s": 0.5, "step_low_s": 0.4,
        "step_high_s": 0.7, "load_s": 0.1, "decode_picture_s": 0.01, "validate_picture_s": 0.02, "solver": "ecos",
        "solver_s": 0.3, "peak_mb": 400.0, "machine": Machine(host="here", cores=2, threads=1, device="cpu", load=0.5),
    }  # fmt: skip
    return Measured.model_validate(values | given)


class Impatient(Reporter):
    """Asks to stop as soon as it is asked."""

    def check(self) -> None:
        raise CancelledError("stopped by the user")


@pytest.mark.parametrize("n", [2, 15, 16, 20, 24, 31, 40])
def test_steps_are_counted_as_the_loader_makes_batches(toy_data, n):
    options = toy()
    rows = toy_data.rows(Split.TRAIN)[:n]
    real = options.model_copy(update={"batch_size": min(16, len(rows))})
    assert steps_per_epoch(options, len(rows)) == len(TrainLoader(toy_data, rows, real))


def test_a_run_is_its_epochs_and_the_first_decodes_the_crops():
    cost = cost_of(measured(), toy(), n_train=160, n_val=50, crop_side=96)
    assert cost.steps == 30
    assert cost.epoch_s == pytest.approx(10 * (0.5 + 0.1) + 50 * 0.02)
    assert cost.first_epoch_s == pytest.approx(cost.epoch_s + 160 * 0.01)
    assert cost.total_s == pytest.approx(3 * cost.epoch_s + 160 * 0.01)
    assert cost.low_s == pytest.approx(cost.total_s - 30 * 0.1)
    assert cost.high_s == pytest.approx(cost.total_s + 30 * 0.2)
    assert cost.solver_s == pytest.approx(30 * 0.3)
    assert cost.solver_share == pytest.approx(9 / cost.total_s)
    assert cost.memory_mb == pytest.approx(400 + 160 * 55**2 * 3 / 1e6)  # crops are kept at 48 · 256 / 224


def test_validations_within_epochs_are_paid_for_as_often_as_they_are_made():
    options = toy(validate_every=4)  # after 4, 8, … 28 and 30 of 30 iterations
    plain, cost = (cost_of(measured(), o, n_train=160, n_val=50, crop_side=96) for o in (toy(), options))
    assert cost.total_s == pytest.approx(plain.total_s + (8 - 3) * 50 * 0.02)
    assert cost_key(options, 96, 160) == cost_key(toy(), 96, 160)


def test_one_sample_cannot_be_trained_on():
    with pytest.raises(DataError, match="at least 2 samples"):
        cost_of(measured(), toy(), n_train=1, n_val=5, crop_side=96)


def test_every_option_that_is_said_to_cost_nothing_exists():
    assert set(TrainOptions.model_fields) >= WITHOUT_EFFECT
    assert set(TrainOptions().avce.model_fields_set | type(TrainOptions().avce).model_fields.keys()) >= (
        WITHOUT_EFFECT_IN_AVCE
    )


def test_the_key_is_that_of_the_work_in_a_step():
    base = cost_key(toy(), 96, 100)
    assert base == cost_key(toy(epochs=50, seed=7, learning_rate=0.1, avce={"weight": 0.3}), 96, 100)
    assert base == cost_key(toy(), 96, 5000)
    for other in (toy(input_size=64), toy(method="caf"), toy(avce={"solver": "ecos"}), toy(num_threads=1)):
        assert base != cost_key(other, 96, 100)
    assert base != cost_key(toy(), 128, 100)
    assert base != cost_key(toy(), 96, 10)  # a smaller batch is all there is


def test_the_objective_of_another_method_does_not_matter():
    plain = toy(method="supervised")
    assert cost_key(plain, 96, 100) == cost_key(toy(method="supervised", avce={"solver": "ecos"}), 96, 100)


def test_runs_are_taken_in_turn_by_the_workers_there_are():
    assert side_by_side([10.0] * 5, 1) == 50
    assert side_by_side([10.0] * 5, 2) == 30
    assert side_by_side([10.0, 40.0, 10.0], 2) == 40
    assert side_by_side([10.0], 0) == 10


@pytest.fixture(scope="module")
def ecos(toy_data) -> Measured:
    return measure(toy(avce={"solver": "ecos"}, num_threads=1), toy_data.folder, budget_s=1.0)


@pytest.mark.parametrize(
    ("seconds", "counted"),
    [
        ([1.9, 0.03, 0.03, 0.05, 0.04], [0.03, 0.05, 0.04]),  # libraries are loaded in the first
        ([1.9, 0.3, 0.4, 0.5], [0.3, 0.4, 0.5]),
        ([2.1, 0.1], [2.1]),
    ],
)
def test_what_is_paid_once_is_not_taken_for_a_step(seconds, counted):
    numbered = enumerate(seconds, start=1)
    kept = [step_s for number, step_s in numbered if micro_run._counts(number, step_s, budget_s=1.0)]
    assert kept[: len(counted)] == counted


def test_a_slow_beginning_does_not_use_up_the_time_for_steps(toy_data, monkeypatch):
    take, method = Supervised.training_step, Method.SUPERVISED

    def slow_at_first(self, batch, engine):
        if engine.step == 0:
            time.sleep(0.6)
        return take(self, batch, engine)

    monkeypatch.setattr(Supervised, "training_step", slow_at_first)
    found = micro_run.micro_run(toy(method=method), toy_data, source="toy", budget_s=0.4, told=lambda _: None)
    assert found.steps > 1
    assert found.step_s < 0.3


def test_a_run_takes_about_what_was_measured(toy_data, tmp_path, ecos):
    options = toy(avce={"solver": "ecos"}, num_threads=1, epochs=12)
    n_train, n_val = (len(toy_data.rows(split)) for split in (Split.TRAIN, Split.VAL))
    foretold = cost_of(ecos, options, n_train, n_val, toy_data.size)
    start = time.perf_counter()
    train(options, toy_data, tmp_path)
    took = time.perf_counter() - start
    assert foretold.total_s / FACTOR < took < foretold.total_s * FACTOR


def test_the_solver_takes_a_share_of_the_step_that_the_closed_form_does_not(toy_data, ecos):
    exact = measure(toy(num_threads=1), toy_data.folder, budget_s=0.5)
    assert ecos.solver == "ecos"
    assert 0.05 < ecos.solver_s / ecos.step_s < 1.5
    assert ecos.solver_s > 5 * exact.solver_s


def test_memory_threads_and_place_are_told(ecos):
    assert 100 < ecos.peak_mb < 4000  # torch alone takes more, no toy takes as much
    assert ecos.machine.threads == 1
    assert ecos.machine.host
    assert ecos.step_low_s <= ecos.step_s <= ecos.step_high_s
    assert ecos.data == "prepared"


def test_without_data_noise_of_the_same_shape_is_taken():
    found = measure(toy(method="supervised", num_threads=1), None, crop_side=64, budget_s=0.3)
    assert (found.data, found.solver, found.solver_s) == ("drawn", None, 0.0)
    assert found.decode_picture_s > 0


def test_a_measurement_can_be_stopped_before_it_has_begun():
    start = time.perf_counter()
    with pytest.raises(CancelledError):
        measure(toy(), None, Impatient())
    assert time.perf_counter() - start < 5


def test_what_does_not_end_in_time_is_ended_and_says_what_would_be_cheaper():
    options = train_options(preset="poster", avce={"solver": "cvxpy"})
    with pytest.raises(
        CostError, match=r"within 0 s, not one step.*batch_size \(now 256\).*solver exact \(now cvxpy\)"
    ):
        measure(options, None, most_s=0.3)


def test_data_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(CostError, match="expected a prepared data set"):
        measure(toy(), tmp_path)


def test_a_process_that_breaks_off_tells_its_last_words(monkeypatch):
    monkeypatch.setattr(estimate.sys, "executable", "/bin/false")
    with pytest.raises(CostError, match="broke off with code 1"):
        measure(toy(), None)
