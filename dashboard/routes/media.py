"""Videos (with HTTP ranges), single frames and map pictures, for the player and the gallery."""

from __future__ import annotations

import mimetypes

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from dashboard.routes.answers import or_not_found, refusal
from workers import client

FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
WIDEST_PX = 1920


def video(request: Request) -> Response:
    """The stored file as it was uploaded; ranges are answered, so players can seek without loading all."""

    def make() -> Response:
        path = client.video_path(request.path_params["video_id"])
        name = request.query_params.get("name", "")
        kind = mimetypes.guess_type(name)[0] or "video/mp4"
        return FileResponse(
            path, media_type=kind if kind.startswith("video/") else "video/mp4", headers=FOREVER
        )

    return or_not_found(make)


def frame(request: Request) -> Response:
    """One decoded frame as JPEG, ``?width=`` pixels wide."""
    width = request.query_params.get("width")
    if width is not None and not (width.isdecimal() and 16 <= int(width) <= WIDEST_PX):
        return refusal(f"width: expected a whole number from 16 to {WIDEST_PX}, got {width!r}", 422)

    def make() -> Response:
        jpeg = client.frame_jpeg(
            request.path_params["video_id"],
            request.path_params["frame_index"],
            width=int(width) if width else None,
        )
        return Response(jpeg, media_type="image/jpeg", headers=FOREVER)

    return or_not_found(make)


def map_image(request: Request) -> Response:
    """One activation map as PNG."""
    return or_not_found(
        lambda: Response(
            client.map_png(request.path_params["map_id"]), media_type="image/png", headers=FOREVER
        )
    )


def map_colours(request: Request) -> Response:
    """A map, the mean of several (``ids``), or what they have more than others (``minus``), in colours, as PNG."""
    ids, minus = (_ids(request, name) for name in ("ids", "minus"))
    colormap = request.query_params.get("colormap", "turbo")
    return or_not_found(
        lambda: Response(
            client.map_colours(ids, minus=minus, colormap=colormap), media_type="image/png", headers=FOREVER
        )
    )


def map_face(request: Request) -> Response:
    """The face below a map, or the mean face of several, as JPEG."""
    return or_not_found(
        lambda: Response(client.map_face(_ids(request, "ids")), media_type="image/jpeg", headers=FOREVER)
    )


def _ids(request: Request, name: str) -> list[str]:
    return [one for one in request.query_params.get(name, "").split(",") if one]
