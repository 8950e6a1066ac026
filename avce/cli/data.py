"""``avce synth``, ``doctor``, ``split`` and ``prepare``, and how the other commands get prepared data."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from avce.cli.console import ConsoleReporter, print_json
from avce.cli.flags import collect, options_from
from avce.errors import DataError
from avce.options import PrepareOptions, SynthOptions
from avce.progress import Reporter

if TYPE_CHECKING:
    from avce.data.prepared import Prepared

SEVERITY_STYLE = {"error": "red", "warning": "yellow", "info": "cyan"}


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write; must be new or empty."
)
@options_from(SynthOptions)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def synth(out: Path, *, as_json: bool, **flags: Any) -> None:
    """Draw license-free faces with known valence and arousal: stills, or talking-head clips."""
    from avce.data.synthetic import synthesize

    options = SynthOptions.parse(collect(SynthOptions, flags))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"--out {out}: expected a new or empty folder, it holds files; choose another name")
    with ConsoleReporter(quiet=as_json) as reporter:
        folder = synthesize(out, options, reporter)
    if as_json:
        print_json({"out": str(folder), "options": options.model_dump(mode="json")})
    else:
        click.echo(f"wrote {folder}")


Command = Callable[..., Any]


def prepare_flags(function: Command) -> Command:
    """Flags of :class:`PrepareOptions`; ``exclude`` and ``weak_labels`` come from files."""
    by_file = (
        click.option(
            "--weak-labels",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            help="Table of categories to use over ours: csv with category, valence, arousal.",
        ),
        click.option(
            "--exclude",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            help="Text file with a picture or row to leave out on each line, named as the doctor names them.",
        ),
    )
    for option in by_file:
        function = option(function)
    return options_from(PrepareOptions)(function)


def prepare_options(flags: dict[str, Any]) -> PrepareOptions:
    """The options that :func:`prepare_flags` gave."""
    from avce.data.tables import decode_text

    flags = dict(flags)
    exclude, weak = flags.pop("exclude", None), flags.pop("weak_labels", None)
    given = collect(PrepareOptions, flags)
    if exclude is not None:
        lines = decode_text(exclude.read_bytes(), str(exclude)).split("\n")
        given["exclude"] = tuple(line.strip() for line in lines if line.strip())
    if weak is not None:
        given["weak_labels"] = _weak_labels(weak)
    return PrepareOptions.parse(given)


def _weak_labels(path: Path) -> dict[str, tuple[float, float]]:
    from avce.data.layouts.categories import canonical
    from avce.data.tables import ROW, find_column, numbers, parse_csv

    table = parse_csv(path.read_bytes(), str(path))
    columns = [find_column(table, [name]) for name in ("category", "valence", "arousal")]
    if None in columns:
        got = ", ".join(str(name) for name in table.columns[:-1])
        raise DataError(f"{path}: expected the columns category, valence, arousal, got {got}")
    category, valence, arousal = (str(name) for name in columns)
    pairs = zip(numbers(table, valence, str(path)), numbers(table, arousal, str(path)), strict=True)
    labels: dict[str, tuple[float, float]] = {}
    first: dict[str, tuple[int, tuple[float, float]]] = {}
    for name, row, (v, a) in zip(table[category].map(str), table[ROW], pairs, strict=True):
        labels[name] = (float(v), float(a))
        before, given = first.setdefault(canonical(name), (int(row), labels[name]))
        if given != labels[name]:
            raise DataError(
                f"{path}: {name}, row {row}: expected one label for each category, row {before} has another; take one out"
            )
    return labels


@click.command()
@click.argument("data", type=str)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Csv file to write."
)
@prepare_flags
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def split(data: str, out: Path, *, as_json: bool, **flags: Any) -> None:
    """Write which picture is in which split, and which fold: of a data set, or as kept in a prepared one."""
    from avce.data.index import open_index
    from avce.data.prepared import Prepared
    from avce.data.splits import export_splits, split_by_options

    options = prepare_options(flags)
    if _is_prepared(Path(data)):
        table = Prepared.load(data).samples
    else:
        index = open_index(data, options)
        index.source.close()
        table = split_by_options(index.table, options)
    export_splits(table, out)
    counts = {str(name): int(n) for name, n in table["split"].value_counts().items()}
    folds = table["fold"].value_counts(sort=False).tolist() if "fold" in table else []
    if as_json:
        print_json({"out": str(out), "counts": counts, "folds": folds})
    else:
        click.echo(f"wrote {out}: {', '.join(f'{name} {n:,}' for name, n in counts.items())}")


@click.command("prepare")
@click.argument("data", type=str)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write."
)
@prepare_flags
@click.option("--json", "as_json", is_flag=True, help="Print the card as JSON.")
def prepare_command(data: str, out: Path, *, as_json: bool, **flags: Any) -> None:
    """Cut the faces of a data set once, with splits and a card; train and evaluate take the folder as --data.

    A stopped run goes on where it was; the same data and options are not prepared twice.
    """
    from avce.data.prepare import prepare

    with ConsoleReporter(quiet=as_json) as reporter:
        found = prepare(data, out, prepare_options(flags), reporter)
    if as_json:
        print_json({"out": str(out), **found.card})
    else:
        faces = f"{found.card['n_faces']:,} faces of {found.card['n_samples']:,} samples"
        click.echo(f"wrote {out}: {faces}, fingerprint {found.fingerprint[:12]}")


def _is_prepared(path: Path) -> bool:
    return (path / "card.json").is_file() and (path / "samples.parquet").is_file()


@click.command()
@click.argument("path", type=str)
@prepare_flags
@click.option("--strict", is_flag=True, help="Exit with code 1 when there are errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def doctor(path: str, *, strict: bool, as_json: bool, **flags: Any) -> None:
    """Examine a data set (folder or archive): layout, counts, and what would spoil the result."""
    from avce.data.doctor import examine

    options = prepare_options(flags)
    with ConsoleReporter(quiet=as_json) as reporter:
        report = examine(path, options, reporter).model_dump(mode="json")
    if as_json:
        print_json(report)
    else:
        _print_report(path, report)
    if strict and any(finding["severity"] == "error" for finding in report["findings"]):
        raise click.exceptions.Exit(1)


SHADES = " ·░▒▓█"


def _plane(counts: list[list[int]]) -> str:
    """Density of the labels over the plane: arousal upwards, valence to the right."""
    most = max(max(row) for row in counts)
    shade = [
        [SHADES[math.ceil((len(SHADES) - 1) * math.log1p(n) / math.log1p(most or 1))] * 2 for n in row]
        for row in counts
    ]
    lines = ["".join(shade[v][a] for v in range(len(shade))) for a in reversed(range(len(shade[0])))]
    frame = "─" * len(lines[0])
    middle = [f"│{line}│" for line in lines]
    return "\n".join(
        [
            f"arousal 1 ┌{frame}┐",
            *(f"{'':10}{line}" for line in middle),
            f"       -1 └{frame}┘",
            f"{'':10}valence -1 … 1",
        ]
    )


def _print_report(path: str, report: dict[str, Any]) -> None:
    console = Console()
    console.print(f"[bold]{path}[/]: layout [bold]{report['layout']}[/] ({report.get('layout_reason', '')})")
    console.print({name: value for name, value in report.items() if isinstance(value, (int, float))})
    if report.get("histogram2d"):
        console.print(_plane(report["histogram2d"]["counts"]))
    table = Table(show_lines=True)
    for column in ("severity", "finding", "why it matters", "where"):
        table.add_column(column)
    for finding in report["findings"]:
        style = SEVERITY_STYLE.get(finding["severity"], "")
        where = finding.get("where") or []
        shown = ", ".join(str(item) for item in where[:3]) if isinstance(where, list) else str(where)
        count = max(finding.get("count", 0), len(where))
        more = f" … {count:,} in all" if isinstance(where, list) and count > 3 else ""
        table.add_row(
            f"[{style}]{finding['severity']}[/]" if style else finding["severity"],
            finding["title"],
            finding["why"],
            shown + more,
        )
    console.print(table if report["findings"] else "nothing found that would spoil a result")


def cache_folder() -> Path:
    """Where commands keep what they would otherwise do again: ``$AVCE_CACHE`` or ``~/.cache/avce``."""
    return Path(os.environ.get("AVCE_CACHE") or Path.home() / ".cache" / "avce")


def prepared_data(place: str, options: PrepareOptions, reporter: Reporter) -> Prepared:
    """Face crops of a data set: opened when ``place`` is prepared already, else made once and kept in the cache.

    ``place`` is what ``avce doctor`` takes: a folder, an archive, a table or an address. The cache is ``$AVCE_CACHE`` or
    ``~/.cache/avce``; the same data and recipe are prepared once.
    """
    from avce.data.prepare import prepare
    from avce.data.prepared import Prepared

    path, is_address = Path(place), "://" in place
    if not is_address and _is_prepared(path):
        return Prepared.load(path)
    if not is_address and not path.exists():
        raise DataError(
            f"--data {path}: expected a folder, zip, tar, csv or parquet file, or an address; there is nothing of that name"
        )
    where = place if is_address else str(path.resolve())
    key = hashlib.sha256(f"{where}\n{options.model_dump_json()}".encode()).hexdigest()[:16]
    return prepare(place, cache_folder() / "prepared" / f"{path.stem}-{key}", options, reporter)
