"""``avce analyze``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avce.cli.console import ConsoleReporter, print_json
from avce.cli.flags import collect, options_from
from avce.options import AnalyzeOptions

TRAJECTORY_FILE = "trajectory.csv"
SMOOTHED_FILE = "smoothed.csv"


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.option(
    "--checkpoint", type=click.Path(path_type=Path), required=True, help="Output folder of a training run."
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
    video: Path, checkpoint: Path, out: Path, *, detector_model: Path | None, as_json: bool, **flags: Any
) -> None:
    """Valence and arousal of every face in every frame of VIDEO, as OUT/trajectory.csv.

    With --smooth-s a running mean goes into a file of its own, OUT/smoothed.csv.
    """
    options = AnalyzeOptions.parse(collect(AnalyzeOptions, flags))
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
