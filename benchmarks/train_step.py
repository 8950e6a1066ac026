"""What one training step costs: AVCE against supervised, the authors' way against ours, and the epoch against its steps.

``python -m benchmarks.train_step --json FILE [--quick]``: AlexNet at 224 px. Figures, all from one run:

- ``avce_vs_supervised``: AVCE's step over the supervised step (wanted: 1.10 at most);
- ``authors_vs_avce``: the authors' step, rebuilt below from what it does, over AVCE's (wanted: 3.5 at least). Like their
  code it runs torchvision's AlexNet as PyTorch lays it out; ``authors_on_our_net_vs_avce`` lends it our net and layout
  as well, so that what remains is the second update, CVXPY row by row and the Jacobians;
- ``epoch_vs_steps``: an epoch on a prepared set, loader included, over as many steps on a batch that is at hand (wanted:
  1.15 at most); ``first_epoch_vs_steps``: the epoch in which crops are still being decoded.

What is compared is measured in turns, A B A B, and each ratio is the median over neighbours, so that a machine that
slows down or speeds up does so for both. Every ratio comes in processor time as well (``…_cpu``), which other programs
on the machine hardly move.
"""

from __future__ import annotations

import os

# Before torch loads; see avce.cli.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import cvxpy as cp
import torch
from torch import Tensor, nn

