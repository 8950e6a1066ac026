"""One training loop for every method: seeds, schedule, validation, best checkpoint, resume.

A run is a pure function of its options and its data: every step draws its random numbers from ``(seed, step)``
and every picture its own from ``(seed, epoch, row)``, so a run that was cut anywhere and resumed ends with the
same weights, bit for bit on a CPU, as one that was not.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from avce.data.batches import batch_size_for
from avce.data.loader import Batch, eval_batches, train_loader
from avce.data.prepared import Prepared
from avce.data.sequences import sequences_of
from avce.errors import DataError, DomainError, OptionError
from avce.files import finite, replace_folder, write_json
from avce.methods.base import Method
from avce.methods.clips import ClipMethod
from avce.metrics.protocols import score
from avce.options import Axis, Split, TrainOptions
from avce.progress import Reporter
from avce.training.checkpoint import save_checkpoint
from avce.training.engine import Engine
from avce.training.folder import BEST_FOLDER
from avce.training.parallel import check_parallel, team
from avce.training.provenance import git_revision
from avce.training.start import start_method

RESUME_FOLDER = "resume"
KEPT_FOLDER = "kept"
"""Below it a checkpoint per kept epoch, under its number."""

HISTORY_FILE = "history.json"
EVAL_BATCH = 128
SAVE_EVERY_S = 60.0
"""Longest training time that a killed run has to do again."""


def rule_of(options: TrainOptions) -> str:
    """How the best checkpoint of a run is chosen, in words."""
    by = "" if options.avce.validation_protocol == "concatenated" else ", computed as in the authors' code"
    return f"mean CCC of valence and arousal on the validation split{by}, the highest wins"


@dataclass(frozen=True)
class TrainResult:
    """What a finished run leaves behind.

    Attributes:
        best: Folder of the best checkpoint.
        metrics: Its validation figures: ``{"valence": {"rmse", "sagr", "pcc", "ccc", …}, "arousal": …}``.
        best_epoch: Epoch in which it was reached, counted from 1.
        epochs_run: Epochs that were trained, over all attempts.
        rule: How it was chosen.
    """

    best: Path
    metrics: dict[str, Any]
    best_epoch: int
    epochs_run: int
    rule: str


@dataclass
class _Progress:
    """Where a run is; stored with the resume state."""

    epoch: int = 0
    batch: int = 0
    """Batches of the current epoch that are done."""
    sums: dict[str, float] = field(default_factory=dict)
    """Sums of the losses since the last validation."""
    best_epoch: int = 0
    best_score: float = -math.inf
    best_metrics: dict[str, Any] | None = None


def train(
    options: TrainOptions, data: Prepared, out: Path, reporter: Reporter | None = None, *, resume: bool = True
) -> TrainResult:
    """Train one method on prepared data.

    Args:
        options: The complete run.
        data: Face crops with labels; needs samples in the splits train and val.
        out: Folder for ``best/`` (the checkpoint), ``history.json`` and, while running, ``resume/``.
        reporter: Gets progress, log lines and metric points; its ``check`` stops the run between batches.
        resume: Go on from ``out/resume`` where it holds a state of the same options and data.

    Raises:
        DataError: A split is empty or too small.
        CancelledError: The user asked to stop; the resume state stays.
        DomainError: The loss became infinite or nan.
    """
    run = _Run(options, data, out, reporter or Reporter())
    if resume:
        run.try_resume()
    return run.finish()


class _Run:
    def __init__(self, options: TrainOptions, data: Prepared, out: Path, reporter: Reporter) -> None:
        if options.num_threads:
            torch.set_num_threads(options.num_threads)
        self.options, self.data, self.out, self.reporter = options, data, out, reporter
        self.val_rows = data.rows(Split.VAL)
        train_rows = data.rows(Split.TRAIN)
        batch_size = batch_size_for(len(train_rows), options.batch_size)
        options = options.model_copy(update={"batch_size": batch_size})
        processes = team()
        self.rank, world = processes.process_index, processes.num_processes
        if self.rank:
            self.reporter = Reporter()
        check_parallel(options, world)
        self.loader = train_loader(data, train_rows, options, rank=self.rank, world=world)
        if len(self.loader) == 0:
            raise DataError(
                f"{data.folder}: the training split needs at least 2 faces, has {len(train_rows)}"
            )
        torch.manual_seed(options.seed)
        method, start = start_method(options)
        if start is not None:
            self.reporter.log(f"starts from {start}")
        self.engine = Engine(method, options, options.epochs * len(self.loader))
        self.method: Method = method
        self.at = _Progress()
        self.history: list[dict[str, float]] = []
        self.saved_at = time.monotonic()

    # the outer loop -------------------------------------------------------------------------------------------

    def finish(self) -> TrainResult:
        self.reporter.stage("train")
        self.reporter.log(
            f"{self.options.method.value} on {self.options.backbone.value},"
            f" {sum(p.numel() for p in self.method.parameters()):,} weights, {len(self.loader)} steps per epoch,"
            f" device {self.engine.device}"
        )
        while self.at.epoch < self.options.epochs and not self._is_stale():
            self._train_stretch()
            if self.engine.step == self._next_validation():
                self._validate()
            if self.at.batch == len(self.loader):
                self.at.epoch, self.at.batch = self.at.epoch + 1, 0
                self._save_resume_state()
        if self.at.best_metrics is None:
            raise DomainError(
                f"{self.data.folder}: no epoch gave a defined CCC on validation; the labels there may be constant"
            )
        self.engine.wait()
        best = self.out / BEST_FOLDER
        rule = rule_of(self.options)
        return TrainResult(best, self.at.best_metrics, self.at.best_epoch, self.at.epoch, rule)

    def _is_stale(self) -> bool:
        patience = self.options.early_stopping_epochs
        judged_epoch = self.history[-1]["epoch"] if self.history else 0
        stale = bool(patience) and judged_epoch - self.at.best_epoch >= patience
        if stale:
            self.reporter.log(f"stopped early: no better {rule_of(self.options)} for {patience} epochs")
        return stale

    @property
    def _judged_step(self) -> int:
        """Iteration of the last validation."""
        return int(self.history[-1]["step"]) if self.history else 0

    def _next_validation(self) -> int:
        """Iteration of the next validation; the run's last iteration is always one."""
        every = self.options.validate_every or len(self.loader)
        return min(self._judged_step + every, self.engine.total_steps)

    def _train_stretch(self) -> None:
        """Train until the next validation, or the end of the epoch if that comes first."""
        at, per_epoch = self.at, len(self.loader)
        self.method.train(not (self.options.avce.keep_eval_after_validation and self.history))
        steps = min(self._next_validation() - self.engine.step, per_epoch - at.batch)
        for batch in islice(self.loader.epoch(at.epoch, start=at.batch), steps):
            losses = self._step(batch)
            at.batch += 1
            at.sums = {name: at.sums.get(name, 0.0) + value for name, value in losses.items()}
            self._check_finite(losses)
            self.reporter.progress(
                self.engine.step,
                self.engine.total_steps,
                f"epoch {at.epoch + 1}/{self.options.epochs}, {_brief(losses)}",
            )
            if time.monotonic() - self.saved_at > SAVE_EVERY_S:
                self._save_resume_state()

    def _step(self, batch: Batch) -> dict[str, float]:
        torch.manual_seed(self.options.seed * 1_000_003 + self.engine.step + self.rank * 998_244_353)
        self.engine.begin_step()
        self.method.done = self.engine.step / self.engine.total_steps
        with self.engine.autocast():
            losses = self.method.training_step(batch.to(self.engine.device), self.engine)
        self.engine.end_step()
        return losses

    def _check_finite(self, losses: Mapping[str, float]) -> None:
        broken = [name for name, value in losses.items() if not math.isfinite(value)]
        if broken:
            raise DomainError(
                f"epoch {self.at.epoch + 1}: {', '.join(broken)} became infinite or nan; lower the learning rate"
                f" (now {self.options.learning_rate:g}) or grad_clip (now {self.options.grad_clip:g}; 0 clips nothing)"
            )

    def _validate(self) -> None:
        epoch, step = self.at.epoch + 1, self.engine.step
        losses = {name: value / (step - self._judged_step) for name, value in self.at.sums.items()}
        self.engine.agree_on_buffers()
        with self._weights_to_judge():
            pred, target = predict_rows(
                self.method, self.data, self.val_rows, self.options, self.engine.device
            )
            metrics = score(pred, target, protocol=self.options.avce.validation_protocol)
            mean_ccc = float(np.mean([metrics[axis.value]["ccc"] for axis in Axis]))
            is_best = mean_ccc > self.at.best_score
            if is_best:
                self.at.best_score, self.at.best_epoch, self.at.best_metrics = mean_ccc, epoch, metrics
                if not self.rank:
                    save_checkpoint(
                        self.out / BEST_FOLDER, self.method.state_dict(), self.options, self._card(metrics)
                    )
            self._keep(metrics)
        point = {f"train/{name}": value for name, value in losses.items()}
        point |= {
            f"val/{name}_{axis.value}": float(metrics[axis.value][name])
            for axis in Axis
            for name in ("ccc", "pcc", "rmse")
        }
        point["val/mean_ccc"] = mean_ccc
        self.at.sums = {}
        self.history.append({"epoch": epoch, "step": step, **point})
        self.reporter.metrics(step, point, epoch=step / len(self.loader))
        self.reporter.log(
            f"epoch {epoch}{f', step {step}' if self.options.validate_every else ''}: {_brief(losses)}, validation CCC valence {point['val/ccc_valence']:.3f},"
            f" arousal {point['val/ccc_arousal']:.3f}{' (best)' if is_best else ''}"
        )

    def _keep(self, metrics: Mapping[str, Any]) -> None:
        """Keep the weights of every n-th epoch; one that is judged more than once stays as it was last."""
        every, epoch = self.options.keep_every, self.at.epoch + 1
        if every and epoch % every == 0 and not self.rank:
            card = self._card(metrics) | {"epoch": epoch, "rule": f"every {every} epochs"}
            folder = self.out / KEPT_FOLDER / f"{epoch:06d}"
            save_checkpoint(folder, self.method.state_dict(), self.options, card)

    @contextmanager
    def _weights_to_judge(self) -> Iterator[None]:
        """Averaged weights in place of the current ones, restored afterwards, and eval mode, which the next stretch ends."""
        average = self.engine.average
        current = {k: v.clone() for k, v in self.method.state_dict().items()} if average else None
        if average:
            self.method.load_state_dict(average.weights)
        self.method.eval()
        try:
            yield
        finally:
            if current is not None:
                self.method.load_state_dict(current)

    def _card(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        recipe = self.data.card.get("recipe", {})
        return {
            "crop": {"margin": float(recipe.get("margin", 0.25)), "size": int(recipe.get("size", 128))},
            "data": {"fingerprint": self.data.fingerprint, "layout": self.data.card.get("layout")},
            "epoch": self.at.best_epoch,
            "step": self.engine.step,
            "rule": rule_of(self.options),
            "validation": metrics,
            "git_revision": git_revision(),
        }

    # resume ---------------------------------------------------------------------------------------------------

    def _identity(self) -> dict[str, Any]:
        return {"options": self.options.model_dump(mode="json"), "data": self.data.fingerprint}

    def _save_resume_state(self) -> None:
        self.saved_at = time.monotonic()
        if self.rank:
            return
        tensors, plain = self.engine.state()
        with replace_folder(self.out / RESUME_FOLDER) as fresh:
            save_file(tensors, fresh / "state.safetensors")
            write_json(
                fresh / "state.json",
                {"identity": self._identity(), "engine": plain, "at": vars(self.at), "history": self.history},
            )
        write_json(self.out / HISTORY_FILE, finite(self.history))

    def try_resume(self) -> None:
        folder = self.out / RESUME_FOLDER
        if not (folder / "state.json").is_file():
            return
        kept = json.loads((folder / "state.json").read_text("utf-8"))
        if _completed(kept["identity"]) != self._identity():
            self.reporter.log(f"{folder} belongs to another run (other options or data): starting afresh")
            return
        self.engine.load_state(load_file(folder / "state.safetensors"), kept["engine"])
        self.at, self.history = _Progress(**kept["at"]), kept["history"]
        self.reporter.log(f"resumed in epoch {self.at.epoch + 1}, after {self.at.batch} of its batches")


def _completed(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What a run was, with options that came later at the values that it was trained with: their defaults."""
    try:
        options = TrainOptions.parse(identity["options"]).model_dump(mode="json")
    except OptionError:
        return dict(identity)
    return {**identity, "options": options}


@torch.inference_mode()
def predict_rows(
    method: Method, data: Prepared, rows: np.ndarray, options: TrainOptions, device: torch.device | str
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and labels of chosen rows, both ``(n, 2)`` float64, in the order of ``rows``."""
    network = method.encoder if isinstance(method, ClipMethod) else method
    out, target = [], []
    for batch in eval_batches(data, rows, options, EVAL_BATCH):
        images = batch.images.to(device, memory_format=torch.channels_last)
        out.append(network(images))
        target.append(batch.targets.double().numpy())
    values = torch.cat(out)
    if isinstance(method, ClipMethod):
        values = method.values_of_sequences(values, sequences_of(data.samples, rows))
    return values.double().clamp(-1, 1).cpu().numpy(), np.concatenate(target)


def _brief(losses: Mapping[str, float]) -> str:
    return (
        f"loss {losses['loss']:.4f}"
        if "loss" in losses
        else ", ".join(f"{k} {v:.4f}" for k, v in losses.items())
    )
