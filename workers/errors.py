"""Errors of the jobs; the family's base is :class:`avce.errors.AvceError`."""

from __future__ import annotations

from avce.errors import AvceError, CancelledError


class ClientError(AvceError):
    """A request that cannot be served; the text is fit to show to a user."""


class NotFoundError(ClientError, LookupError):
    """An id that no row has."""


class StoreError(AvceError, OSError):
    """A file that the file store should hold and does not, or a store that does not answer."""


class LeaseLostError(CancelledError):
    """This worker's claim on the job has ended: another one may have it now, so nothing more is written."""


class PausedError(CancelledError):
    """A person paused the job: it leaves at a whole step and waits to be resumed."""


class WorkerStoppingError(CancelledError):
    """The worker was told to stop; the job goes back to the queue and resumes later."""
