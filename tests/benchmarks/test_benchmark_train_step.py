"""The cost of a step, on the smallest net, and the authors' layer against the closed form."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch

from avce.options import Backbone, Method
from avce.transforms import sparsemax
from benchmarks import train_step
from benchmarks.train_step import AuthorsStepper, RowByRow, Scale

TOY = Scale(
    batch_size=4, rounds=1, authors_rounds=1, epochs=1, batches=2, backbone=Backbone.TINY, input_size=64
)


def test_the_figures_carry_their_names() -> None:
    figures = train_step.measure(TOY)
    assert {
        "avce_vs_supervised",
        "authors_vs_avce",
        "authors_vs_avce_cpu",
        "authors_on_our_net_vs_avce",
    } <= figures.keys()
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


def test_the_authors_plain_net_has_torchvisions_order_of_layers_and_our_values() -> None:
    scale = replace(TOY, backbone=Backbone.ALEXNET)
    options = train_step.options_for(Method.AVCE, scale, is_authors=True)
    plain, ours = (AuthorsStepper(options, is_plain=flag).avce.eval() for flag in (True, False))
    assert [type(layer).__name__ for layer in plain.encoder.features][:6] == [
        "Conv2d",
        "ReLU",
        "MaxPool2d",
    ] * 2
    images = train_step.random_batch(scale).images
    assert torch.allclose(plain.feature(images.contiguous()), ours.feature(images), atol=1e-6)


def test_neighbours_are_compared_so_that_a_drifting_machine_does_not_matter(monkeypatch) -> None:
    clock = iter([0, 1, 2, 2, 6, 8, 8, 108, 158])  # a takes twice as long as b, on a machine that slows down
    monkeypatch.setattr(train_step.time, "perf_counter", lambda: next(clock))
    figures = train_step.in_turns(lambda: None, time.process_time_ns, rounds=2).figures("ratio", "a_s", "b_s")
    assert figures["ratio"] == 2
    assert (figures["a_s"], figures["b_s"]) == (52, 26)
