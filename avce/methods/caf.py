"""CAF (Kim & Song, AAAI 2021), the second baseline: supervised regression against a critic of intensity.

Networks as described: regressor F→64→8→2 with dropout, critic F→64→32→16, F the encoder's feature. The encoder is the
one chosen (the original: AlexNet). Two updates per batch: the critic on detached features, then encoder and
regressor on RMSE_v + RMSE_a + PCC and CCC terms − .1 · mean(D(encoder(weak))). Our choices: ReLU between layers, and
what :mod:`avce.objectives.adversarial` lists. Optimiser, schedule and augmentation are those of the run, so that
methods compare; the original's are those of preset ``authors`` with schedule ``caf_step`` and 131 epochs. Predictions
come from encoder and regressor, each with its own weights (the public evaluator mixes them up).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from avce.methods.base import Engine, Method, TrainBatch, as_floats, main_optimizer
from avce.models.encoders import build_encoder
from avce.objectives.adversarial import ADVERSARIAL_WEIGHT, RHO, critic_terms, split_by_intensity
from avce.objectives.agreement import rmse_agreement
from avce.options import TrainOptions


class Caf(Method):
    """Encoder, regressor and critic; Λ is a buffer, so that checkpoints carry it."""

    multiplier: Tensor

    def __init__(self, options: TrainOptions) -> None:
        super().__init__(options)
        encoder = build_encoder(options.backbone, options=options)
        self.encoder = encoder
        self._map_layer = (encoder.map_layer,)  # in a tuple, so that its weights are not registered twice
        self.regressor = nn.Sequential(
            nn.Linear(encoder.out_features, 64),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(64, 8),
            nn.ReLU(),
            nn.Linear(8, 2),
        )
        self.critic = nn.Sequential(
            nn.Linear(encoder.out_features, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 16)
        )
        self.register_buffer("multiplier", torch.zeros(()))

    def forward(self, images: Tensor) -> Tensor:
        """Prediction, ``(B, 2)``."""
        x: Tensor = self.regressor(self.encoder(images))
        return x

    @property
    def map_layer(self) -> nn.Module:
        """The encoder's last convolutional map."""
        return self._map_layer[0]

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """``main`` for encoder and regressor, ``critic`` for D."""
        return {
            "main": main_optimizer([*self.encoder.parameters(), *self.regressor.parameters()], self.options),
            "critic": main_optimizer(self.critic.parameters(), self.options),
        }

    def training_step(self, batch: TrainBatch, engine: Engine) -> dict[str, float]:
        """Critic first, then encoder and regressor; a batch without strong or weak emotions only regresses."""
        features = self.encoder(batch.images)
        # a label without weight must not show in the split either
        labelled = (batch.weights > 0).nonzero().squeeze(1)
        strong, weak = (labelled[part] for part in split_by_intensity(batch.targets[labelled]))
        has_both = min(len(strong), len(weak)) >= 2
        critic_loss = features.new_zeros(())
        if has_both:
            critic_loss = self._critic_step(features.detach(), strong, weak, engine)
        loss, parts = rmse_agreement(self.regressor(features), batch.targets, batch.weights, self.options)
        adversarial = -self.critic(features[weak]).float().mean() if has_both else features.new_zeros(())
        engine.update(loss + ADVERSARIAL_WEIGHT * adversarial, "main")
        return as_floats({"loss": loss, **parts, "critic": critic_loss, "adversarial": adversarial})

    def _critic_step(self, features: Tensor, strong: Tensor, weak: Tensor, engine: Engine) -> Tensor:
        embedded = self.critic(features).float()
        terms = critic_terms(embedded[strong], embedded[weak], self.multiplier)
        engine.update(terms.loss, "critic")
        self.multiplier += RHO * terms.excess
        return terms.loss


def build(options: TrainOptions) -> Method:
    """Entry of the table of methods."""
    return Caf(options)
