"""``python -m workers.launch``, which ``make run`` executes: check, migrate, then run the Procfile's lines.

Each thing that would go wrong later is one clear line now, and exit status 2.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from honcho.environ import parse_procfile
from pydantic import ValidationError

from workers.settings import Settings, get_settings
from workers.supervise import Supervisor

ROOT = Path(__file__).resolve().parents[1]
LOOPBACK = ("127.0.0.1", "::1", "localhost")
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ANSWER_TIMEOUT_S = 120


def child_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What the children get: this interpreter's commands first, settings spelled out, threads that share well.

    Each worker may use all cores, since often only one is busy; where several are, threads that wait must sleep
    and not spin (8 times faster steps, measured with two busy cores). Explicit values win.
    """
    threads = str(os.cpu_count() or 2)
    return {
        **dict.fromkeys(THREAD_SETTINGS, threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        **environment,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "AVCE_HOME": str(settings.home.absolute()),
        "AVCE_HOST": settings.host,
        "AVCE_PORT": str(settings.port),
        "AVCE_REDIS_PORT": str(settings.redis_port),
    }


def video_workers(settings: Settings, cores: int) -> int:
    """How many workers take videos."""
    return settings.video_workers or min(cores, max(2, min(cores // 2, 4)))


def children(
    procfile: str, settings: Settings, environment: Mapping[str, str], explicit: Mapping[str, str]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name, command and environment of each process to start.

    Args:
        procfile: Text of the Procfile.
        settings: Say how many video workers there are, and whether Redis is another's.
        environment: Of all children (see :func:`child_environment`).
        explicit: What the user set. Several video workers share the cores, each with its part of the compute threads,
            unless the user says how many.
    """
    cores = os.cpu_count() or 1
    count = video_workers(settings, cores)
    share = dict.fromkeys(THREAD_SETTINGS, str(max(cores // count, 1)))
    share = {name: value for name, value in share.items() if name not in explicit}
    for name, command in parse_procfile(procfile).processes.items():
        if name == "redis" and settings.broker_url:
            continue  # the user named another one
        if name != "video":
            yield name, command, dict(environment)
            continue
        for number in range(1, count + 1):
            own = name if number == 1 else f"{name}.{number}"
            yield own, command.replace("--hostname video@", f"--hostname {own}@"), {**environment, **share}


def problems(settings: Settings, path: str) -> list[str]:
    """What keeps the studio from starting, one line each, saying what to do."""
    found = []
    if settings.host not in LOOPBACK:
        found.append(
            f"AVCE_HOST={settings.host}: there is no sign-in, so only this machine may connect; use 127.0.0.1"
        )
    elif not is_free(settings.host, settings.port):
        free = next_free(settings.host, settings.port)
        found.append(f"port {settings.port} is taken; choose another: AVCE_PORT={free} make run")
    if settings.broker_url:
        return found
    if shutil.which("redis-server", path=path) is None:
        found.append(
            "redis-server was not found; install it (apt-get install redis-server, or brew install redis), "
            "or name a running one: AVCE_BROKER_URL=redis://127.0.0.1:6379/0 make run"
        )
    if not is_free("127.0.0.1", settings.redis_port):
        free = next_free("127.0.0.1", settings.redis_port)
        found.append(
            f"port {settings.redis_port}, for Redis, is taken; choose another: AVCE_REDIS_PORT={free} make run"
        )
    return found


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def next_free(host: str, port: int) -> int:
    """The next port on which a server could listen."""
    return next((number for number in range(port + 1, 65536) if is_free(host, number)), 0)


def lock(home: Path) -> IO[str] | None:
    """Keep a second studio out of this home; ``None`` when one is in it. Held until the file is closed."""
    home.mkdir(parents=True, exist_ok=True)
    file = (home / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def announce(settings: Settings) -> None:
    """Print the address once the pages answer."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    ends_at = time.monotonic() + ANSWER_TIMEOUT_S
    while time.monotonic() < ends_at:
        try:
            with urllib.request.urlopen(address, timeout=5):
                sys.stdout.write(f"\n  AVCE Studio is ready: {address}   (Ctrl-C stops it)\n\n")
                sys.stdout.flush()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)


def main() -> int:
    """Start everything and stay until it ends; returns the exit status."""
    try:
        settings = get_settings()
        environment = child_environment(settings, os.environ)
        held = lock(settings.home)
        (settings.home / "redis").mkdir(exist_ok=True)
    except (ValidationError, OSError) as error:
        return _refuse([" ".join(str(error).split())])
    if held is None:
        another = "another AVCE Studio runs on it; stop that one, or choose another folder"
        return _refuse([f"{settings.home}: {another}: AVCE_HOME=other make run"])
    with held:
        if found := problems(settings, environment["PATH"]):
            return _refuse(found)
        return _run(settings, environment)


def _refuse(lines: list[str]) -> int:
    for line in lines:
        sys.stderr.write(f"avce studio: {line}\n")
    return 2


def _run(settings: Settings, environment: dict[str, str]) -> int:
    from workers.migrate import upgrade  # noqa: PLC0415 (after the checks, which should answer at once)

    upgrade()
    supervisor = Supervisor(
        on_start=lambda: threading.Thread(target=announce, args=(settings,), daemon=True).start()
    )
    procfile = (ROOT / "Procfile").read_text()
    for name, command, own in children(procfile, settings, environment, os.environ):
        supervisor.add_process(name, command, env=own, cwd=str(ROOT))
    supervisor.loop()
    stopped = supervisor.returncode
    return 0 if stopped in {130, 143} else int(stopped or 0)


if __name__ == "__main__":
    sys.exit(main())
