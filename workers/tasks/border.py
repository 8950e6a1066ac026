"""The border around every task: claim, work, and end in a final state, whatever happens between."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from avce.errors import AvceError, CancelledError
from avce.memory import give_back_memory
from workers.dispatch import dispatch
from workers.errors import LeaseLostError, PausedError, WorkerStoppingError
from workers.lifecycle import Claim, finish, release, rest
from workers.presence import presence
from workers.reporting import JobReporter
from workers.states import JobState
from workers.store.jobs import add_log
from workers.store.session import reading, writing
from workers.store.tables import Job
from workers.waiting import claim_turn

log = logging.getLogger(__name__)


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Outcome:
    """What a task hands back: rows to write with the job's end, and what to tidy up after it.

    Attributes:
        write: Writes the results. It runs in the transaction that ends the job, so they are there exactly
            once, and not at all if another worker has taken the job over.
        tidy: Runs after the commit, such as removing work that no other attempt needs.
    """

    write: Callable[[Session], None]
    tidy: Callable[[], None] = nothing


Work = Callable[[Claim, JobReporter], Outcome]


def perform(job_id: str, work: Work) -> None:
    """Do one attempt at this job, or at one of its kind that comes before it, if there is one to be had.

    Raises:
        Exception: What the work raised, after it was recorded on the job.
    """
    held = claim_turn(job_id, presence.name)
    if held is None:
        log.info(
            "job %s and all of its kind run elsewhere, are paused, wait for another, or have ended", job_id
        )
        return
    try:
        with JobReporter(held) as reporter:
            outcome = work(held, reporter)
        _succeed(held, outcome)
    except LeaseLostError as error:
        log.warning("%s; leaving it", error)
    except WorkerStoppingError as error:
        release(held, str(error))
    except PausedError:
        rest(held)
    except CancelledError:
        _end(held, JobState.CANCELLED, "cancelled by the user")
    except AvceError as error:
        _end(held, JobState.FAILED, str(error))
        raise
    except Exception as error:
        text = f"unexpected {type(error).__name__}: {error}"
        _end(held, JobState.FAILED, text, detail=traceback.format_exc())
        raise
    except BaseException:  # the process is being torn down
        release(held, "its worker was interrupted")
        raise
    finally:
        give_back_memory()


def _succeed(held: Claim, outcome: Outcome) -> None:
    with writing() as session:
        if not finish(session, held, JobState.SUCCEEDED):
            raise LeaseLostError(f"job {held.job_id} was taken over while it finished")
        outcome.write(session)
    outcome.tidy()
    with reading() as session:
        followers = list(session.scalars(select(Job.id).where(Job.after_job_id == held.job_id)))
    dispatch(followers)


def _end(held: Claim, state: JobState, error: str, *, detail: str | None = None) -> None:
    with writing() as session:
        if detail is not None:
            add_log(session, held.job_id, detail.splitlines())
        finish(session, held, state, error=error)
