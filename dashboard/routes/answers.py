"""How a route says no."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ParamSpec

from starlette.responses import JSONResponse, Response

from avce.errors import AvceError

P = ParamSpec("P")


def file_name(*parts: str) -> str:
    """Parts joined to a name that every system takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(parts)).strip("-.") or "export"


def refusal(reason: str, status: int) -> JSONResponse:
    """One line of text for the reader, as JSON."""
    return JSONResponse({"error": reason}, status_code=status)


def or_not_found(make: Callable[P, Response], *args: P.args, **kwargs: P.kwargs) -> Response:
    """The response, or a 404 with the client's own words when what it needs is not there."""
    try:
        return make(*args, **kwargs)
    except AvceError as error:
        return refusal(str(error), 404)
