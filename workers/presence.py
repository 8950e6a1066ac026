"""What a worker process says of itself: its name, that it lives, and that it is about to stop."""

from __future__ import annotations

import logging
import os
import socket
import threading
import warnings
from typing import Any

from celery import signals
from celery.platforms import SecurityWarning
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from workers.reporting import worker_stopping
from workers.settings import get_settings
from workers.store.session import writing
from workers.store.tables import Worker, utc_now

log = logging.getLogger(__name__)


class Presence:
    """A row that a thread keeps fresh, whatever the worker is busy with."""

    def __init__(self) -> None:
        self.name = f"python@{socket.gethostname()}:{os.getpid()}"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, name: str, queues: list[str]) -> None:
        """Begin to show signs of life."""
        self.name = name
        self._stop.clear()
        self._thread = threading.Thread(target=self._beat, args=(queues,), name="presence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave in good order: the row goes."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            with writing() as session:
                session.execute(delete(Worker).where(Worker.name == self.name))

    def _beat(self, queues: list[str]) -> None:
        while True:
            try:
                with writing() as session:
                    session.merge(Worker(name=self.name, queues=queues, pid=os.getpid(), seen_at=utc_now()))
            except SQLAlchemyError:
                log.exception("this worker's sign of life could not be written; next try in a moment")
            if self._stop.wait(get_settings().heartbeat_s):
                return


presence = Presence()


def _on_ready(sender: Any, **_: object) -> None:
    presence.start(str(sender.hostname), sorted(sender.app.amqp.queues.consume_from))


def _on_shutting_down(**_: object) -> None:
    # Comes from the signal handler, in the middle of a job: the job leaves at its next check.
    worker_stopping.set()


def _on_shutdown(**_: object) -> None:
    presence.stop()


# Eight lines per worker where the studio runs as root, as in a container; messages are ids in JSON, not code.
warnings.filterwarnings("ignore", category=SecurityWarning)
signals.worker_ready.connect(_on_ready)
signals.worker_shutting_down.connect(_on_shutting_down)
signals.worker_shutdown.connect(_on_shutdown)
