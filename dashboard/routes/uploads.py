"""Uploads in pieces: any size, resumable, with flat memory.

``POST /api/uploads`` opens one, ``PUT …/{id}?offset=N`` appends bytes, ``GET …/{id}`` says how many are
there, ``POST …/{id}/finish?name=…`` moves the whole into the file store and answers with its hash. A piece
that arrives twice or out of order is refused with the offset that is expected, so a client that was cut off
asks and goes on from there. The header ``X-AVCE-Upload`` is demanded: a page of another origin cannot send it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final
from uuid import uuid4

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from avce.errors import AvceError
from dashboard.routes.answers import refusal
from workers import client
from workers.settings import get_settings

HEADER: Final = "x-avce-upload"
KEPT_S: Final = 48 * 3600
PIECE_LIMIT: Final = 64 * 2**20


def _folder() -> Path:
    folder = Path(get_settings().home) / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _part(upload_id: str) -> Path | None:
    """File of an upload in progress; ``None`` for an id that was never given out."""
    if len(upload_id) != 32 or not all(letter in "0123456789abcdef" for letter in upload_id):
        return None
    path = _folder() / f"{upload_id}.part"
    return path if path.is_file() else None


def _forget_old() -> None:
    for path in _folder().glob("*.part"):
        if time.time() - path.stat().st_mtime > KEPT_S:
            path.unlink(missing_ok=True)


def _refused(request: Request) -> Response | None:
    if HEADER not in request.headers:
        return refusal("Uploads need the header X-AVCE-Upload; use the upload field of the pages.", 403)
    return None


def _unknown() -> Response:
    return refusal(
        f"This upload is not known here; parts are kept for {KEPT_S // 3600} hours. Start it again.", 404
    )


def _too_large() -> str:
    largest = get_settings().max_upload_bytes
    return f"A piece may have {PIECE_LIMIT:,} bytes and a file {largest:,} (AVCE_MAX_UPLOAD_BYTES) at most."


async def begin(request: Request) -> Response:
    """Open an upload."""
    if (no := _refused(request)) is not None:
        return no
    await to_thread.run_sync(_forget_old)
    upload_id = uuid4().hex
    (_folder() / f"{upload_id}.part").touch()
    return JSONResponse({"id": upload_id, "offset": 0}, status_code=201)


async def offset(request: Request) -> Response:
    """How many bytes have arrived."""
    part = _part(request.path_params["upload_id"])
    return _unknown() if part is None else JSONResponse({"offset": part.stat().st_size})


async def append(request: Request) -> Response:
    """Add one piece at ``?offset=``, which must be the number of bytes that are there."""
    if (no := _refused(request)) is not None:
        return no
    part = _part(request.path_params["upload_id"])
    if part is None:
        return _unknown()
    there = part.stat().st_size
    if request.query_params.get("offset") != str(there):
        return JSONResponse(
            {"error": f"expected the piece at offset {there}", "offset": there}, status_code=409
        )
    with part.open("ab") as file:
        try:
            async for piece in request.stream():
                await to_thread.run_sync(file.write, piece)
                if file.tell() - there > PIECE_LIMIT or file.tell() > get_settings().max_upload_bytes:
                    file.truncate(there)
                    return refusal(_too_large(), 413)
        except ClientDisconnect:
            return refusal("The connection ended inside a piece; what arrived is kept.", 400)
    return JSONResponse({"offset": part.stat().st_size})


async def finish(request: Request) -> Response:
    """Put the whole file into the store and answer with what the pages hand on to a job."""
    if (no := _refused(request)) is not None:
        return no
    part = _part(request.path_params["upload_id"])
    if part is None:
        return _unknown()
    size = request.query_params.get("size")
    if size != str(part.stat().st_size):
        return refusal(
            f"The file has {size} bytes and {part.stat().st_size} arrived; send the rest first.", 409
        )

    def store() -> dict[str, object]:
        with part.open("rb") as stream:
            stored = client.store_upload(stream, request.query_params.get("name", "upload"))
        part.unlink(missing_ok=True)
        return {"sha256": stored.sha256, "size": stored.size, "name": stored.name}

    try:
        return JSONResponse(await to_thread.run_sync(store))
    except AvceError as error:
        return refusal(str(error), 422)
