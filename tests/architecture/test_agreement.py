"""Names that stand in two places and must agree."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

from tests.architecture.tree import ROOT
from workers.queues import QUEUE_OF_KIND, Queue
from workers.settings import Settings
from workers.states import JobKind

SETTINGS_ROW = re.compile(r"^\| `(AVCE_[A-Z0-9_]+)` \| ([^|]*) \| (.*) \|$", re.MULTILINE)


def procfile() -> dict[str, str]:
    """Process name → command."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    entries = [line.partition(":") for line in lines if line.strip() and not line.startswith("#")]
    return {name.strip(): command.strip() for name, _, command in entries}


def queues_listened_to(command: str) -> list[str]:
    """Queue names that a worker's command names with ``-Q``, ``--queues`` or ``--queue``."""
    words = [part for word in shlex.split(command) for part in word.split("=", 1)]
    flags = {"-Q", "--queues", "--queue"}
    return [name for flag, value in pairwise(words) if flag in flags for name in value.split(",")]


def test_every_queue_has_one_worker_in_the_procfile() -> None:
    heard = [name for command in procfile().values() for name in queues_listened_to(command)]
    assert sorted(heard) == sorted(Queue)


def test_the_procfile_starts_redis_the_pages_and_the_clock_as_well() -> None:
    workerless = {name for name, command in procfile().items() if not queues_listened_to(command)}
    assert workerless == {"redis", "web", "beat"}


def test_every_kind_of_job_has_a_queue() -> None:
    assert set(QUEUE_OF_KIND) == set(JobKind)
    assert set(QUEUE_OF_KIND.values()) == set(Queue)


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    documented = SETTINGS_ROW.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
    assert [name for name, _, _ in documented] == [f"AVCE_{name.upper()}" for name in Settings.model_fields]


def test_documented_settings_have_the_descriptions_and_defaults_of_the_code() -> None:
    documented = SETTINGS_ROW.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
    for name, default, description in documented:
        field = Settings.model_fields[name.removeprefix("AVCE_").lower()]
        assert description == field.description
        if field.default_factory is None:
            assert default == (f"`{field.default}`" if field.default not in ("", (), None) else "empty"), name
