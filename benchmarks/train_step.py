"""What one training step costs: AVCE against supervised, the authors' way against ours, and the epoch against its steps.

``python -m benchmarks.train_step --json FILE [--quick]``: AlexNet at 224 px. Figures, all from one run:

- ``avce_vs_supervised``: AVCE's step over the supervised step (wanted: 1.10 at most);
- ``authors_vs_avce``: the authors' step, rebuilt below from its description, over AVCE's (wanted: 3.5 at least);
  ``authors_once_vs_avce``: the same, were the views of its second update to cost nothing to solve;
- ``epoch_vs_steps``: an epoch on a prepared set, loader included, over as many steps on a batch that is at hand (wanted:
  1.15 at most); ``first_epoch_vs_steps``: the epoch in which crops are still being decoded.

What is compared is measured in turns, A B A B, and each ratio is the median over neighbours, so that a machine that
slows down or speeds up does so for both.
"""

from __future__ import annotations

import os

# Before torch loads; see avce.cli.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cvxpy as cp
import torch
from torch import Tensor

from avce.data.loader import Batch, TrainLoader
from avce.data.prepare import prepare
from avce.data.prepared import Prepared
from avce.data.synthetic import synthesize
from avce.methods import build_method
from avce.methods.avce import Avce
from avce.objectives.agreement import agreement
from avce.objectives.contrast import avce_objective
from avce.options import Backbone, Method, PrepareOptions, Split, SynthOptions, TrainOptions, train_options
from avce.progress import Reporter
from avce.training.engine import Engine
from avce.transforms import softmax
from avce.transforms.programs import sparsemax_problem
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
    authors_rounds: int = 3
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

    Rebuilt from the description of their code: SparseMax through CVXPY with its default solver, SoftMax in closed form,
    gradients by implicit differentiation of the optimality conditions; then a second update on the regulariser, for
    which the feature and its views are computed anew, as the weights have moved.

    Args:
        options: With the authors' switches.
        is_second_solved: Whether the second update solves its rows too; without, it takes the closed form.
    """

    def __init__(self, options: TrainOptions, *, is_second_solved: bool = True) -> None:
        super().__init__(options)
        if not isinstance(self.method, Avce):
            raise TypeError(f"options.method: expected avce, got {options.method.value}")
        self.avce: Avce = self.method
        self.layer = RowByRow(options.feature_dim)
        self.is_second_solved = is_second_solved

    def step(self, batch: Batch) -> None:
        """Both updates."""
        method, options = self.avce, self.avce.options
        self.engine.begin_step()
        z = method.feature(batch.images)
        x = method.R(z)
        supervised, _ = agreement(x, batch.targets, batch.weights, options)
        contrast = avce_objective(x, method.H(self.layer(z)), method.H(softmax(z)), options.avce)
        self.engine.update(supervised - options.avce.weight * contrast, "main", "heads")
        z = method.feature(batch.images)
        z_a = self.layer(z) if self.is_second_solved else method.views(z)[0]
        regulariser = method._hold_push(z, z_a, softmax(z))  # noqa: SLF001 - the same regulariser, to the letter
        self.engine.update(options.avce.hold_push_weight * regulariser, "main", "metric")
        self.engine.end_step()


class RowByRow:
    """SparseMax as a layer that solves one CVXPY problem per row and differentiates its optimality conditions."""

    def __init__(self, dim: int) -> None:
        self.problem, self.parameter, self.variable = sparsemax_problem(dim)

    def __call__(self, z: Tensor) -> Tensor:
        """z_a, ``(B, d)``, differentiable in z."""
        rows = [self._solve(row) for row in z.detach()]
        jacobian = torch.stack([_jacobian(y) for y, _ in rows])
        # one Newton step on the residual changes nothing, but lets autograd see how it depends on z
        y = torch.stack([y - _residual(y, scores) for (y, _), scores in zip(rows, z, strict=True)])
        y.register_hook(lambda grad: torch.linalg.solve(jacobian.transpose(1, 2), grad))
        return y[:, : z.shape[1]]

    def _solve(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        self.parameter.value = scores.double().numpy()
        self.problem.solve()  # type: ignore[no-untyped-call]
        positive, whole = (torch.as_tensor(c.dual_value).reshape(-1) for c in self.problem.constraints)
        p = torch.as_tensor(self.variable.value)
        return torch.cat([p, positive, whole]).to(scores), scores


def _residual(y: Tensor, scores: Tensor) -> Tensor:
    """Optimality conditions of min ½‖p‖² − ⟨z, p⟩, p >= 0, Σ p = 1 at ``y = (p, λ, ν)``."""
    n = len(scores)
    p, multipliers, level = y[:n], y[n:-1], y[-1]
    return torch.cat([p - scores - multipliers + level, -multipliers * p, p.sum()[None] - 1])


def _jacobian(y: Tensor) -> Tensor:
    """Of the residual in y, lightly regularised where p and λ are both zero."""
    n = (len(y) - 1) // 2
    jacobian: Tensor = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
        lambda at: _residual(at, torch.zeros(n)), y
    )
    return jacobian + 1e-6 * torch.eye(len(y))


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


def in_turns(a: Callable[[], object], b: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Median of a / b over neighbours, and the median seconds of both; one turn of each to warm up."""
    times: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        marks = [time.perf_counter()]
        for work in (a, b):
            work()
            marks.append(time.perf_counter())
        times.append((marks[1] - marks[0], marks[2] - marks[1]))
    kept = times[1:]
    return median(x / y for x, y in kept), median(x for x, _ in kept), median(y for _, y in kept)


