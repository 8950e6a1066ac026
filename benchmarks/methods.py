"""Which method judges faces best: AVCE, CAF, Hasani-style and supervised, same data, same budget, several seeds.

``python -m benchmarks.methods --data PATH --work DIR --json FILE [--recipe quick]
[--epochs N --input-size S --seeds 3] [--ablation]``

Every method gets the same pictures in the same order, the same augmentation, schedule and number of steps, and an
encoder of about .7 million weights (``compact``, while Hasani-style has its own net; recipe ``one_encoder``: that net for all). ``--ablation`` compares settings of AVCE
in the same way; ``--only NAME …`` takes part of either table. ``--train-subjects N`` trains on N of the training subjects and
validates on the same ones as ever. ``--labelled-subjects N`` trains on all of them, with the labels of N: the others' pictures
count in what needs no label (AVCE's contrast, normalisation) and not in the supervised loss. ``--label-noise SD`` adds errors to the labels that are
learnt from, as if by raters who disagree.

How figures are made. Each run predicts the validation subjects with its best epoch. The predictions of all seeds are
*pooled* (one after the other, not averaged): the figures are those of single networks, not of an ensemble. Intervals come
from resampling the validation subjects, with all seeds of a subject together, so they tell how far the result depends on
who was filmed; how far it depends on the seed is shown by ``mean_ccc_of_seeds``. Differences are paired by subject, seed
and picture, with Holm's correction over the rows of the table. The best epoch was chosen on the same subjects; how much
that flatters each run is in ``mean_ccc_of_last_epochs``.

A run lives in its own folder below ``--work``: a finished one is not done again, a cut one goes on where it was.

Figures: ``mean_ccc_<name>``, and for each other row ``<reference>_minus_<name>`` with ``_low``, ``_high`` and ``_p_holm``.
"""

from __future__ import annotations

import os

# Before torch loads; see avce.cli.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import hashlib
import json
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.prepare import prepare
from avce.data.prepared import Prepared
from avce.errors import DataError
from avce.evaluation import predict_split
from avce.files import write_json
from avce.metrics.bootstrap import MEAN, compare, intervals
from avce.metrics.clusters import group_labels
from avce.metrics.protocols import score
from avce.options import FIDELITY, Axis, EvaluateOptions, PrepareOptions, Split, TrainOptions, train_options
from avce.progress import Reporter
from avce.training.checkpoint import load_predictor
from avce.training.loop import HISTORY_FILE, train
from benchmarks._report import finish, parser

RESAMPLES = 10_000
SHOWN = ("rmse", "sagr", "pcc", "ccc")
RESULT_FILE, PREDICTIONS_FILE = "result.json", "predictions.npz"


@dataclass(frozen=True)
class Variant:
    """One row of a table: what differs from the recipe that all rows share.

    Attributes:
        name: Of the row and of the figures.
        given: Fields of :class:`TrainOptions`.
    """

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)


def _avce(name: str, **switches: Any) -> Variant:
    return Variant(name, {"method": "avce", "avce": switches})


