"""``avce poster``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avce.cli.console import ConsoleReporter, print_json
from avce.cli.flags import collect, options_from
from avce.options import AnalyzeOptions, PosterOptions
from avce.weights import STARTER

if TYPE_CHECKING:
    from avce.training.checkpoint import Predictor
    from avce.video.points import Point


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    default=(STARTER,),
    show_default=True,
    help="Output folder of a training run, or starter. Give it again for up to four models.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the figure.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A csv with valence and arousal of the frames, drawn in grey.",
)
@click.option(
    "--frame", "frames", type=int, multiple=True, help="A key frame of your own; give it again for more."
)
@options_from(PosterOptions)
@click.option("--json", "as_json", is_flag=True, help="Print what the figure says as JSON.")
def poster(
    video: Path,
    checkpoints: Sequence[str],
    out: Path,
    *,
    labels: Path | None,
    frames: tuple[int, ...],
    as_json: bool,
    **flags: Any,
) -> None:
    """The poster's figure of VIDEO: maps of key frames for each model, tied to the curves of valence and arousal.

    Follows the largest face. Writes OUT/poster.svg, .pdf, .png, and .zip with the data behind them.
    """
    options = PosterOptions.parse(collect(PosterOptions, flags) | {"frames": frames})
    from avce.poster.files import write_poster
    from avce.poster.make import PosterSource, make_poster
    from avce.training.checkpoint import load_predictor
    from avce.video.analyze import analyze_video
    from avce.video.labels import labels_on, read_labels
    from avce.video.one_face import one_face
    from avce.video.trajectory import trajectory_frame

    predictors = [load_predictor(folder) for folder in checkpoints]
    points: list[Point] = []
    with ConsoleReporter(quiet=as_json) as reporter:
        analyze_video(video, predictors, AnalyzeOptions(), reporter, points.extend)
        tables = [
            one_face(trajectory_frame([point.row(place) for point in points]), None)
            for place in range(len(predictors))
        ]
        sources = [
            PosterSource(name, predictor.options.method.value, table, partial(_given, predictor))
            for name, predictor, table in zip(_names(checkpoints), predictors, tables, strict=True)
        ]
        known = None if labels is None else read_labels(labels.read_text("utf-8-sig"), labels.name)
        on_frames = None if known is None else labels_on(known, tables[0])
        figure = make_poster(video, sources, options, labels=on_frames, reporter=reporter)
    files = write_poster(figure, out)
    if as_json:
        print_json({**figure.facts(), "files": {kind: str(file) for kind, file in files.items()}})
    else:
        click.echo(f"wrote {', '.join(map(str, files.values()))}")


def _given(predictor: Predictor) -> Predictor:
    """A model that is loaded already."""
    return predictor


def _names(checkpoints: Sequence[str]) -> list[str]:
    """Names for the legend: of the folders, numbered where two are alike."""
    names = [Path(folder).name for folder in checkpoints]
    return [name if names.count(name) == 1 else f"{name} {place}" for place, name in enumerate(names, 1)]
