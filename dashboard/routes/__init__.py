"""Routes beside the pages: health, media with ranges, exports, uploads in pieces."""

from __future__ import annotations

from starlette.routing import Route

from dashboard.routes.exports import (
    events_csv,
    overlay_mp4,
    poster_file,
    predictions_csv,
    trajectory_csv,
    trajectory_file,
)
from dashboard.routes.health import health
from dashboard.routes.media import clip, frame, map_colours, map_face, map_image, video
from dashboard.routes.trajectory import stretch
from dashboard.routes.uploads import append, begin, discard, finish, offset, unfinished

ROUTES: list[Route] = [
    Route("/health", health),
    Route("/api/media/video/{video_id}", video),
    Route("/api/media/clip/{video_id}.mp4", clip),
    Route("/api/media/frame/{video_id}/{frame_index:int}", frame),
    Route("/api/media/map/{map_id}", map_image),
    Route("/api/media/maps/colours", map_colours),
    Route("/api/media/maps/face", map_face),
    Route("/api/trajectory/{analysis_id}", stretch),
    Route("/export/trajectory/{analysis_id}/{run_id}.csv", trajectory_csv),
    Route("/export/trajectory/{analysis_id}/{run_id}/full.{kind}", trajectory_file),
    Route("/export/events/{analysis_id}/{run_id}.csv", events_csv),
    Route("/export/overlay/{job_id}.mp4", overlay_mp4),
    Route("/export/poster/{poster_id}.{kind}", poster_file),
    Route("/export/predictions/{evaluation_id}.csv", predictions_csv),
    Route("/api/uploads", begin, methods=["POST"]),
    Route("/api/uploads", unfinished, methods=["GET"]),
    Route("/api/uploads/{upload_id}", offset, methods=["GET"]),
    Route("/api/uploads/{upload_id}", discard, methods=["DELETE"]),
    Route("/api/uploads/{upload_id}", append, methods=["PUT"]),
    Route("/api/uploads/{upload_id}/finish", finish, methods=["POST"]),
]
"""All routes of the web process that are not pages."""
