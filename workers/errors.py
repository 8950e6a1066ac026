"""Errors of the jobs; the family's base is :class:`avce.errors.AvceError`."""

from __future__ import annotations

from avce.errors import AvceError, CancelledError


class ClientError(AvceError):
    """A request that cannot be served; the text is fit to show to a user."""


class NotFoundError(ClientError, LookupError):
    """An id that no row has."""


class UnknownUploadError(NotFoundError):
    """An upload that was never begun, was discarded, or is too old."""


class OffsetError(ClientError):
    """A piece of an upload that does not go on where the upload ends; ``offset`` is where that is."""

    def __init__(self, text: str, offset: int) -> None:
        super().__init__(text)
        self.offset = offset


class TakenOverError(ClientError):
    """A piece of an upload after a newer one was begun: only the newest may write."""


class DamagedUploadError(ClientError):
    """Bytes that are not those that were sent, by their checksum; they are not kept."""


class StoreError(AvceError, OSError):
    """A file that the file store should hold and does not, or a store that does not answer."""


class LeaseLostError(CancelledError):
    """This worker's claim on the job has ended: another one may have it now, so nothing more is written."""


class PausedError(CancelledError):
    """A person paused the job: it leaves at a whole step and waits to be resumed."""


class WorkerStoppingError(CancelledError):
    """The worker was told to stop; the job goes back to the queue and resumes later."""
