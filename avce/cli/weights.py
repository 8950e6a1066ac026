"""``avce import-weights``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avce.cli.console import print_json
from avce.cli.flags import collect, options_from
from avce.options import Backbone, Method, PrepareOptions, train_options

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--encoder", required=True, type=FILE, help="The authors' .t7 (or .pth) file of the encoder.")
@click.option("--regressor", required=True, type=FILE, help="Their file of the regressor, R.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the checkpoint.")
@click.option(
    "--backbone",
    type=click.Choice([Backbone.ALEXNET.value, Backbone.RESNET18.value]),
    default=Backbone.ALEXNET.value,
    show_default=True,
    help="Encoder that the weights are of.",
)
@click.option("--name", help="Name for tables and legends.  [default: made of the backbone]")
@click.option(
    "--size",
    type=click.IntRange(32, 512),
    default=256,
    show_default=True,
    help="Side in pixels to which faces are cut.",
)
@options_from(PrepareOptions, only=("margin",))
@click.option("--json", "as_json", is_flag=True, help="Print what matched as JSON.")
def import_weights(
    encoder: Path,
    regressor: Path,
    out: Path,
    *,
    backbone: str,
    name: str | None,
    size: int,
    as_json: bool,
    **flags: Any,
) -> None:
    """Make a checkpoint of the authors' own weights; no code from their files is run.

    It predicts as any other: evaluate it, analyse videos with it, or start a run from it. Names decide where they are
    torchvision's, otherwise order and shape do, and what matched is told. Their H is in neither file, so the
    checkpoint is one of method supervised. Of faces of 256 pixels the net sees the middle 224, as in their code.
    """
    recipe = PrepareOptions.parse({"size": size} | collect(PrepareOptions, flags))
    options = train_options(preset="authors", method=Method.SUPERVISED, backbone=backbone)
    from avce.methods.authors import import_authors_weights
    from avce.methods.supervised import Supervised
    from avce.training.checkpoint import save_checkpoint

    method = Supervised(options)
    reports = import_authors_weights(method, encoder, regressor)
    card = {
        "name": name or f"authors' weights ({backbone})",
        "crop": {"margin": recipe.margin, "size": recipe.size},
        "rule": f"imported from {encoder.name} and {regressor.name}",
    }
    save_checkpoint(out, method.state_dict(), options, card)
    if as_json:
        print_json({"checkpoint": str(out), "matched": [vars(report) for report in reports]})
        return
    for report in reports:
        click.echo(str(report))
    click.echo(f"checkpoint: {out}")
