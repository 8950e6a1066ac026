"""Migrations are run, not read: up, down, up, and no difference from the tables."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from workers import settings
from workers.migrate import CONFIG
from workers.store import session
from workers.store.tables import Base


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("AVCE_HOME", str(tmp_path))
    settings.get_settings.cache_clear()
    yield Config(str(CONFIG))
    session.dispose()
    settings.get_settings.cache_clear()


def table_names():
    return set(inspect(session.current_engine()).get_table_names()) - {"alembic_version"}


def test_up_down_and_up_again(config):
    command.upgrade(config, "head")
    assert table_names() == set(Base.metadata.tables)
    command.downgrade(config, "base")
    assert table_names() == set()
    command.upgrade(config, "head")
    assert table_names() == set(Base.metadata.tables)


def test_migrations_make_exactly_the_tables_of_the_code(config):
    command.upgrade(config, "head")
    command.check(config)


def test_there_is_one_newest_schema(config):
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
