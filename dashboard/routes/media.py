"""Videos (with HTTP ranges), single frames and map pictures, for the player and the gallery."""

from __future__ import annotations

import mimetypes

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from dashboard.routes.answers import file_name, or_not_found, refusal
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


def clip(request: Request) -> Response:
    """A stretch of a video, ``?start_s=`` to ``?stop_s=``, as an mp4 to keep."""
    times = [request.query_params.get(name, "") for name in ("start_s", "stop_s")]
    try:
        start_s, stop_s = map(float, times)
    except ValueError:
        return refusal(f"start_s and stop_s: expected two numbers, got {times[0]!r} and {times[1]!r}", 422)

    def make() -> Response:
        video_id = request.path_params["video_id"]
        name = file_name(client.get_video(video_id).name, f"{start_s:.2f}-{stop_s:.2f}s")
        return Response(
            client.clip_mp4(video_id, start_s, stop_s),
            media_type="video/mp4",
            headers={"Content-Disposition": f'attachment; filename="{name}.mp4"'},
        )

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
