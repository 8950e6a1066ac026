"""``avce analyze``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avce.cli.console import ConsoleReporter, print_json
from avce.cli.flags import collect, options_from
from avce.errors import OptionError
from avce.options import AnalyzeOptions
from avce.weights import STARTER

TRAJECTORY_FILE = "trajectory.csv"
SMOOTHED_FILE = "smoothed.csv"
PICTURE_FIELDS = ("min_score", "min_face_px", "max_faces", "batch_size", "flip")
"""Options that make sense for pictures without time."""


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.option(
    "--checkpoint", default=STARTER, show_default=True, help="Output folder of a training run, or starter."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help=f"Folder for {TRAJECTORY_FILE}.")
@options_from(AnalyzeOptions)
@click.option(
    "--detector-model",
    type=click.Path(path_type=Path),
    help="YuNet model file (.onnx) to find faces with, in place of the detector that is built in.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def analyze(
    video: Path, checkpoint: str, out: Path, *, detector_model: Path | None, as_json: bool, **flags: Any
) -> None:
    """Valence and arousal of every face in every frame of VIDEO, as OUT/trajectory.csv.

    VIDEO may be a folder of pictures that have nothing to do with one another: then there is one row per file and face,
    with a column file in front. With --smooth-s a running mean goes into a file of its own, OUT/smoothed.csv.
    """
    given = collect(AnalyzeOptions, flags)
    options = AnalyzeOptions.parse(given)
    if video.is_dir():
        _analyze_pictures(video, checkpoint, out, given, detector_model=detector_model, as_json=as_json)
        return
    from avce.faces.yunet import detector_from
    from avce.training.checkpoint import load_predictor
    from avce.video.analyze import analyze_video
    from avce.video.smooth import write_smoothed
    from avce.video.trajectory import CsvWriter

    predictor, detector = load_predictor(checkpoint), detector_from(detector_model)
    out.mkdir(parents=True, exist_ok=True)
    with ConsoleReporter(quiet=as_json) as reporter, CsvWriter(out / TRAJECTORY_FILE) as writer:
        summary = analyze_video(video, [predictor], options, reporter, writer.write, detector=detector)
    files = {"trajectory": out / TRAJECTORY_FILE}
    if options.smooth_s:
        files["smoothed"] = out / SMOOTHED_FILE
        write_smoothed(files["trajectory"], files["smoothed"], options.smooth_s)
    if as_json:
        written = {name: str(file) for name, file in files.items()}
        print_json({"video": str(video), **written, **summary.to_dict()})
    else:
        click.echo(f"wrote {', '.join(map(str, files.values()))}")


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
    predictor, detector = load_predictor(checkpoint), detector_from(detector_model)
    out.mkdir(parents=True, exist_ok=True)
    path = out / TRAJECTORY_FILE
    with ConsoleReporter(quiet=as_json) as reporter:
        faces = judge_pictures(files, predictor, options, reporter, detector=detector)
        counts = write_rows(faces, path, folder, files)
    if as_json:
        print_json({"folder": str(folder), "trajectory": str(path), "pictures": len(files), **counts})
    else:
        click.echo(f"wrote {path}: {counts['faces']} faces in {counts['read']} of {len(files)} pictures")
