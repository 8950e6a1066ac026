"""The cost of a step, on the smallest net, and the authors' layer against the closed form."""

from __future__ import annotations

import time

import pytest
import torch

from avce.options import Backbone
from avce.transforms import sparsemax
from benchmarks import train_step
from benchmarks.train_step import RowByRow, Scale

TOY = Scale(
    batch_size=4, rounds=1, authors_rounds=1, epochs=1, batches=2, backbone=Backbone.TINY, input_size=64
)


def test_the_figures_carry_their_names() -> None:
    figures = train_step.measure(TOY)
    assert {"avce_vs_supervised", "authors_vs_avce", "authors_vs_avce_cpu"} <= figures.keys()
    assert {"epoch_vs_steps", "first_epoch_vs_steps", "cvxpy_solver"} <= figures.keys()
    assert all(value > 0 for value in figures.values() if not isinstance(value, str))


def test_the_authors_layer_gives_sparsemax_and_its_gradient() -> None:
    # wide enough for several entries in the support and none at its edge; tolerance is the solver's
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(6, 8, generator=generator).relu().requires_grad_()
    upstream = torch.randn(6, 8, generator=generator)
    theirs = RowByRow(8)(z)
    (their_gradient,) = torch.autograd.grad((theirs * upstream).sum(), z)
    exact = sparsemax(z)
    (gradient,) = torch.autograd.grad((exact * upstream).sum(), z)
    assert theirs.detach() == pytest.approx(exact.detach(), abs=1e-3)
    assert their_gradient == pytest.approx(gradient, abs=1e-2)


def test_neighbours_are_compared_so_that_a_drifting_machine_does_not_matter(monkeypatch) -> None:
    clock = iter([0, 1, 2, 2, 6, 8, 8, 108, 158])  # a takes twice as long as b, on a machine that slows down
    monkeypatch.setattr(train_step.time, "perf_counter", lambda: next(clock))
    figures = train_step.in_turns(lambda: None, time.process_time_ns, rounds=2).figures("ratio", "a_s", "b_s")
    assert figures["ratio"] == 2
    assert (figures["a_s"], figures["b_s"]) == (52, 26)
