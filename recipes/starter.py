"""Train the starter model: AVCE on EfficientNet-Lite0 from ImageNet, with weak and exact labels.

    python -m recipes.starter --faces FOLDER --work FOLDER [--steps N]

FOLDER holds ``fer2013-faces.zip`` and ``faces-weak.zip`` (real faces with categories; their valence and arousal
are weak labels by category) and ``renderav-stills.zip`` (rendered faces with exact labels). Seeded; a stopped
run goes on from its last state. Writes a checkpoint folder and ``report.json``.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from avce.files import replace_folder, write_json
from avce.methods import build_method
from avce.methods.avce import Avce
from avce.methods.base import as_floats
from avce.metrics.protocols import score
from avce.objectives.agreement import agreement
from avce.objectives.contrast import avce_objective
from avce.options import TrainOptions
from avce.training.checkpoint import save_checkpoint
from avce.training.engine import WeightAverage
from avce.training.schedule import learning_rate_factor
from avce.training.state import below, named, pack_optimizer, unpack_optimizer
from recipes.pools import CATEGORIES, NO_CATEGORY, Pool, augment, plain, read_pool

SIZE = 96
OPTIONS = TrainOptions.parse(
    {
        "method": "avce", "backbone": "efficientnet_lite0", "pretrained": "imagenet", "input_size": SIZE, "grey": True,
        "batch_size": 48, "learning_rate": 6e-4, "head_learning_rate": 4e-3, "weight_decay": 0.02, "dropout": 0.2,
        "ema_decay": 0.998, "augment": "strong", "pcc_weight": 0.5, "ccc_weight": 0.5, "mse_weight": 2.0, "seed": 7,
    }
)  # fmt: skip
SHARES = {"fer": 24, "photographs": 10, "rendered": 14}
ARCHIVES = {
    "fer": ("fer2013-faces.zip", 0.5),
    "photographs": ("faces-weak.zip", 0.5),
    "rendered": ("renderav-stills.zip", 1.0),
}
CATEGORY_WEIGHT = 0.5
CONTRAST_WEIGHT = 0.02
SAVE_EVERY = 50
FILM_FRAMES_LABELLER = "jhamski"


CROP_MARGIN = 0.05
"""The default detector's longer side is .95 (FER2013), .92 (photographs) and .86 (rendered) of these pictures' side
(medians of 250 each), so a crop with this margin looks as the pictures of training did."""


def read_pools(folder: Path, split: str, leave_out: str = "") -> dict[str, Pool]:
    """The sources but one; the rendered one has no test split of its own, so its validation subjects stand in."""
    return {
        name: read_pool(
            folder / archive,
            "val" if name == "rendered" and split == "test" else split,
            weight=weight,
            size=SIZE + 16,
        )
        for name, (archive, weight) in ARCHIVES.items()
        if name != leave_out
    }


def normalise(grey: Tensor) -> Tensor:
    """Three equal channels with ImageNet's statistics, as :func:`avce.data.loader.to_input` gives for grey."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    return ((grey.expand(-1, 3, -1, -1) - mean) / std).contiguous(memory_format=torch.channels_last)


