"""``python -m workers.beat``: sweep every few seconds, and tell the webhook what ended.

A process of its own rather than a task: a sweep that waited in a queue behind the jobs it is to save would
come too late, and when the broker is down there is no queue to wait in.
"""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from workers.notify import notify
from workers.settings import get_settings
from workers.store.incoming import forget_stale
from workers.sweep import sweep

log = logging.getLogger(__name__)


def run(stop: threading.Event) -> None:
    """Sweep until told to stop; a database that is briefly away is tried again at the next round."""
    while not stop.is_set():
        try:
            swept = sweep()
            forget_stale()
        except SQLAlchemyError:
            log.exception("the sweep could not reach the database; next try in a moment")
        except OSError:
            log.exception("old uploads could not be removed; next try in a moment")
        else:
            if swept.requeued or swept.ended or swept.sent:
                log.info("requeued %s, ended %s, sent %d", swept.requeued, swept.ended, swept.sent)
        stop.wait(get_settings().sweep_s)


def tell(stop: threading.Event) -> None:
    """Notify until told to stop; in a thread of its own, since the other side may be slow."""
    while not stop.wait(get_settings().sweep_s):
        try:
            notify()
        except SQLAlchemyError:
            log.exception("the database did not say what ended; next try in a moment")


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    stop = threading.Event()

    def stopping(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, stopping)
    signal.signal(signal.SIGINT, stopping)
    threading.Thread(target=tell, args=(stop,), name="webhook", daemon=True).start()
    run(stop)


if __name__ == "__main__":
    main()
