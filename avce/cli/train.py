"""``avce train`` and ``avce evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avce.cli.console import ConsoleReporter, metric_table, print_json
from avce.cli.cost import estimate
from avce.cli.data import prepared_data
from avce.cli.flags import collect, options_from
from avce.options import FIDELITY, PRESETS, Axis, EvaluateOptions, PrepareOptions, TrainOptions, train_options
from avce.weights import SHIPPED, STARTER

if TYPE_CHECKING:
    from avce.data.prepared import Prepared


@click.command()
@click.option("--data", help="Data set: folder, archive, csv, address (s3://…), or prepared folder.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the checkpoint and the history; a stopped run goes on from here.",
)
@click.option(
    "--estimate",
    "wants_estimate",
    is_flag=True,
    help="Do not train: take a few steps and say what the run would take in time, solver time and memory.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=2),
    help="With --estimate and without --data: size of the training split to reckon with.",
)
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    help="Starting point; explicit options win. quick: the recipe that is good on 2 cores.",
)
@click.option(
    "--fidelity",
    type=click.Choice(list(FIDELITY)),
    help="Switches of the AVCE objective: the sound form, the poster's, or the authors' code.",
)
@click.option(
    "--views",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Python file that registers views of your own, for --avce-attentive-view and --avce-inattentive-view.",
)
@options_from(TrainOptions)
@click.option(
    "--fresh",
    is_flag=True,
    help="Do not go on from an earlier run in --out; with --estimate, measure again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def train(
    data: str | None,
    out: Path | None,
    *,
    wants_estimate: bool,
    samples: int | None,
    preset: str | None,
    fidelity: str | None,
    views: tuple[Path, ...],
    fresh: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Train a model; the best epoch on validation ends in OUT/best."""
    options = train_options(preset=preset, fidelity=fidelity, **collect(TrainOptions, flags))
    if views:
        from avce.transforms.own import load_views

        for file in views:
            load_views(file)
    if wants_estimate:
        estimate(options, _faces(data, options, as_json=as_json), samples, fresh=fresh, as_json=as_json)
        return
    if data is None or out is None:
        missing = " and ".join(name for name, given in (("--data", data), ("--out", out)) if given is None)
        raise click.UsageError(f"{missing}: needed to train; --estimate only says what it would take")
    from avce.training.loop import train as run_training
    from avce.training.parallel import team

    is_first = team().is_main_process
    with ConsoleReporter(quiet=as_json or not is_first) as reporter:
        with team().main_process_first():  # the others find the faces cut
            prepared = prepared_data(data, _recipe(options), reporter)
        result = run_training(options, prepared, out, reporter, resume=not fresh)
    if not is_first:
        return
    if as_json:
        print_json(
            {
                "checkpoint": str(result.best),
                "best_epoch": result.best_epoch,
                "epochs": result.epochs_run,
                "rule": result.rule,
                "split": "val",
                **result.metrics,
            }
        )
    else:
        metric_table(
            f"validation, best epoch {result.best_epoch} of {result.epochs_run}",
            {options.method.value: result.metrics},
        )
        click.echo(f"checkpoint: {result.best}")


def _recipe(options: TrainOptions) -> PrepareOptions:
    """How faces are cut: weights that exist already want them as they were."""
    from avce.training.start import crop_recipe

    return PrepareOptions(**crop_recipe(options.pretrained))


def _faces(data: str | None, options: TrainOptions, *, as_json: bool) -> Prepared | None:
    if data is None:
        return None
    with ConsoleReporter(quiet=as_json) as reporter:
        return prepared_data(data, _recipe(options), reporter)


@click.command()
@click.option(
    "--checkpoint", default=STARTER, show_default=True, help="Output folder of a training run, or starter."
)
@click.option(
    "--data",
    required=True,
    help="Data set: folder, archive, csv, address (s3://…), or prepared folder.",
)
@options_from(EvaluateOptions)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(checkpoint: str, data: str, *, as_json: bool, **flags: Any) -> None:
    """RMSE, SAGR, PCC and CCC of a checkpoint on a split, with intervals over subjects.

    How far its values may be off (a conformal band) is kept beside the checkpoint, for avce analyze; not after an
    evaluation on train, where errors are too small.
    """
    options = EvaluateOptions.parse(collect(EvaluateOptions, flags))
    from avce.evaluation import evaluate as run_evaluation
    from avce.training.checkpoint import load_predictor

    predictor = load_predictor(checkpoint)
    with ConsoleReporter(quiet=as_json) as reporter:
        prepared = prepared_data(data, PrepareOptions(**predictor.info.get("crop", {})), reporter)
        result = run_evaluation(predictor, prepared, options, reporter)
        _keep_band(checkpoint, result, reporter)
    if as_json:
        print_json(result)
    else:
        title = (
            f"{result['split']}, n = {result['n']} faces of {result['n_groups']} {result['grouped_by']}s,"
            f" protocol {result['protocol']}{', weak labels from categories' if result['weak_labels'] else ''}"
        )
        metric_table(title, {predictor.name: result, **result["trivial"]})
        for axis in Axis:
            for name, reason in result[axis.value]["undefined"].items():
                click.echo(f"{name.upper()} of {axis.value} is undefined: {reason}")


def _keep_band(checkpoint: str, result: dict[str, Any], reporter: ConsoleReporter) -> None:
    """Keep the band of faces that were not learned from; shipped weights come with their own.

    A folder that cannot be written to is no failure.
    """
    from avce.training.checkpoint import write_band

    if result["band"] is None or result["split"] == "train" or checkpoint in SHIPPED:
        return
    source = {name: result[name] for name in ("split", "data", "grouped_by", "weak_labels")}
    try:
        write_band(checkpoint, result["band"] | source)
    except OSError as error:
        reporter.log(f"the band is not kept for avce analyze: {checkpoint} cannot be written to ({error})")