METHODS = (
    _avce("avce"),
    *(Variant(name, {"method": name}) for name in ("caf", "hasani", "supervised")),
)
ABLATION = (
    _avce("avce"),
    _avce("weight_0", weight=0.0),
    _avce("weight_1e-4", weight=1e-4),
    _avce("weight_1e-2", weight=1e-2),
    _avce("no_hold_push", hold_push_weight=0.0),
    _avce("entmax15", inattentive_view="entmax15"),
    # solvers give what the closed form gives, to 1e-6 or 3e-5, in many times the time
    _avce("poster", **{**FIDELITY["poster"], "solver": "exact"}),
    _avce("authors", **{**FIDELITY["authors"], "solver": "exact"}),
)
"""The first row is the default: weight 1e-3, Sp and Sm, hold and push, sound form."""
SEARCH = (
    _avce("avce"),
    _avce("weight_1e-1", weight=1e-1),
    _avce("weight_1", weight=1.0),
    _avce("ramp", ramp=0.5),
    _avce("ramp_1e-1", ramp=0.5, weight=1e-1),
    _avce("hold_push_1e-3", hold_push_weight=1e-3),
    _avce("no_hold_push_weight_1e-1", hold_push_weight=0.0, weight=1e-1),
    _avce("shuffled_1e-1", weight=1e-1, product_pairs="shuffled"),
    Variant("heads_sgd_1e-1", {"method": "avce", "head_optimizer": "sgd", "avce": {"weight": 1e-1}}),
    Variant("heads_fast_1e-1", {"method": "avce", "head_learning_rate": 1e-2, "avce": {"weight": 1e-1}}),
)
"""Where else the contrast might help."""
DEPARTURES = (
    _avce("avce"),
    *(
        _avce(name, **{name: value})
        for name, value in FIDELITY["authors"].items()
        if name not in {"weight", "hold_push_weight", "solver", "inattentive_solver"}
    ),
    _avce("solver", **{name: FIDELITY["authors"][name] for name in ("solver", "inattentive_solver")}),
    _avce("hold_push_1", hold_push_weight=FIDELITY["authors"]["hold_push_weight"]),
)
"""The default with one of the departures of the authors' code each."""
TABLES = {"methods": METHODS, "ablation": ABLATION, "search": SEARCH, "departures": DEPARTURES}


_SHORT: dict[str, Any] = {
    "epochs": 8,
    "input_size": 48,
    "batch_size": 32,
    "learning_rate": 3e-3,
    "augment": "poster",
    "ema_decay": 0.98,
}
RECIPES: dict[str, dict[str, Any]] = {
    "short": _SHORT,
    "one_encoder": {**_SHORT, "backbone": "inception_resnet", "bottleneck_norm": "batch"},
    "quick": {},
}
"""Changes to preset quick. ``short`` takes about a minute of processor time per run. ``one_encoder`` gives every method the
net of Hasani-style, so that rows differ by method and not by net, and keeps z alive; about two minutes per run.
``quick`` is the preset itself, about a quarter of an hour, and gets to where its encoder can get."""


def recipe(variant: Variant, seed: int, *, name: str = "short", **given: Any) -> TrainOptions:
    """A recipe of :data:`RECIPES` with a row's differences.

    Args:
        variant: The row.
        seed: Of weights, order and augmentation.
        name: Which recipe.
        given: Fields of :class:`TrainOptions` for all rows; ``None`` means "as the recipe has it".
    """
    shared = {field: value for field, value in given.items() if value is not None}
    return train_options(preset="quick", seed=seed, **{**RECIPES[name], **shared, **variant.given})


def run_once(options: TrainOptions, data: Prepared, folder: Path, reporter: Reporter) -> dict[str, Any]:
    """Train, predict validation, keep both in ``folder``; a finished run of the same options and data is only read.

    Returns:
        ``{"options", "data", "seconds", "best_epoch", "last_mean_ccc"}``; seconds count the last attempt only.
    """
    identity = {"options": options.model_dump(mode="json", exclude={"num_threads"}), "data": data.fingerprint}
    kept = folder / RESULT_FILE
    if kept.is_file():
        result: dict[str, Any] = json.loads(kept.read_text("utf-8"))
        if {name: result[name] for name in identity} == identity:
            return result
    start = time.perf_counter()
    trained = train(options, data, folder, reporter)
    table = predict_split(load_predictor(trained.best), data, EvaluateOptions(split=Split.VAL))
    np.savez(folder / PREDICTIONS_FILE, pred=table[["pred_valence", "pred_arousal"]].to_numpy(np.float64))
    history = json.loads((folder / HISTORY_FILE).read_text("utf-8"))
    result = {
        **identity,
        "seconds": time.perf_counter() - start,
        "best_epoch": trained.best_epoch,
        "last_mean_ccc": history[-1]["val/mean_ccc"],
    }
    write_json(kept, result)  # last, so that its presence means the run is whole
    return result


