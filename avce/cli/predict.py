"""``avce predict``."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from avce.cli.console import ConsoleReporter, print_json
from avce.cli.flags import collect, options_from
from avce.options import AnalyzeOptions
from avce.weights import STARTER

if TYPE_CHECKING:
    from avce.stills import Judged

BOX = ("x0", "y0", "x1", "y1")
COLUMNS = ("file", "face", "state", "valence", "arousal", "word", "score", *BOX)


@click.command()
@click.argument("image", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--checkpoint", default=STARTER, show_default=True, help="Output folder of a training run, or starter."
)
@click.option(
    "--face-only", is_flag=True, help="The pictures are cut-out faces: take each whole, look for no face."
)
@options_from(
    AnalyzeOptions, only=("min_score", "min_face_px", "max_faces", "flip", "runtime", "device", "precision")
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list, an entry per face.")
@click.option("--csv", "as_csv", is_flag=True, help="Print csv, a row per face.")
def predict(
    image: tuple[Path, ...], *, checkpoint: str, face_only: bool, as_json: bool, as_csv: bool, **flags: Any
) -> None:
    """Valence, arousal, box and a word for every face in IMAGE (pictures, or folders of pictures).

    The word names the place in the valence-arousal plane; it is no recognised emotion.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv: choose one")
    options = AnalyzeOptions.parse(collect(AnalyzeOptions, flags))
    from avce.stills import judge_pictures, pictures_in
    from avce.training.checkpoint import load_predictor

    files = [file for path in image for file in (pictures_in(path) if path.is_dir() else [path])]
    predictor = load_predictor(
        checkpoint, runtime=options.runtime, device=options.device, precision=options.precision
    )
    with ConsoleReporter(quiet=as_json or as_csv) as reporter:
        faces = list(judge_pictures(files, predictor, options, reporter, is_face_only=face_only))
    if as_json:
        print_json([_plain(face) for face in faces])
    elif as_csv:
        click.echo(_csv(faces), nl=False)
    else:
        Console().print(_table(faces))


def _plain(face: Judged) -> dict[str, Any]:
    box = [round(edge, 1) for edge in face.box_xyxy_px or ()]
    return {
        "file": str(face.file),
        "face": face.face,
        "state": face.state.value,
        "valence": _rounded(face.valence),
        "arousal": _rounded(face.arousal),
        "word": face.word,
        "score": _rounded(face.score),
        "box": dict(zip(BOX, box, strict=True)) if box else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _csv(faces: Sequence[Judged]) -> str:
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for face in faces:
        row = _plain(face)
        box = row.pop("box") or {}
        writer.writerow(row | box)
    return lines.getvalue()


def _table(faces: Sequence[Judged]) -> Table:
    table = Table()
    for name in ("file", "face", "V", "A", "word", "box"):
        table.add_column(name, justify="right" if name in {"V", "A", "face"} else "left", overflow="fold")
    for face in faces:
        box = (
            "-" if face.box_xyxy_px is None else "{:.0f}, {:.0f} to {:.0f}, {:.0f}".format(*face.box_xyxy_px)
        )
        word = face.word or face.state.replace("_", " ")
        values = ["-" if v is None else f"{v:+.2f}" for v in (face.valence, face.arousal)]
        table.add_row(str(face.file), str(face.face or "-"), *values, word, box)
    return table
