"""``docs/cli.md``, made from the commands themselves: ``python -m avce.cli.reference > docs/cli.md``."""

from __future__ import annotations

import sys

import click

from avce.cli import cli

INTRODUCTION = """\
# The `avce` command

Everything here works without queue, database or browser. Progress goes to stderr; with `--json` the result is
one JSON document on stdout. Exit codes: 0 done, 1 `doctor --strict` found errors, 2 bad input (one line on
stderr says what), 130 stopped. Prepared face crops are kept in `$AVCE_CACHE`, by default `~/.cache/avce`.

Made by `python -m avce.cli.reference > docs/cli.md`.
"""

WIDTH = 110


def reference() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION]
    for name, command in sorted(cli.commands.items()):
        parent = click.Context(cli, info_name="avce", **cli.context_settings)
        context = click.Context(
            command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
        )
        parts.append(f"## avce {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())
