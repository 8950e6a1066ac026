"""A home of its own for every test, with a migrated database; no broker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workers import settings
from workers.migrate import upgrade
from workers.reporting import worker_stopping
from workers.states import JobKind
from workers.store import session
from workers.store.jobs import add_job


def _use(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("AVCE_HOME", str(home))
    settings.get_settings.cache_clear()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file, copied by each test."""
    home = tmp_path_factory.mktemp("migrated")
    with pytest.MonkeyPatch.context() as monkeypatch:
        _use(monkeypatch, home)
        upgrade()
        session.dispose()
    settings.get_settings.cache_clear()
    return home / "studio.db"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the jobs whose message was sent, in order; nothing goes to a broker."""
    messages: list[str] = []
    monkeypatch.setattr("workers.dispatch.send", lambda _, job_id, *__: messages.append(job_id))
    return messages


@pytest.fixture
def home(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch, sent: list[str]) -> Iterator[Path]:
    """The folder that settings point to."""
    shutil.copy(migrated, tmp_path / "studio.db")
    monkeypatch.setenv("AVCE_REPORT_S", "0")
    monkeypatch.setenv("AVCE_HEARTBEAT_S", "0.05")
    _use(monkeypatch, tmp_path)
    yield tmp_path
    session.dispose()
    settings.get_settings.cache_clear()
    worker_stopping.clear()


@pytest.fixture
def new_job(home: Path) -> Callable[..., str]:
    """Writes the row of a job and returns its id."""

    def make(title: str = "a job", *, kind: JobKind = JobKind.MAPS, **columns: object) -> str:
        with session.writing() as opened:
            return add_job(opened, kind, title, **({"options": {}} | columns)).id

    return make