def run_folder(work: Path, variant: Variant, options: TrainOptions) -> Path:
    """One folder per variant, seed and recipe; compute threads do not count."""
    plain = json.dumps(options.model_dump(mode="json", exclude={"num_threads"}), sort_keys=True)
    return (
        work / "runs" / f"{variant.name}-seed{options.seed}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"
    )


def pooled(runs: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Predictions of all seeds, one after the other, ``(seeds × n, 2)``."""
    return np.concatenate(list(runs))


def compare_rows(
    predictions: Mapping[str, Sequence[NDArray[np.float64]]],
    target: NDArray[np.float64],
    subjects: NDArray[Any],
    *,
    resamples: int = RESAMPLES,
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Figures, table and paired differences; the first row is the reference.

    Args:
        predictions: Row name to one array ``(n, 2)`` per seed; all rows have the same seeds.
        target: Labels, ``(n, 2)``.
        subjects: Subject of each picture, ``(n,)``.
        resamples: Of the subjects.

    Returns:
        Figures by name; a row per name and axis with intervals; a row per other name and axis with reference − name.
    """
    seeds = {len(runs) for runs in predictions.values()}
    if len(seeds) != 1:
        raise ValueError(
            f"predictions: expected the same seeds in every row, got {sorted(seeds)} runs; finish all runs first"
        )
    repeats = seeds.pop()
    labels, groups = np.tile(target, (repeats, 1)), np.tile(subjects, repeats)
    joined = {name: pooled(runs) for name, runs in predictions.items()}
    figures, table = {}, []
    for name, pred in joined.items():
        scored = score(pred, labels)
        bounds = intervals(pred, labels, groups, resamples=resamples)
        figures[f"mean_ccc_{name}"] = float(np.mean([scored[axis]["ccc"] for axis in Axis]))
        table += [
            {"name": name, "axis": axis.value}
            | {figure: scored[axis][figure] for figure in SHOWN}
            | {f"{figure}_interval": list(bounds[axis][figure]) for figure in SHOWN}
            for axis in Axis
        ]
        table[-1]["mean_ccc_of_seeds"] = [_mean_ccc(run, target) for run in predictions[name]]
    if len(joined) == 1:
        return figures, table, []
    differences = []
    reference = next(iter(joined))
    for name, by_axis in compare(joined, labels, groups, reference=reference, resamples=resamples).items():
        found = by_axis[MEAN]["ccc"]
        short = f"{reference}_minus_{name}"
        figures |= {
            short: found.difference,
            f"{short}_low": found.low,
            f"{short}_high": found.high,
            f"{short}_p_holm": found.p_holm,
        }
        differences += [
            {"reference": reference, "name": name, "axis": axis, "figure": figure}
            | asdict(by_axis[axis][figure])
            for axis in by_axis
            for figure in SHOWN
        ]
    return figures, table, differences


def _mean_ccc(pred: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    scored = score(pred, target)
    return float(np.mean([scored[axis]["ccc"] for axis in Axis]))


def with_train_subjects(data: Prepared, count: int) -> Prepared:
    """The same data with fewer people to learn from, spread evenly over the sorted names; validation stays.

    Raises:
        DataError: There are fewer training subjects, or ``count`` is below 1.
    """
    table, left_out, kept = _without_most(data, count, "--train-subjects")
    table["split"] = np.where(left_out, "", table["split"].astype(str))
    return _changed(data, table, " ".join(kept))


def with_labelled_subjects(data: Prepared, count: int) -> Prepared:
    """The same pictures with the labels of some training subjects only, chosen as by :func:`with_train_subjects`.

    The others' labels get weight 0 in the supervised loss; what needs no label sees their faces.

    Raises:
        DataError: There are fewer training subjects, or ``count`` is below 1.
    """
    table, left_out, kept = _without_most(data, count, "--labelled-subjects")
    given = table["weight"].to_numpy(np.float64) if "weight" in table else 1.0
    table["weight"] = np.where(left_out, 0.0, given)
    return _changed(data, table, f"labelled {' '.join(kept)}")


def _without_most(
    data: Prepared, count: int, flag: str
) -> tuple[pd.DataFrame, NDArray[np.bool_], NDArray[Any]]:
    """A copy of the table, which of its training rows are of subjects that are left out, and the names that are kept."""
    table = data.samples.copy()
    training = (table["split"] == Split.TRAIN.value).to_numpy(bool)
    names = np.unique(table["subject"][training].astype(str))
    if not 1 <= count <= len(names):
        raise DataError(f"{flag}: expected 1 to {len(names)}, the training subjects, got {count}")
    kept = names[np.arange(count) * len(names) // count]
    return table, training & ~table["subject"].astype(str).isin(kept).to_numpy(bool), kept


def _changed(data: Prepared, table: pd.DataFrame, change: str) -> Prepared:
    """The data with another table, under a fingerprint of its own, so that runs of both are not taken for one another."""
    fingerprint = hashlib.sha256(f"{data.fingerprint} {change}".encode()).hexdigest()
    return Prepared(data.folder, table, data.card | {"fingerprint": fingerprint})


def with_noisy_labels(data: Prepared, spread: float) -> Prepared:
    """The same data as raters of some disagreement would have labelled what is learnt from; validation stays exact.

    Args:
        data: The data.
        spread: Standard deviation of the error of each training label; labels stay within [-1, 1].

    Raises:
        DataError: A spread that is not above 0.
    """
    if not spread > 0:
        raise DataError(f"--label-noise: expected a standard deviation above 0, got {spread:g}")
    table = data.samples.copy()
    training = (table["split"] == Split.TRAIN.value).to_numpy(bool)
    error = np.random.default_rng(0).normal(0, spread, (len(table), 2))
    for column, axis in enumerate(Axis):
        noisy = (table[axis.value].to_numpy(np.float64) + error[:, column]).clip(-1, 1)
        table[axis.value] = np.where(training, noisy, table[axis.value])
    return _changed(data, table, f"label noise {spread!r}")


def measure(
    variants: Sequence[Variant],
    data: Prepared,
    work: Path,
    *,
    seeds: int,
    reporter: Reporter | None = None,
    **shared: Any,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All runs, seed by seed so that a cut table has whole seeds; then figures and what else the report holds.

    ``shared`` goes to :func:`recipe`.
    """
    predictions: dict[str, list[NDArray[np.float64]]] = {variant.name: [] for variant in variants}
    runs = []
    for seed in range(seeds):
        for variant in variants:
            options = recipe(variant, seed, **shared)
            folder = run_folder(work, variant, options)
            result = run_once(options, data, folder, reporter or Reporter())
            with np.load(folder / PREDICTIONS_FILE) as stored:
                predictions[variant.name].append(stored["pred"])
            runs.append({"name": variant.name, "seed": seed, **result})
            target = labels_of(data)[0]
            print(
                f"{variant.name:16s} seed {seed}: mean CCC {_mean_ccc(predictions[variant.name][-1], target):.4f}"
                f" (last epoch {result['last_mean_ccc']:.4f}), {result['seconds']:.0f} s",
                flush=True,
            )
    target, subjects = labels_of(data)
    figures, table, differences = compare_rows(predictions, target, subjects)
    setting = {"seeds": seeds, "recipe": {name: value for name, value in shared.items() if value is not None}}
    setting |= {"resamples": RESAMPLES, "pictures": len(target), "subjects": len(np.unique(subjects))}
    return figures, {"setting": setting, "table": table, "differences": differences, "runs": runs}


def labels_of(data: Prepared) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Labels and subjects of the validation pictures, in the order of the predictions.

    A picture of nobody known is a subject of its own.
    """
    rows = data.rows(Split.VAL)
    table = data.samples.iloc[rows].assign(row=rows)
    return table[["valence", "arousal"]].to_numpy(np.float64), group_labels(table)[0]


def markdown(more: Mapping[str, Any]) -> str:
    """The tables for people."""
    lines = ["| | axis | RMSE | SAGR | PCC | CCC | 95 % interval of CCC |", "|---|---|---|---|---|---|---|"]
    for row in more["table"]:
        cells = " | ".join(f"{row[figure]:.3f}" for figure in SHOWN)
        low, high = row["ccc_interval"]
        lines.append(f"| {row['name']} | {row['axis']} | {cells} | {low:.3f} to {high:.3f} |")
    lines += ["", "| difference of mean CCC | | 95 % interval | p (Holm) |", "|---|---|---|---|"]
    for row in more["differences"]:
        if row["axis"] == MEAN and row["figure"] == "ccc":
            lines.append(
                f"| {row['reference']} − {row['name']} | {row['difference']:+.3f} |"
                f" {row['low']:+.3f} to {row['high']:+.3f} | {row['p_holm']:.2g} |"
            )
    return "\n".join(lines)


def _flags() -> ArgumentParser:
    shared = Path(os.environ.get("AVCE_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    flags = parser("Methods on the same data with the same budget")
    flags.add_argument("--data", type=Path, default=shared / "renderav-stills.zip", help="data set")
    flags.add_argument("--work", type=Path, default=Path("build/methods"), help="folder of the runs")
    flags.add_argument("--recipe", choices=list(RECIPES), default="short", help="what all rows share")
    flags.add_argument("--epochs", type=int, help="instead of the recipe's")
    flags.add_argument("--input-size", type=int, help="instead of the recipe's")
    flags.add_argument("--augment", choices=("none", "poster", "strong"), help="instead of the recipe's")
    flags.add_argument("--grey", action="store_true", default=None, help="train and predict without colour")
    flags.add_argument("--dropout", type=float, help="instead of the recipe's")
    flags.add_argument("--train-subjects", type=int, metavar="N", help="learn from so many people only")
    flags.add_argument(
        "--labelled-subjects", type=int, metavar="N", help="with the labels of so many people only"
    )
    flags.add_argument(
        "--label-noise", type=float, metavar="SD", help="learn from labels with errors of this spread"
    )
    flags.add_argument("--seeds", type=int, default=3, help="seeds 0, 1, …")
    flags.add_argument("--threads", type=int, default=2, help="compute threads")
    table = flags.add_mutually_exclusive_group()
    for name, meaning in {
        "ablation": "settings of AVCE instead of methods",
        "search": "further settings of AVCE",
        "departures": "AVCE with one switch of the authors' code each",
    }.items():
        table.add_argument(f"--{name}", dest="table", action="store_const", const=name, help=meaning)
    flags.add_argument("--only", nargs="+", metavar="NAME", help="rows to run; the first is the reference")
    return flags


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare, run what is not yet there, compare, write."""
    flags = _flags()
    given = flags.parse_args(arguments)
    if given.seeds < 1:
        flags.error(f"--seeds: expected 1 or more, got {given.seeds}")
    rows = TABLES[given.table or "methods"]
    if given.only:
        by_name = {variant.name: variant for table in TABLES.values() for variant in table}
        if unknown := [name for name in given.only if name not in by_name]:
            flags.error(f"--only: expected names among {', '.join(by_name)}; got {', '.join(unknown)}")
        rows = tuple(by_name[name] for name in given.only)
    data, work = prepare(given.data, given.work / "data", PrepareOptions()), given.work
    if given.train_subjects is not None:
        data = with_train_subjects(data, given.train_subjects)
        work /= f"{given.train_subjects}-subjects"
    if given.labelled_subjects is not None:
        data = with_labelled_subjects(data, given.labelled_subjects)
        work /= f"{given.labelled_subjects}-labelled"
    if given.label_noise is not None:
        data = with_noisy_labels(data, given.label_noise)
        work /= f"label-noise-{given.label_noise:g}"
    figures, more = measure(
        rows,
        data,
        work,
        seeds=given.seeds,
        name=given.recipe,
        epochs=given.epochs,
        input_size=given.input_size,
        augment=given.augment,
        grey=given.grey,
        dropout=given.dropout,
        num_threads=given.threads,
    )
    print(markdown(more))
    finish(figures, given.json, **more)


if __name__ == "__main__":
    main()
