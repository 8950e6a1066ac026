"""The family of errors. Every message says what was expected, what came, where, and what to do."""

from __future__ import annotations


class AvceError(Exception):
    """Base of all errors that this package raises on purpose; its text is fit to show to a user."""


class ShapeError(AvceError, ValueError):
    """A tensor or array of the wrong shape."""


class DomainError(AvceError, ValueError):
    """A number outside the range in which the operation is defined (``nan``, label beyond [-1, 1], …)."""


class OptionError(AvceError, ValueError):
    """A setting that does not exist, is out of range, or does not fit another one."""


class DataError(AvceError, ValueError):
    """A file or data set that cannot be used; the text names the file and, where there is one, the row."""


class VideoError(DataError):
    """A video that cannot be decoded, holds no picture, or holds no face where one is needed."""


class CheckpointError(AvceError, ValueError):
    """A checkpoint that is missing, damaged, or of another kind than asked for."""


class SolverError(AvceError, RuntimeError):
    """A convex solver that did not reach an optimum; the text names the row and the solver's status."""


class CostError(AvceError, RuntimeError):
    """A training whose cost could not be measured; the text says why, and what would be cheaper."""


class CancelledError(AvceError):
    """The user asked to stop; raised by :meth:`avce.progress.Reporter.check`."""
