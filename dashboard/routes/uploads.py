"""Uploads in pieces: any size, resumable, with flat memory.

``POST /api/uploads?name=&size=&modified=&place=`` announces a file and answers its id and how many bytes are there already,
``PUT …/{id}?offset=N`` appends bytes, ``GET …/{id}`` says how many there are, ``POST …/{id}/finish?checksum=…`` moves the
whole into the file store and answers with its hash, ``DELETE …/{id}`` discards it; ``GET /api/uploads`` lists what is
unfinished. A piece that arrives twice or out of order is refused with the offset that is expected, so a client that
was cut off asks and goes on from there. The header ``X-AVCE-Upload`` is demanded where something changes: a page of
another origin cannot send it. With ``X-AVCE-SHA256`` a piece that arrives damaged is refused at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any, Final

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from avce.errors import AvceError
from dashboard.routes.answers import refusal
from workers import client
from workers.errors import DamagedUploadError, OffsetError, TakenOverError, UnknownUploadError
from workers.records import UploadRecord

HEADER: Final = "x-avce-upload"
HASH_HEADER: Final = "x-avce-sha256"
PIECE_LIMIT: Final = 64 << 20
WRITE_BYTES: Final = 1 << 20
"""Network packets are gathered to so many bytes before a thread is asked to write them."""
STATUSES: Final = ((UnknownUploadError, 404), (TakenOverError, 423), (DamagedUploadError, 460))
"""What is not simply refused (422); 460 is the number that the tus protocol has for a wrong checksum."""

Route = Callable[[Request], Awaitable[Response]]


def _answering(route: Route) -> Route:
    """The route, with the client's errors as answers; 409 says which offset is due."""

    @wraps(route)
    async def answered(request: Request) -> Response:
        if request.method not in {"GET", "HEAD"} and HEADER not in request.headers:
            return refusal("Uploads need the header X-AVCE-Upload; use the upload field of the pages.", 403)
        try:
            return await route(request)
        except OffsetError as error:
            return JSONResponse({"error": str(error), "offset": error.offset}, status_code=409)
        except AvceError as error:
            return refusal(
                str(error), next((status for kind, status in STATUSES if isinstance(error, kind)), 422)
            )

    return answered


def _state(upload: UploadRecord) -> dict[str, Any]:
    return {**upload.model_dump(mode="json", exclude={"stored"}), "offset": upload.received}


@_answering
async def begin(request: Request) -> Response:
    """Announce a file; what came of it before is not sent again."""
    query = request.query_params
    size = query.get("size", "")
    if not size.isdecimal():
        return refusal(f"size: expected the file's bytes as a whole number, got {size!r}", 422)
    upload = await to_thread.run_sync(
        lambda: client.begin_upload(
            query.get("name", ""), int(size), modified=query.get("modified", ""), place=query.get("place", "")
        )
    )
    return JSONResponse(_state(upload), status_code=201)


@_answering
async def unfinished(request: Request) -> Response:
    """Uploads that are not complete; ``?place=`` narrows to those of one field."""
    place = request.query_params.get("place")
    uploads = await to_thread.run_sync(client.unfinished_uploads)
    wanted = [_state(upload) for upload in uploads if place in {None, upload.place}]
    return JSONResponse(wanted, headers={"Cache-Control": "no-store"})


@_answering
async def offset(request: Request) -> Response:
    """How many bytes have arrived."""
    upload = await to_thread.run_sync(client.get_upload, request.path_params["upload_id"])
    return JSONResponse(_state(upload), headers={"Cache-Control": "no-store"})


@_answering
async def discard(request: Request) -> Response:
    """Forget an upload and what arrived of it."""
    await to_thread.run_sync(client.discard_upload, request.path_params["upload_id"])
    return Response(status_code=204)


async def _gathered(request: Request) -> AsyncIterator[bytes]:
    """The body in parts of about :data:`WRITE_BYTES`; what came before the client went is the last."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size >= WRITE_BYTES:
                yield b"".join(parts)
                parts, size = [], 0
    except ClientDisconnect:
        yield b"".join(parts)
        raise
    yield b"".join(parts)


@_answering
async def append(request: Request) -> Response:
    """Add one piece at ``?offset=``, which must be the number of bytes that are there."""
    start, length = request.query_params.get("offset", ""), request.headers.get("content-length", "")
    if not start.isdecimal():
        return refusal(f"offset: expected a whole number, got {start!r}", 422)
    if not length.isdecimal() or int(length) > PIECE_LIMIT:
        return refusal(
            f"A piece must say its length and may have {PIECE_LIMIT:,} bytes at most, got {length!r}.", 413
        )
    upload_id = request.path_params["upload_id"]
    piece = await to_thread.run_sync(client.open_piece, upload_id, int(start))
    try:
        async for data in _gathered(request):
            await to_thread.run_sync(piece.write, data)
        if (sha256 := request.headers.get(HASH_HEADER)) is not None:
            piece.check(sha256)
    except ClientDisconnect:
        return refusal("The connection ended inside a piece; what arrived is kept.", 400)
    except OSError as error:
        return refusal(f"The server cannot write the upload ({error.strerror}); what arrived is kept.", 507)
    finally:
        piece.close()
    return JSONResponse({"offset": int(start) + int(length)})


@_answering
async def finish(request: Request) -> Response:
    """Put the whole file into the store and answer with what the pages hand on to a job."""
    checksum = request.query_params.get("checksum", "")
    stored = await to_thread.run_sync(client.finish_upload, request.path_params["upload_id"], checksum)
    return JSONResponse(stored.model_dump())
