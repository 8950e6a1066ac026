"""A PostgreSQL server for a moment, from the programs on this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"
START_S = 30.0


@contextmanager
def postgres_server() -> Iterator[str | None]:
    """The address of an empty database that is gone afterwards; ``None`` where PostgreSQL is not installed.

    It listens on a socket in a folder of its own, not on the network. PostgreSQL does not run as root: a root user
    starts it as the user that its package made, and where there is none, ``None`` comes back too.
    """
    initdb, server = shutil.which("initdb"), shutil.which("postgres")
    user = _user()
    if initdb is None or server is None or user is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="avce-pg-") as name:
        folder = Path(name)
        os.chown(folder, user, -1)
        as_user = user if os.getuid() == 0 else None
        subprocess.run(
            [initdb, "-D", folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True, capture_output=True, cwd=folder, user=as_user,
        )  # fmt: skip
        process = subprocess.Popen(
            [server, "-D", folder / "data", "-k", folder, "-c", "listen_addresses="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=as_user,
        )  # fmt: skip
        try:
            url = f"postgresql+psycopg://{USER}@/{USER}?host={folder}"
            _wait_for(folder / ".s.PGSQL.5432", process)
            yield url
        finally:
            process.terminate()
            process.wait()


def _user() -> int | None:
    """Who may run the server: oneself, or for root the package's user."""
    if os.getuid() != 0:
        return os.getuid()
    try:
        return pwd.getpwnam(USER).pw_uid
    except KeyError:
        return None


def _wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    ends_at = time.monotonic() + START_S
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > ends_at:
            raise RuntimeError(f"PostgreSQL did not start within {START_S:g} s (status {process.poll()})")
        time.sleep(0.1)
    time.sleep(0.5)  # the socket is there a moment before it answers
