"""Honcho with one change: a worker that dies alone is started again instead of taking the pages down with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.queues
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from typing import Any

from honcho import manager
from honcho.manager import Manager  # untyped, hence the two ignored lines below
from honcho.process import Process

RESTART_PAUSE_S = 1.0
STOP_WAIT_S = 10  # for a worker to come to the end of its batch and hand its job back
ENDS_ALL = ("redis", "web")
"""Without these there is nothing to use; honcho's rule, that one end is the end of all, stays for them."""


class RestartingProcess(Process):  # type: ignore[misc]
    """Runs its command until told to stop."""

    stopping: Event

    def run(
        self, events: multiprocessing.queues.Queue[Any] | None = None, ignore_signals: bool = False
    ) -> None:
        """Run in a process of its own; tells the manager of each start, and of the last end."""
        self._events = events
        if ignore_signals:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=self._end_with_parent, daemon=True).start()
        while True:
            child = self._child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
            self._send_message({"pid": child.pid}, type="start")
            if self.stopping.is_set():  # between two starts the manager had no process to end
                child.terminate()
            for line in iter(child.stdout.readline, b""):
                self._send_message(line)
            child.stdout.close()
            status = child.wait()
            if self.stopping.is_set() or self.name in ENDS_ALL:
                break
            self._send_message(f"ended with status {status}; starting it again\n".encode())
            time.sleep(RESTART_PAUSE_S)
            if self.stopping.is_set():
                break
        self._send_message({"returncode": status}, type="stop")

    def _end_with_parent(self) -> None:
        """End the command when the manager was killed, or its terminal closed: nobody else would."""
        parent = multiprocessing.parent_process()
        if parent is None:
            return
        parent.join()
        self.stopping.set()
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)
            time.sleep(STOP_WAIT_S)


class Supervisor(Manager):  # type: ignore[misc]
    """Runs the lines of a Procfile until one of the indispensable ones ends or a signal comes."""

    _processes: dict[str, Any]

    def __init__(self, *, on_start: Callable[[], None]) -> None:
        super().__init__()
        manager.KILL_WAIT = STOP_WAIT_S
        self._stopping = multiprocessing.Event()
        self._on_start = on_start
        self._process_ctor = self._make

    def _make(self, *args: object, **kwargs: object) -> RestartingProcess:
        process = RestartingProcess(*args, **kwargs)
        process.stopping = self._stopping
        return process

    def _start(self) -> None:
        super()._start()
        self._on_start()  # after the forks: a thread must not be there when they happen

    def terminate(self) -> None:
        """End all processes."""
        self._stopping.set()
        super().terminate()

    def _killall(self, force: bool = False) -> None:
        # One that has not told its number yet sees the flag and ends itself.
        started: dict[str, Any] = {
            name: process for name, process in self._processes.items() if "pid" in process
        }
        everything = self._processes
        self._processes = started
        try:
            super()._killall(force=force)
        finally:
            self._processes = everything
