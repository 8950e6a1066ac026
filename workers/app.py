"""The Celery application: messages carry one job id in JSON and nothing else; results live in rows.

Workers run with ``--pool=solo``: CUDA does not survive a fork, and one process per queue is what we want.
Messages are acknowledged early: the row, not the broker, remembers that a job must be done. A worker that
dies loses its lease and the sweep sends the job again, so a redelivery by the broker (which for Redis comes
after a fixed ``visibility_timeout``, however long the job runs) would only be a second, worse mechanism.
"""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery
from kombu.connection import Connection

from workers.queues import QUEUE_OF_KIND, Queue
from workers.settings import get_settings
from workers.states import JobKind

TASK_MODULES = [f"workers.tasks.{queue.value}" for queue in Queue]
HIGHEST_STEP = 9


def task_name(kind: JobKind) -> str:
    """Name of the Celery task that does jobs of this kind."""
    return f"avce.{kind.value}"


def _make_app() -> Celery:
    made = Celery("avce-studio", broker=get_settings().broker, include=[*TASK_MODULES, "workers.presence"])
    made.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=False,
        task_publish_retry=False,  # the sweep sends again, and no page waits for a broker that is down
        task_default_queue=Queue.DATASETS.value,
        task_routes={task_name(kind): {"queue": queue.value} for kind, queue in QUEUE_OF_KIND.items()},
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,  # a busy solo worker would not answer; presence is a row
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "socket_connect_timeout": 2,
            "max_retries": 1,
            "interval_start": 0,
            "priority_steps": list(range(HIGHEST_STEP + 1)),
            "queue_order_strategy": "priority",
        },
        enable_utc=True,
    )
    return made


app = _make_app()


def connection() -> Connection:
    """A new connection to the settings' broker; use as a context manager.

    Not from Celery's pool: the pages live for weeks, and a pooled connection may have died since.
    """
    made: Connection = app.connection_for_write(get_settings().broker)
    return made


def task(kind: JobKind) -> Callable[[Callable[[str], None]], Callable[[str], None]]:
    """Register a function of a job id as the Celery task of a kind; it stays a plain function."""

    def register(function: Callable[[str], None]) -> Callable[[str], None]:
        app.task(name=task_name(kind))(function)
        return function

    return register
