"""The ``avce`` command: everything that needs no queue and no database, for headless machines."""

from __future__ import annotations

import os
import sys

import click

from avce import __version__
from avce.cli.analyze import analyze
from avce.cli.data import doctor, prepare_command, split, synth
from avce.cli.poster import poster
from avce.cli.predict import predict
from avce.cli.train import evaluate, train
from avce.cli.weights import import_weights
from avce.errors import AvceError, CancelledError

# Compute threads that wait for each other must sleep, not spin: on a machine that has other work too, spinning
# made a training step 8 times slower here (5.3 against .65 s). Read by OpenMP when torch loads, so set before it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="avce")
def cli() -> None:
    """Facial emotion in the valence-arousal plane: make data, check it, train, evaluate, analyse videos."""


for command in (
    synth,
    doctor,
    split,
    prepare_command,
    train,
    evaluate,
    analyze,
    predict,
    poster,
    import_weights,
):
    cli.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command; bad input ends with one line on stderr and exit code 2."""
    try:
        code = cli.main(arguments, prog_name="avce", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt, CancelledError):
        click.echo("avce: stopped", err=True)
        sys.exit(130)
    except AvceError as error:
        click.echo(f"avce: {' '.join(str(error).split())}", err=True)
        sys.exit(2)
    if code:  # click hands back the code of an Exit here, it does not raise it
        sys.exit(code)
