"""The same migrations and the same search on PostgreSQL, where its programs are installed."""

from __future__ import annotations

import pytest

from benchmarks._postgres import postgres_server
from tests.workers.test_episodes import RULE, add_points, add_run, high, told
from workers import client, settings
from workers.migrate import upgrade
from workers.store import series, session


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    with postgres_server() as url, pytest.MonkeyPatch.context() as patch:
        if url is None:
            pytest.skip("PostgreSQL is not installed")
        patch.setenv("AVCE_HOME", str(tmp_path_factory.mktemp("postgres")))
        patch.setenv("AVCE_DATABASE_URL", url)
        settings.get_settings.cache_clear()
        upgrade()
        yield url
        session.dispose()  # a server waits for its clients before it stops
        settings.get_settings.cache_clear()
    settings.get_settings.cache_clear()


@pytest.mark.usefixtures("postgres")
def test_moments_are_found_in_packed_faces_and_in_points_alike():
    run_id = add_run()
    values = high(*range(5, 15)) | {10: None}
    analysis = add_points("clip.mp4", run_id, {1: values, 2: high(3)})
    by_points = told(client.search_episodes(RULE))
    with session.writing() as opened:
        series.write(opened, analysis)
    assert told(client.search_episodes(RULE)) == by_points == [("clip.mp4", 1, 5, 9)]
