"""A studio in a folder of its own: a real Redis on a free port, workers and beat as processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from avce.options import PrepareOptions, SynthOptions
from workers import client, settings
from workers.launch import child_environment
from workers.migrate import upgrade
from workers.queues import Queue
from workers.records import JobRecord
from workers.states import JobState
from workers.store import session

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 90
QUICK = {
    "AVCE_LEASE_S": "3",
    "AVCE_HEARTBEAT_S": "0.3",
    "AVCE_SWEEP_S": "0.3",
    "AVCE_RESEND_S": "1",
    "AVCE_REPORT_S": "0.1",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], object], seconds: float = WAIT_S, text: str = "") -> object:
    """What the function returns, once it is true."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing came of it in {seconds} s: {text or what}")


@dataclass
class Studio:
    """Starts processes, and ends each of them with the test."""

    home: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        self.processes.append(process)
        return process

    def start_worker(
        self, name: str = "one", queues: tuple[str, ...] = tuple(Queue)
    ) -> subprocess.Popen[bytes]:
        process = self.start(
            name,
            *(sys.executable, "-m", "celery", "--quiet", "-A", "workers.app", "worker", "--pool", "solo"),
            *("--queues", ",".join(queues), "--hostname", f"{name}@test", "--loglevel", "info"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        )
        wait_for(lambda: self.is_alive(f"{name}@test"), text=f"{name}: {self.log(name)}")
        return process

    def is_alive(self, name: str) -> bool:
        return any(worker.name == name and worker.alive for worker in client.workers_status())

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self.start("beat", sys.executable, "-m", "workers.beat")

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")[-3000:]

    def end(self, process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
        process.send_signal(number)
        return process.wait(timeout=30)

    def end_all(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
            process.wait(timeout=30)


def until(job_id: str, *states: JobState) -> JobRecord:
    """The job, once it is in one of the states."""
    wait_for(lambda: client.get_job(job_id).state in states, text=f"{client.get_job(job_id)}")
    return client.get_job(job_id)


def log_texts(job_id: str) -> list[str]:
    return [line.text for line in client.job_log(job_id)]


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """Database, file store and Redis; workers and beat are started by the test."""
    port = free_port()
    own = {"AVCE_HOME": str(tmp_path), "AVCE_REDIS_PORT": str(port), "OMP_NUM_THREADS": "1"} | QUICK
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    settings.get_settings.cache_clear()
    upgrade()
    made = Studio(tmp_path, child_environment(settings.get_settings(), os.environ))
    monkeypatch.setenv("PATH", made.environment["PATH"])
    made.start(
        "redis",
        *("redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path), "--save", ""),
    )
    try:
        wait_for(lambda: client.health()["broker"] == "ok", text="redis")
        yield made
    finally:
        made.end_all()
        session.dispose()
        settings.get_settings.cache_clear()


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small drawn data set, as a zip."""
    import shutil

    from avce.data.synthetic import synthesize

    folder = synthesize(
        tmp_path_factory.mktemp("faces") / "faces", SynthOptions(subjects=6, per_subject=6, size=96, seed=5)
    )
    return Path(shutil.make_archive(str(folder), "zip", folder))


@pytest.fixture
def dataset_id(studio: Studio, faces: Path) -> str:
    """The small data set, imported without a worker."""
    from workers.tasks.datasets import import_dataset

    with faces.open("rb") as stream:
        stored = client.store_upload(stream, "faces.zip")
    job = client.import_dataset("faces", [stored], PrepareOptions(size=64))
    import_dataset(job.id)
    assert client.get_job(job.id).state is JobState.SUCCEEDED
    return str(job.dataset_id)