from avce.data.loader import Batch, TrainLoader
from avce.data.prepare import prepare
from avce.data.prepared import Prepared
from avce.data.synthetic import synthesize
from avce.methods import build_method
from avce.methods.avce import Avce
from avce.objectives.agreement import agreement
from avce.objectives.contrast import avce_objective
from avce.objectives.hold_push import hold_push
from avce.options import Backbone, Method, PrepareOptions, Split, SynthOptions, TrainOptions, train_options
from avce.progress import Reporter
from avce.training.engine import Engine
from avce.transforms import softmax
from benchmarks._report import finish, parser


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        batch_size: Pictures per step.
        rounds: Turns of AVCE and supervised.
        authors_rounds: Turns of the authors' step and ours.
        epochs: Turns of an epoch and its steps.
        batches: Per epoch.
        backbone: Encoder.
        input_size: Side of its input.
    """

    batch_size: int = 64
    rounds: int = 15
    authors_rounds: int = 9
    epochs: int = 3
    batches: int = 6
    backbone: Backbone = Backbone.ALEXNET
    input_size: int = 224


FULL = Scale()
QUICK = Scale(batch_size=32, rounds=8, authors_rounds=2, epochs=2, batches=4)


class Stepper:
    """One method and its optimisers, stepping as the training loop does."""

    def __init__(self, options: TrainOptions) -> None:
        torch.manual_seed(0)
        self.method = build_method(options)
        self.engine = Engine(self.method, options, total_steps=10_000)
        self.method.train()

    def step(self, batch: Batch) -> None:
        """One whole step."""
        self.engine.begin_step()
        self.method.training_step(batch.to(self.engine.device), self.engine)
        self.engine.end_step()


class AuthorsStepper(Stepper):
    """The authors' two updates, with SparseMax by one CVXPY problem per row and a Jacobian per row.

    Rebuilt from what their public code does: SparseMax by CVXPY with its default solver, SoftMax in closed form; the
    loss's update; then feature and views anew, as the weights have moved, and an update on the regulariser.

    Args:
        options: Of the run.
        is_plain: Without what we do to the net besides: torchvision's order of layers, PyTorch's layout.
    """

    def __init__(self, options: TrainOptions, *, is_plain: bool = True) -> None:
        super().__init__(options)
        self.layout = torch.contiguous_format if is_plain else torch.channels_last
        if is_plain:
            _make_plain(self)
        if not isinstance(self.method, Avce):
            raise TypeError(f"options.method: expected avce, got {options.method.value}")
        self.avce: Avce = self.method
        self.layer = RowByRow(options.feature_dim)

    def step(self, batch: Batch) -> None:
        """Both updates."""
        method, options = self.avce, self.avce.options
        self.engine.begin_step()
        images = batch.images.contiguous(memory_format=self.layout)
        z = method.feature(images)
        x = method.R(z)
        supervised, _ = agreement(x, batch.targets, batch.weights, options)
        contrast = avce_objective(x, method.H(self.layer(z)), method.H(softmax(z)), options.avce)
        self.engine.update(supervised - options.avce.weight * contrast, "main", "heads")
        z = method.feature(images)
        v_a, v_n, v_z = method.v(self.layer(z)), method.v(softmax(z)), method.v(z)
        regulariser = hold_push(v_a, v_n, v_z, options.avce)
        self.engine.update(options.avce.hold_push_weight * regulariser, "main", "metric")
        self.engine.end_step()


def _make_plain(stepper: Stepper) -> None:
    """Undo what makes our AlexNet's step faster than the textbook's; values stay the same."""
    stepper.method.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    for layers in (module for module in stepper.method.modules() if isinstance(module, nn.Sequential)):
        for at, (first, second) in enumerate(pairwise(layers)):
            if isinstance(first, nn.MaxPool2d) and isinstance(second, nn.ReLU):
                layers[at], layers[at + 1] = second, first


class RowByRow:
    """SparseMax as a general layer for convex programs: CVXPY row by row, implicit differentiation by autograd.

    For each row: solve, write down the optimality conditions at (p, λ, ν), take their Jacobian with autograd (the gradient of
    the Lagrangian being autograd's too), and solve with it in the backward pass.
    """

    def __init__(self, dim: int) -> None:
        self.parameter, self.variable = cp.Parameter(dim), cp.Variable(dim)
        self.constraints = [-self.variable <= 0, cp.sum(self.variable) - 1 == 0]  # type: ignore[attr-defined]
        distance = cp.sum_squares(self.variable - self.parameter)  # type: ignore[attr-defined]
        self.problem = cp.Problem(cp.Minimize(distance), self.constraints)

    def __call__(self, z: Tensor) -> Tensor:
        """z_a, ``(B, d)``, differentiable in z."""
        return torch.stack([self._row(scores) for scores in z])

    def _row(self, scores: Tensor) -> Tensor:
        self.parameter.value = scores.detach().double().numpy()
        self.problem.solve()  # type: ignore[no-untyped-call]
        values = (self.variable.value, *(constraint.dual_value for constraint in self.constraints))
        y = torch.cat([torch.as_tensor(value).reshape(-1) for value in values]).to(scores)
        constant = scores.detach()
        jacobian: Tensor = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
            lambda at: _conditions(at, constant), y
        )
        jacobian = jacobian + DAMPING * torch.eye(len(y))
        # a step on the conditions moves nothing, as they hold, but tells autograd how they depend on the scores
        y = y - _conditions(y, scores)
        y.register_hook(lambda grad: torch.linalg.solve(jacobian.T, grad))  # type: ignore[no-untyped-call]
        return y[: len(scores)]


DAMPING = 1e-6
"""Where p and λ are both zero the Jacobian is singular, and today's solver raises; too small to be seen elsewhere."""


def _conditions(y: Tensor, scores: Tensor) -> Tensor:
    """Of min ‖p − z‖², p >= 0, Σ p = 1 at ``y = (p, λ, ν)``: stationarity, complementarity, feasibility."""
    n = len(scores)
    p = y[:n] if y.requires_grad else y[:n].clone().requires_grad_()
    multipliers, level = y[n : 2 * n], y[2 * n :]
    lagrangian = (scores - p).square().sum() - (multipliers * p).sum() + (level * (p.sum() - 1)).sum()
    (stationarity,) = torch.autograd.grad(lagrangian, p, create_graph=True)
    return torch.cat([stationarity, -multipliers * p, (p.sum() - 1)[None]])


def options_for(method: Method, scale: Scale, *, is_authors: bool = False) -> TrainOptions:
    """The same run for every method; with the authors' switches where asked."""
    return train_options(
        fidelity="authors" if is_authors else None,
        method=method,
        backbone=scale.backbone,
        batch_size=scale.batch_size,
        input_size=scale.input_size,
    )


def random_batch(scale: Scale) -> Batch:
    """Noise; a step does not care."""
    generator = torch.Generator().manual_seed(0)
    n, side = scale.batch_size, scale.input_size
    images = torch.randn(n, 3, side, side, generator=generator).contiguous(memory_format=torch.channels_last)
    targets = 2 * torch.rand(n, 2, generator=generator) - 1
    return Batch(images, targets, torch.ones(n), torch.arange(n))


@dataclass(frozen=True)
class Turns:
    """Times of A and of B in turns: a pair ``(A, B)`` per turn, wall clock and processor."""

    wall_s: list[tuple[float, float]]
    cpu_s: list[tuple[float, float]]

    def figures(self, ratio: str, *names: str) -> dict[str, float]:
        """Medians over the turns of A / B by both clocks, and of the seconds of A (and B) under the given names."""
        seconds = dict(zip(names, zip(*self.wall_s, strict=True), strict=False))
        return {
            ratio: median(a / b for a, b in self.wall_s),
            f"{ratio}_cpu": median(a / b for a, b in self.cpu_s),
            **{name: median(values) for name, values in seconds.items()},
        }


def in_turns(a: Callable[[], object], b: Callable[[], object], rounds: int, *, warm_up: int = 1) -> Turns:
    """Measure A B A B …, after some turns to warm up."""
    turns = Turns([], [])
    for turn in range(rounds + warm_up):
        wall, cpu = [time.perf_counter()], [time.process_time()]
        for work in (a, b):
            work()
            wall.append(time.perf_counter())
            cpu.append(time.process_time())
        if turn >= warm_up:
            turns.wall_s.append((wall[1] - wall[0], wall[2] - wall[1]))
            turns.cpu_s.append((cpu[1] - cpu[0], cpu[2] - cpu[1]))
    return turns


def step_figures(scale: Scale) -> dict[str, float]:
    """AVCE against supervised, the authors' step against AVCE's."""
    batch = random_batch(scale)
    ours = Stepper(options_for(Method.AVCE, scale))
    supervised = Stepper(options_for(Method.SUPERVISED, scale))
    turns = in_turns(lambda: ours.step(batch), lambda: supervised.step(batch), scale.rounds)
    figures = turns.figures("avce_vs_supervised", "avce_step_s", "supervised_step_s")
    for name, is_plain in (("authors", True), ("authors_on_our_net", False)):
        theirs = AuthorsStepper(options_for(Method.AVCE, scale, is_authors=True), is_plain=is_plain)
        turns = in_turns(partial(theirs.step, batch), lambda: ours.step(batch), scale.authors_rounds)
        figures |= turns.figures(f"{name}_vs_avce", f"{name}_step_s")
    return figures


def epoch_figures(folder: Path, scale: Scale) -> dict[str, float]:
    """Epochs on prepared crops against the same number of steps on one batch."""
    data = _faces(folder, scale)
    options = options_for(Method.AVCE, scale)
    loader = TrainLoader(data, data.rows(Split.TRAIN)[: scale.batches * scale.batch_size], options)
    stepper, batch = Stepper(options), random_batch(scale)
    epochs = iter(range(scale.epochs + 1))

    def epoch() -> None:
        for loaded in loader.epoch(next(epochs)):
            stepper.step(loaded)

    def steps() -> None:
        for _ in range(len(loader)):
            stepper.step(batch)

    stepper.step(batch)
    first = in_turns(epoch, steps, 1, warm_up=0).figures("first_epoch_vs_steps")
    turns = in_turns(epoch, steps, scale.epochs, warm_up=0)
    return {**turns.figures("epoch_vs_steps", "epoch_s", "steps_s"), **first}


def _faces(folder: Path, scale: Scale) -> Prepared:
    """Rendered stills, enough for the epoch and a validation subject, prepared at the size training reads."""
    per_subject = 16
    subjects = -(-scale.batches * scale.batch_size // per_subject) * 10 // 7 + 3
    side = min(256, scale.input_size * 8 // 7)
    made = synthesize(
        folder / "stills", SynthOptions(subjects=subjects, per_subject=per_subject, size=side), Reporter()
    )
    return prepare(made, folder / "prepared", PrepareOptions(detect="never", size=side))


def measure(scale: Scale = FULL) -> dict[str, Any]:
    """All figures."""
    figures = step_figures(scale)
    with tempfile.TemporaryDirectory() as folder:
        figures |= epoch_figures(Path(folder), scale)
    return {**figures, "batch_size": scale.batch_size, "cvxpy_solver": _default_solver()}


def _default_solver() -> str:
    """Which solver CVXPY takes for SparseMax when none is named."""
    layer = RowByRow(4)
    layer(torch.arange(4.0)[None])
    return f"{layer.problem.solver_stats.solver_name} (cvxpy {metadata.version('cvxpy')})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    flags = parser("Cost of a training step")
    flags.add_argument("--quick", action="store_true", help="smaller batches, fewer rounds")
    given = flags.parse_args(arguments)
    finish(measure(QUICK if given.quick else FULL), given.json)


if __name__ == "__main__":
    main()
