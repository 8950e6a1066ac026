"""How the options of a training name another run whose weights it starts from: ``run:ID``. No heavy imports."""

from __future__ import annotations

PREFIX = "run:"


def start_from(run_id: str) -> str:
    """The value of ``pretrained`` that means the best checkpoint of this run."""
    return PREFIX + run_id


def started_from(pretrained: str) -> str | None:
    """Id of the run that a value of ``pretrained`` means; ``None`` for other starts."""
    return pretrained.removeprefix(PREFIX) if pretrained.startswith(PREFIX) else None
