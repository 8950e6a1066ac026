"""A stretch of curves in full, for the player; it has only an overview of a long video."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.curves import MOST_IN_FULL, View, plain_points, read_once
from dashboard.routes.answers import or_not_found, refusal
from dashboard.words import FRAME_STATES


def stretch(request: Request) -> Response:
    """Frames ``first`` to ``last`` of one face, all runs: the columns that the page's overview has."""
    query = request.query_params
    try:
        first, last, track = int(query["first"]), int(query["last"]), int(query.get("track", "-1"))
        smooth_s = float(query.get("smooth_s", "0"))
    except (KeyError, ValueError):
        return refusal("first, last, track and smooth_s: expected numbers", 422)
    if not 0 <= last - first < MOST_IN_FULL:
        return refusal(f"expected 1 to {MOST_IN_FULL} frames, got {first} to {last}", 422)
    view = View(
        request.path_params["analysis_id"],
        None if track < 0 else track,
        smooth_s,
        query.get("calibrated") == "1",
        query.get("version", ""),
    )

    def make() -> Response:
        curves = read_once(view)
        if curves is None:
            return refusal("this analysis has no frame yet", 404)
        points = plain_points(curves, curves.rows(first, last), list(FRAME_STATES))
        return JSONResponse(points, headers={"Cache-Control": "private, max-age=600"})

    return or_not_found(make)
