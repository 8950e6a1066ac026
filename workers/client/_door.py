"""What every client function has in common: errors arrive as :class:`ClientError`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from avce.errors import AvceError
from workers.errors import ClientError

P = ParamSpec("P")
T = TypeVar("T")


def door(function: Callable[P, T]) -> Callable[P, T]:
    """Turn expected errors of a client function into :class:`ClientError`."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except ClientError:
            raise
        except AvceError as error:
            raise ClientError(str(error)) from error
        except (OperationalError, ProgrammingError) as error:
            hint = "is it running, and are its tables made (`make run` does both)?"
            raise ClientError(f"the database does not answer ({error.orig}); {hint}") from error
        except SQLAlchemyError as error:
            raise ClientError(f"the database refused: {error}") from error
        except OSError as error:
            raise ClientError(f"a file cannot be read or written: {error}") from error

    return wrapped