class Starter(nn.Module):
    """The AVCE method with a head for categories beside it, which teaches the encoder and is not shipped."""

    def __init__(self) -> None:
        super().__init__()
        method = build_method(OPTIONS)
        if not isinstance(method, Avce):
            raise TypeError(f"expected the method avce, got {type(method).__name__}")
        self.method = method
        self.category = nn.Linear(1280, len(CATEGORIES))

    def loss(
        self, images: Tensor, targets: Tensor, weights: Tensor, categories: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Agreement with the labels, category cross entropy, AVCE contrast and hold/push."""
        features = self.method.encoder(images)
        z = self.method.bottleneck(features)
        z_a, z_n = self.method.views(z)
        x = self.method.R(z)
        supervised, parts = agreement(x, targets, weights, OPTIONS)
        named = F.cross_entropy(
            self.category(F.dropout(features, 0.2, self.training)),
            categories,
            ignore_index=NO_CATEGORY,
            label_smoothing=0.1,
        )
        contrast = avce_objective(x, self.method.H(z_a), self.method.H(z_n), OPTIONS.avce)
        regulariser = self.method._hold_push(z, z_a, z_n)  # noqa: SLF001 - the recipe is the method's own
        total = supervised + CATEGORY_WEIGHT * named - CONTRAST_WEIGHT * contrast + 0.01 * regulariser
        return total, as_floats({"loss": total, "ccc": parts["ccc"], "category": named, "avce": contrast})


def draw(
    pools: dict[str, Pool], balances: dict[str, Tensor], step: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The batch of one step; its random numbers depend on the seed and the step alone."""
    generator = torch.Generator().manual_seed(OPTIONS.seed * 1_000_003 + step)
    images, targets, weights, categories = [], [], [], []
    for name, pool in pools.items():
        rows = torch.multinomial(balances[name], SHARES[name], replacement=True, generator=generator)
        images.append(augment(pool.images[rows], SIZE, generator))
        targets.append(pool.targets[rows])
        categories.append(pool.categories[rows])
        weights.append(torch.full((len(rows),), pool.weight))
    return normalise(torch.cat(images)), torch.cat(targets), torch.cat(weights), torch.cat(categories)


def run(faces: Path, work: Path, steps: int, leave_out: str = "") -> None:
    """Train, or go on, until ``steps``; then calibrate, measure and write.

    With ``leave_out`` a source is neither trained nor calibrated on, and measured all the same.
    """
    torch.manual_seed(OPTIONS.seed)
    pools = read_pools(faces, "train", leave_out)
    balances = {name: pool.balance() for name, pool in pools.items()}
    model = Starter().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = WeightAverage(model, OPTIONS.ema_decay)
    encoder = list(model.method.encoder.parameters())
    heads = [p for name, p in model.named_parameters() if not name.startswith("method.encoder.")]
    peaks = (OPTIONS.learning_rate, OPTIONS.head_learning_rate)
    optimizer = torch.optim.AdamW(
        [{"params": encoder}, {"params": heads}], weight_decay=OPTIONS.weight_decay, betas=OPTIONS.betas
    )
    start = _resume(work, model, average, optimizer)
    model.train()
    clock = time.monotonic()
    for step in range(start, steps):
        factor = learning_rate_factor("one_cycle", step, steps)
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * factor
        torch.manual_seed(OPTIONS.seed * 7_000_003 + step)  # dropout
        loss, parts = model.loss(*draw(pools, balances, step))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update(model, step + 1)
        if (step + 1) % SAVE_EVERY == 0:
            _save(work, model, average, optimizer, step + 1)
            pace = (time.monotonic() - clock) / (step + 1 - start)
            line = " ".join(f"{name} {value:.3f}" for name, value in parts.items())
            print(
                f"step {step + 1}/{steps} {line} {pace:.2f} s/step, eta {pace * (steps - step - 1) / 60:.0f} min",
                flush=True,
            )
    model.load_state_dict(average.weights)
    model.eval()
    finish(model.method, faces, work, steps, leave_out)


def _save(
    work: Path, model: nn.Module, average: WeightAverage, optimizer: torch.optim.Optimizer, step: int
) -> None:
    packed, _ = pack_optimizer(optimizer)  # AdamW keeps tensors only
    tensors = named("model.", model.state_dict()) | named("average.", average.weights)
    tensors |= named("optimizer.", packed)
    with replace_folder(work / "resume") as fresh:
        save_file({k: v.detach().contiguous() for k, v in tensors.items()}, fresh / "state.safetensors")
        write_json(fresh / "state.json", {"step": step, "options": OPTIONS.model_dump(mode="json")})


def _resume(work: Path, model: nn.Module, average: WeightAverage, optimizer: torch.optim.Optimizer) -> int:
    folder = work / "resume"
    if not (folder / "state.json").is_file():
        return 0
    tensors = load_file(folder / "state.safetensors")
    model.load_state_dict(below("model.", tensors))
    average.weights = below("average.", tensors)
    unpack_optimizer(optimizer, below("optimizer.", tensors), {})
    return int(json.loads((folder / "state.json").read_text("utf-8"))["step"])


@torch.inference_mode()
def predict(method: Avce, pool: Pool, *, mirror: bool = False, shift_px: int = 0) -> Tensor:
    """Predictions for a pool, optionally of mirrored or shifted pictures."""
    parts = []
    for chunk in torch.split(pool.images, 64):
        x = plain(chunk, SIZE)
        if mirror:
            x = x.flip(-1)
        if shift_px:
            x = torch.roll(x, shift_px, dims=-1)
        parts.append(method(normalise(x)))
    return torch.cat(parts)


def finish(method: Avce, faces: Path, work: Path, steps: int, leave_out: str = "") -> None:
    """Move the neutral face to (0, 0), measure, write the checkpoint in half precision and the report."""
    validation = read_pools(faces, "val", leave_out)
    neutral = torch.cat(
        [
            predict(method, _only(pool, pool.categories == CATEGORIES.index("neutral")))
            for name, pool in validation.items()
            if name != "rendered"
        ]
    ).mean(0)
    with torch.no_grad():
        method.R.out.bias.sub_(neutral)
    report = {
        "steps": steps,
        "left_out": leave_out,
        "neutral_shift": neutral.tolist(),
        **measure(method, read_pools(faces, "test")),
    }
    half = {k: v.half() if v.is_floating_point() else v for k, v in method.state_dict().items()}
    info = {
        "crop": {"margin": CROP_MARGIN, "size": 128},
        "epoch": 1,
        "rule": "last step, averaged weights",
        "validation": {},
        "name": "starter",
    }
    save_checkpoint(work / "starter", half, OPTIONS.model_copy(update={"pretrained": "none"}), info)
    write_json(work / "report.json", report)
    print(json.dumps(report, indent=1))


def _only(pool: Pool, keep: Tensor) -> Pool:
    rows = torch.nonzero(keep)[:, 0].tolist()
    return Pool(
        pool.images[rows], pool.targets[rows], pool.categories[rows], pool.weight,
        tuple(pool.groups[r] for r in rows), tuple(pool.source[r] for r in rows),
    )  # fmt: skip


def measure(method: Avce, pools: dict[str, Pool]) -> dict[str, Any]:
    """Figures per source, and how far mirrors and small shifts move the answer."""
    film = torch.tensor([FILM_FRAMES_LABELLER in source for source in pools["photographs"].source])
    pools = pools | {"photographs without film frames": _only(pools["photographs"], ~film)}
    figures: dict[str, Any] = {}
    for name, pool in pools.items():
        pred = predict(method, pool)
        scored = score(
            pred.double().clamp(-1, 1).numpy(), pool.targets.double().numpy(), protocol="concatenated"
        )
        mirrored, shifted = predict(method, pool, mirror=True), predict(method, pool, shift_px=3)
        figures[name] = {
            "n": len(pool),
            **{
                axis: {k: round(float(v), 4) for k, v in values.items()}
                for axis, values in scored.items()
                if isinstance(values, dict)
            },
            "mean_move_mirror": (pred - mirrored).abs().mean(0).tolist(),
            "mean_move_shift_3px": (pred - shifted).abs().mean(0).tolist(),
            "mean": pred.mean(0).tolist(),
            "sd": pred.std(0).tolist(),
        }
        if (pool.categories >= 0).any():
            figures[name]["mean_by_category"] = {
                CATEGORIES[c]: pred[pool.categories == c].mean(0).tolist()
                for c in torch.unique(pool.categories).tolist()
            }
    return figures


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faces", type=Path, required=True, help="folder of the three archives")
    parser.add_argument("--work", type=Path, required=True, help="folder for state, checkpoint and report")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument(
        "--leave-out", choices=sorted(SHARES), default="", help="train without one source, to test on it"
    )
    arguments = parser.parse_args()
    if not math.isfinite(arguments.steps) or arguments.steps < 1:
        parser.error("--steps: expected a positive number")
    arguments.work.mkdir(parents=True, exist_ok=True)
    run(arguments.faces, arguments.work, arguments.steps, arguments.leave_out)


if __name__ == "__main__":
    main()
