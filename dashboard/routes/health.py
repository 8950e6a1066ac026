"""Whether database, broker and files can be reached."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from avce.errors import AvceError
from workers import client


def health(request: Request) -> JSONResponse:
    """``200`` with each part "ok", or ``503`` with the reason beside the part that is not."""
    del request
    try:
        parts = dict(client.health())
    except AvceError as error:
        parts = {"database": str(error)}
    fine = all(reason == "ok" for reason in parts.values())
    return JSONResponse({"status": "ok" if fine else "degraded", **parts}, status_code=200 if fine else 503)
