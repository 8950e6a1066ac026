"""Weights that ship with the package, each known by its name wherever a checkpoint is asked for. Torch-free.

A name is a folder here, as :func:`avce.training.checkpoint.save_checkpoint` writes it, with the SHA-256 of its files
beside them. ``python -m recipes.ship`` puts one in its place; ``docs/starter.md`` tells what it can do.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from avce.errors import CheckpointError

STARTER = "starter"
SHIPPED = (STARTER,)
"""Names that stand for a checkpoint."""

ROOT = Path(__file__).parent
SUMS_FILE = "SHA256SUMS"
"""One line per file, as ``sha256sum`` writes and ``sha256sum -c`` checks it."""
CARD_TEXT = "card.md"
"""What people should know of the weights; the same text as ``docs/starter.md``."""

RESTORE = (
    "restore it with `git checkout -- avce/weights` in a checkout, or install the package again"
    " (`pip install --force-reinstall --no-deps avce-studio`)"
)


def shipped_folder(name: str) -> Path:
    """The folder of shipped weights, after checking every file against its checksum (7 MB take about 10 ms).

    Raises:
        CheckpointError: A file is missing or damaged; the text has the checksum that was expected, the one found,
            and how to restore it.
    """
    folder = ROOT / name
    for file, expected in checksums(name).items():
        path = folder / file
        if not path.is_file():
            raise CheckpointError(f"{path}: missing; expected a file with SHA-256 {expected}; {RESTORE}")
        state = path.stat()
        found = _sha256(path, state.st_mtime_ns, state.st_size)
        if found != expected:
            raise CheckpointError(f"{path}: damaged: expected SHA-256 {expected}, got {found}; {RESTORE}")
    return folder


@lru_cache(maxsize=16)
def _sha256(path: Path, mtime_ns: int, size: int) -> str:
    """Checksum of a file as it is now; read again only when time or size have changed, since pages ask often."""
    del mtime_ns, size
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checksums(name: str) -> dict[str, str]:
    """File → SHA-256 of shipped weights, as written down when they were made.

    Raises:
        CheckpointError: The list itself is missing or unreadable.
    """
    path = ROOT / name / SUMS_FILE
    try:
        pairs = [line.split(maxsplit=1) for line in path.read_text("utf-8").splitlines() if line.strip()]
        sums = {file.lstrip("*"): expected for expected, file in pairs}
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: expected lines of a SHA-256 and a file, could not read them ({error}); {RESTORE}"
        ) from error
    if not sums or any(len(expected) != 64 for expected in sums.values()):
        raise CheckpointError(f"{path}: expected lines of a SHA-256 and a file, got other text; {RESTORE}")
    return sums


def card_text(name: str) -> str:
    """The card of shipped weights, as Markdown.

    Raises:
        CheckpointError: It is missing.
    """
    path = ROOT / name / CARD_TEXT
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise CheckpointError(f"{path}: the card cannot be read ({error}); {RESTORE}") from error
