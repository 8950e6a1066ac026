"""Migrations are run, not read: up, down, up, and no difference from the tables."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from workers import settings
from workers.migrate import CONFIG
from workers.store import session
from workers.store.tables import Analysis, AnalysisRun, Base, Dataset, Run, Video


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


def test_a_database_with_rows_goes_down_and_up_and_keeps_them(config):
    command.upgrade(config, "head")
    with session.writing() as opened:
        dataset = Dataset(name="faces", source={})
        opened.add(dataset)
        opened.flush()
        run = Run(name="a run", dataset_id=dataset.id, method="avce", backbone="tiny", options={})
        video = Video(name="clip.mp4")
        opened.add_all([run, video])
        opened.flush()
        analysis = Analysis(video_id=video.id, options={})
        opened.add(analysis)
        opened.flush()
        opened.add(AnalysisRun(analysis_id=analysis.id, position=0, run_id=run.id))
    command.downgrade(config, "0005")
    command.upgrade(config, "head")
    with session.reading() as opened:
        assert opened.query(AnalysisRun).one().run_id == opened.query(Run).one().id
    with pytest.raises(IntegrityError), session.writing() as opened:  # references are watched again
        opened.add(Analysis(video_id="nosuch", options={}))
