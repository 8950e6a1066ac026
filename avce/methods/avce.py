"""AVCE (Kim & Song, ECCV 2022): supervised regression plus the contrast of attentive and inattentive view.

``z = encoder → bottleneck``; ``z_a = Sp(z)``, ``z_n = Sm(z)``; ``x = R(z)``, ``y_a = H(z_a)``, ``y_n = H(z_n)``.
Inference is encoder → R only. By default one backward pass takes the whole loss

    agreement(x, label) − weight · AVCE(x, y_a, y_n) + hold_push_weight · (push + hold_weight · hold);

with ``two_step`` the regulariser gets the authors' second optimiser step instead.
"""

from __future__ import annotations

import torch
from torch import Tensor

from avce.methods.base import Engine, Method, TrainBatch, as_floats, head_optimizer
from avce.methods.supervised import Supervised
from avce.models.heads import MetricHead, ViewHead
from avce.objectives.agreement import agreement
from avce.objectives.contrast import avce_objective
from avce.objectives.hold_push import hold_push
from avce.options import Head, TrainOptions
from avce.transforms import Solver, best_solver, check_view, transform


class Avce(Supervised):
    """The supervised net with H, shared by both views, and the regulariser's head v."""

    def __init__(self, options: TrainOptions) -> None:
        super().__init__(options)
        self.H = ViewHead(options.feature_dim)
        self.v = MetricHead(options.feature_dim)

    def views(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """z_a and z_n on the simplex, in float32, ``(B, d)`` each."""
        z = z.float()
        names = self.options.avce.attentive_view, self.options.avce.inattentive_view
        z_a, z_n = (transform(z, view=name, solver=self.solver_of(name)) for name in names)
        return z_a, z_n

    def head_output(self, images: Tensor, head: Head) -> Tensor:
        """R reads z; H reads the attentive or the inattentive view."""
        if head is not Head.R:
            y: Tensor = self.H(self.views(self.feature(images))[head is Head.H_N])
            return y
        return super().head_output(images, head)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """``main`` for encoder and R, ``heads`` for H, ``metric`` for v.

        Raises:
            OptionError: A view that does not exist here, or has no such solver. Training ends before it begins; predictions
                come from R alone and need no view.
        """
        for view in (self.options.avce.attentive_view, self.options.avce.inattentive_view):
            check_view(view, self.solver_of(view))
        return {
            **super().optimizers(),
            "heads": head_optimizer(self.H.parameters(), self.options),
            "metric": head_optimizer(self.v.parameters(), self.options),
        }

    def training_step(self, batch: TrainBatch, engine: Engine) -> dict[str, float]:
        """One combined step, or the authors' two."""
        options = self.options.avce
        z = self.feature(batch.images)
        z_a, z_n = self.views(z)
        x = self.R(z)
        supervised, parts = agreement(x, batch.targets, batch.weights, self.options)
        contrast = avce_objective(x, self.H(z_a), self.H(z_n), options)
        loss = supervised - self._risen(options.weight) * contrast
        if options.two_step:
            engine.update(loss, "main", "heads")
            # the weights have moved, so the feature is computed anew; BN and dropout see the batch a second time
            z = self.feature(batch.images)
            z_a, z_n = self.views(z)
            regulariser = self._hold_push(z, z_a, z_n)
            engine.update(self._risen(options.hold_push_weight) * regulariser, "main", "metric")
        else:
            regulariser = self._hold_push(z, z_a, z_n)
            loss = loss + self._risen(options.hold_push_weight) * regulariser
            engine.update(loss, "main", "heads", "metric")
        return as_floats({"loss": loss, **parts, "avce": contrast, "hold_push": regulariser})

    def _risen(self, weight: float) -> float:
        """A weight at this point of the run, see ``ramp``."""
        ramp = self.options.avce.ramp
        return weight * min(1.0, self.done / ramp) if ramp else weight

    def _hold_push(self, z: Tensor, z_a: Tensor, z_n: Tensor) -> Tensor:
        return hold_push(self.v(z_a), self.v(z_n), self.v(z), self.options.avce)

    def solver_of(self, view: str) -> Solver:
        """The solver asked for; ``exact`` means the best way of a view that has no closed form."""
        options = self.options.avce
        asked: Solver = options.solver
        if options.inattentive_solver != "same" and view == options.inattentive_view:
            asked = options.inattentive_solver
        return best_solver(view) if asked == "exact" else asked


def build(options: TrainOptions) -> Method:
    """Entry of the table of methods."""
    return Avce(options)
