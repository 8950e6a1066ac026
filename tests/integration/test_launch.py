"""`make run`, as a person starts and stops it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest

from tests.integration.conftest import ROOT, free_port, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def start(tmp_path):
    """Starts the studio in the same home each time, and ends what a failed test leaves."""
    started, seen = [], {}

    def run():
        port = free_port()
        own = {"AVCE_HOME": str(tmp_path), "AVCE_PORT": str(port), "AVCE_REDIS_PORT": str(free_port())}
        with (tmp_path / "out.log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "workers.launch"],
                cwd=ROOT,
                env=os.environ | own | {"AVCE_HEARTBEAT_S": "0.5"},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        started.append(process)
        wait_for(
            lambda: process.poll() is not None or "is ready" in (tmp_path / "out.log").read_text(),
            text="the address",
        )
        text = (tmp_path / "out.log").read_text()
        assert process.poll() is None, text
        seen.update({child.pid: child for child in psutil.Process(process.pid).children(recursive=True)})
        return process, f"http://127.0.0.1:{port}", text

    yield run, seen
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=30)
    for child in seen.values():
        if child.is_running():
            child.kill()


def running(children):
    return [child for child in children.values() if child.is_running() and child.status() != "zombie"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_studio_starts_answers_and_stops_without_remains(start, number):
    run, children = start
    process, address, text = run()
    assert f"AVCE Studio is ready: {address}" in text
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.status == 200
    names = {name for child in running(children) for name in child.cmdline()}
    assert {"training", "datasets", "evaluation", "video", "figures"} <= names
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    assert running(children) == []


def test_a_studio_that_is_killed_leaves_no_process_behind(start):
    run, children = start
    process, _, _ = run()
    process.kill()
    process.wait(timeout=30)
    wait_for(lambda: running(children) == [], seconds=30, text="processes are left")


def test_a_worker_that_dies_is_started_again_and_the_pages_stay(start):
    run, children = start
    process, address, _ = run()

    def trainer():
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it may end while it is asked
                line = child.cmdline()
                if "training@%h" in line and "python" in line[0]:
                    return child
        return None

    first = wait_for(trainer, text="the training worker")
    first.kill()
    second = wait_for(lambda: (found := trainer()) and found.pid != first.pid and found, text="a new one")
    children[second.pid] = second
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.status == 200
    time.sleep(0.5)
    process.terminate()
    assert process.wait(timeout=30) == 0
    assert running(children) == []