def step_figures(scale: Scale) -> dict[str, float]:
    """AVCE against supervised, the authors' step against AVCE's."""
    batch = random_batch(scale)
    ours = Stepper(options_for(Method.AVCE, scale))
    supervised = Stepper(options_for(Method.SUPERVISED, scale))
    ratio, ours_s, supervised_s = in_turns(
        lambda: ours.step(batch), lambda: supervised.step(batch), scale.rounds
    )
    figures = {"avce_vs_supervised": ratio, "avce_step_s": ours_s, "supervised_step_s": supervised_s}
    for name, is_second_solved in (("authors", True), ("authors_once", False)):
        theirs = AuthorsStepper(
            options_for(Method.AVCE, scale, is_authors=True), is_second_solved=is_second_solved
        )
        ratio, theirs_s, _ = in_turns(
            lambda theirs=theirs: theirs.step(batch),  # type: ignore[misc]
            lambda: ours.step(batch),
            scale.authors_rounds,
        )
        figures |= {f"{name}_vs_avce": ratio, f"{name}_step_s": theirs_s}
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
    start = time.perf_counter()
    epoch()
    first_s = time.perf_counter() - start
    start = time.perf_counter()
    steps()
    first = first_s / (time.perf_counter() - start)
    epochs = iter(range(1, scale.epochs + 2))
    ratio, epoch_s, steps_s = in_turns(epoch, steps, scale.epochs)
    return {
        "epoch_vs_steps": ratio,
        "first_epoch_vs_steps": first,
        "epoch_s": epoch_s,
        "steps_s": steps_s,
    }


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
    problem, parameter, _ = sparsemax_problem(4)
    parameter.value = [0.0, 1.0, 2.0, 3.0]
    problem.solve()  # type: ignore[no-untyped-call]
    return f"{problem.solver_stats.solver_name} (cvxpy {cp.__version__})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    flags = parser("Cost of a training step")
    flags.add_argument("--quick", action="store_true", help="smaller batches, fewer rounds")
    given = flags.parse_args(arguments)
    finish(measure(QUICK if given.quick else FULL), given.json)


if __name__ == "__main__":
    main()
