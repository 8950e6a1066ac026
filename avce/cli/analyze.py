"""``avce analyze``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avce.cli.console import ConsoleReporter, print_json
from avce.cli.flags import collect, options_from
from avce.errors import OptionError
from avce.options import AnalyzeOptions
from avce.weights import STARTER

if TYPE_CHECKING:
    from avce.video.points import Point

TRAJECTORY_FILE = "trajectory.csv"
OVERLAY_FILE = "annotated.mp4"
PICTURE_FIELDS = (
    "min_score",
    "min_face_px",
    "max_faces",
    "batch_size",
    "flip",
    "runtime",
    "device",
    "precision",
)
"""Options that make sense for pictures without time."""


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    default=(STARTER,),
    show_default=True,
    help="Output folder of a training run, or starter. Give it again for more models: faces are found once for all.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help=f"Folder for {TRAJECTORY_FILE}.")
@options_from(AnalyzeOptions)
@click.option(
    "--detector-model",
    type=click.Path(path_type=Path),
    help="YuNet model file (.onnx) to find faces with, in place of the detector that is built in.",
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(["parquet", "json"]),
    multiple=True,
    help="Also write the trajectory in this format, with the band's columns; may be given twice.",
)
@click.option(
    "--overlay",
    is_flag=True,
    help="Also write OUT/annotated.mp4: boxes, values, circumplex and curves, with the times and the sound of VIDEO.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def analyze(
    video: Path,
    checkpoints: Sequence[str],
    out: Path,
    *,
    detector_model: Path | None,
    formats: Sequence[str],
    overlay: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Valence and arousal of every face in every frame of VIDEO, as OUT/trajectory.csv.

    OUT/events.csv lists its peaks, lows, quick rises and falls, and stays in one quadrant for a second or more; with
    --format json there is OUT/events.json too.

    VIDEO may be a folder of pictures that have nothing to do with one another: then there is one row per file and face,
    with a column file in front. With --smooth-s a running mean goes into a file of its own, OUT/smoothed.csv. Where
    avce evaluate has measured the checkpoint, OUT/band.csv says between which limits the true values lie with 90 %
    probability. Further checkpoints write OUT/trajectory-2.csv and so on, and OUT/ensemble.csv says how far all are
    apart in each frame.
    """
    given = collect(AnalyzeOptions, flags)
    options = AnalyzeOptions.parse(given)
    if video.is_dir():
        _require_one(checkpoints, formats, overlay=overlay)
        _analyze_pictures(video, checkpoints[0], out, given, detector_model=detector_model, as_json=as_json)
        return
    from avce.cli.results import write_results
    from avce.faces.yunet import detector_from
    from avce.training.checkpoint import load_predictor
    from avce.video.analyze import analyze_video
    from avce.video.trajectory import CsvWriter

    predictors = [
        load_predictor(folder, runtime=options.runtime, device=options.device, precision=options.precision)
        for folder in checkpoints
    ]
    detector = detector_from(detector_model)
    out.mkdir(parents=True, exist_ok=True)
    trajectories = [out / _name(number) for number in range(len(predictors))]
    with ExitStack() as stack:
        reporter = stack.enter_context(ConsoleReporter(quiet=as_json))
        writers = [
            stack.enter_context(CsvWriter(path, predictor=number)) for number, path in enumerate(trajectories)
        ]

        def write(points: list[Point]) -> None:
            for writer in writers:
                writer.write(points)

        summary = analyze_video(video, predictors, options, reporter, write, detector=detector)
    drawn = _write_overlay(video, trajectories[0], quiet=as_json) if overlay else {}
    files = {"trajectory": trajectories[0]} | {path.stem: path for path in trajectories[1:]}
    files |= write_results(trajectories, predictors[0].info.get("band"), options, formats) | drawn
    if as_json:
        written = {name: str(file) for name, file in files.items()}
        print_json({"video": str(video), **written, **summary.to_dict()})
    else:
        click.echo(f"wrote {', '.join(map(str, files.values()))}")


def _name(number: int) -> str:
    return TRAJECTORY_FILE if number == 0 else TRAJECTORY_FILE.replace(".", f"-{number + 1}.")


def _write_overlay(video: Path, trajectory: Path, *, quiet: bool) -> dict[str, Path]:
    from avce.video.overlay import write_overlay
    from avce.video.trajectory import read_points

    with ConsoleReporter(quiet=quiet) as reporter:
        out = trajectory.with_name(OVERLAY_FILE)
        return {"overlay": write_overlay(video, read_points(trajectory), out, reporter=reporter)}


def _require_one(checkpoints: Sequence[str], formats: Sequence[str], *, overlay: bool) -> None:
    if len(checkpoints) > 1 or formats or overlay:
        raise OptionError(
            "a folder of pictures is judged by one checkpoint and written as csv; leave out --format and --overlay, and give"
            f" --checkpoint once (got {len(checkpoints)})"
        )


def _analyze_pictures(
    folder: Path,
    checkpoint: str,
    out: Path,
    given: dict[str, Any],
    *,
    detector_model: Path | None,
    as_json: bool,
) -> None:
    """The command for a folder of pictures."""
    useless = sorted(set(given) - set(PICTURE_FIELDS))
    if useless:
        names = ", ".join("--" + name.replace("_", "-") for name in useless)
        raise OptionError(f"{names}: pictures in a folder have no time and no order; leave it out")
    from avce.faces.yunet import detector_from
    from avce.stills import judge_pictures, pictures_in, write_rows
    from avce.training.checkpoint import load_predictor

    files, options = pictures_in(folder), AnalyzeOptions.parse(given)
    predictor = load_predictor(
        checkpoint, runtime=options.runtime, device=options.device, precision=options.precision
    )
    detector = detector_from(detector_model)
    out.mkdir(parents=True, exist_ok=True)
    path = out / TRAJECTORY_FILE
    with ConsoleReporter(quiet=as_json) as reporter:
        faces = judge_pictures(files, predictor, options, reporter, detector=detector)
        counts = write_rows(faces, path, folder, files)
    if as_json:
        print_json({"folder": str(folder), "trajectory": str(path), "pictures": len(files), **counts})
    else:
        click.echo(f"wrote {path}: {counts['faces']} faces in {counts['read']} of {len(files)} pictures")
