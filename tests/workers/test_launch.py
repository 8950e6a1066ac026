"""What stands in the way of a start is one clear line."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from workers import launch
from workers.settings import Settings, get_settings

PATH = os.pathsep.join([launch.child_environment(Settings(), os.environ)["PATH"]])


@pytest.fixture
def taken():
    """A port on which something listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def free():
    return launch.next_free("127.0.0.1", 20_000)


def test_nothing_stands_in_the_way_of_free_ports():
    assert launch.problems(Settings(port=free(), redis_port=free()), PATH) == []


def test_a_taken_port_names_a_free_one(taken):
    (line,) = launch.problems(Settings(port=taken, redis_port=free()), PATH)
    assert line.startswith(f"port {taken} is taken")
    assert line.endswith(f"AVCE_PORT={launch.next_free('127.0.0.1', taken)} make run")


def test_a_taken_port_of_redis_names_a_free_one(taken):
    (line,) = launch.problems(Settings(port=free(), redis_port=taken), PATH)
    assert f"AVCE_REDIS_PORT={launch.next_free('127.0.0.1', taken)} make run" in line


def test_a_missing_redis_says_how_to_get_one(tmp_path):
    (line,) = launch.problems(Settings(port=free(), redis_port=free()), str(tmp_path))
    assert "redis-server was not found; install it" in line


def test_a_broker_of_the_users_own_needs_no_redis_here(tmp_path, taken):
    settings = Settings(port=free(), redis_port=taken, broker_url="redis://127.0.0.1:1/0")
    assert launch.problems(settings, str(tmp_path)) == []


def test_other_machines_may_not_connect():
    (line,) = launch.problems(Settings(host="0.0.0.0", redis_port=free()), PATH)
    assert "only this machine" in line


def test_a_home_has_one_studio(tmp_path):
    first = launch.lock(tmp_path / "home")
    assert first is not None
    assert launch.lock(tmp_path / "home") is None
    first.close()
    again = launch.lock(tmp_path / "home")
    assert again is not None
    again.close()


def refused(monkeypatch, capsys, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(f"AVCE_{name}", str(value))
    get_settings.cache_clear()
    try:
        assert launch.main() == 2
    finally:
        get_settings.cache_clear()
    return capsys.readouterr().err.strip()


def test_a_refusal_is_one_line_and_exit_status_2(monkeypatch, capsys, tmp_path, taken):
    line = refused(monkeypatch, capsys, HOME=tmp_path, PORT=taken, REDIS_PORT=free())
    assert line.startswith("avce studio: port")
    assert "\n" not in line


def test_a_wrong_setting_is_one_line(monkeypatch, capsys, tmp_path):
    line = refused(monkeypatch, capsys, HOME=tmp_path, PORT="eighty")
    assert "port" in line
    assert "\n" not in line


def test_a_home_that_cannot_be_made_is_one_line(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    line = refused(monkeypatch, capsys, HOME=tmp_path / "file" / "home")
    assert "home" in line
    assert "\n" not in line


def test_children_get_the_settings_and_threads_that_sleep_while_they_wait(tmp_path):
    settings = Settings(home=tmp_path, port=1234, redis_port=4321)
    environment = launch.child_environment(settings, {"PATH": "/bin", "MKL_NUM_THREADS": "7"})
    assert environment["AVCE_HOME"] == str(tmp_path)
    assert (environment["AVCE_PORT"], environment["AVCE_REDIS_PORT"]) == ("1234", "4321")
    assert environment["OMP_NUM_THREADS"] == str(os.cpu_count() or 2)
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert environment["MKL_NUM_THREADS"] == "7"
    assert Path(environment["PATH"].split(os.pathsep)[0], "python").exists()


PROCFILE = "redis: redis-server\nweb: serve\nvideo: celery worker --hostname video@%h --pool solo\n"


def test_video_workers_are_as_many_as_wanted_and_share_the_compute_threads(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    started = list(launch.children(PROCFILE, Settings(video_workers=3), {"OMP_NUM_THREADS": "6"}, {}))
    assert [name for name, _, _ in started] == ["redis", "web", "video", "video.2", "video.3"]
    assert started[3][1] == "celery worker --hostname video.2@%h --pool solo"
    assert [own["OMP_NUM_THREADS"] for _, _, own in started] == ["6", "6", "2", "2", "2"]


def test_threads_that_the_user_set_stay_and_a_redis_of_his_own_is_not_started_again():
    settings = Settings(video_workers=2, broker_url="redis://127.0.0.1:1/0")
    environment = {"OMP_NUM_THREADS": "5"}
    started = list(launch.children(PROCFILE, settings, environment, environment))
    assert [name for name, _, _ in started] == ["web", "video", "video.2"]
    assert {own["OMP_NUM_THREADS"] for _, _, own in started} == {"5"}


@pytest.mark.parametrize(("cores", "count"), [(1, 1), (2, 2), (4, 2), (6, 3), (64, 4)])
def test_without_a_wish_cores_say_how_many_video_workers_there_are(cores, count):
    assert launch.video_workers(Settings(), cores) == count
