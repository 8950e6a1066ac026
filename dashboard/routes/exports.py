"""Tables as csv files, streamed: a long video never sits in memory as text."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pandas as pd
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from dashboard.routes.answers import file_name, or_not_found, refusal
from workers import client

ROWS_AT_A_TIME = 5000
PART_CHARACTERS = 1 << 16
TRAJECTORY_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
POSTER_TYPES = {
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "png": "image/png",
    "zip": "application/zip",
}


def _attachment(lines: Iterator[str], name: str) -> Response:
    head = next(lines, "")  # the first line is fetched here, so that a missing row is a 404 and no torn file
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    parts = _in_parts(chain([head], lines))
    return StreamingResponse(parts, media_type="text/csv; charset=utf-8", headers=headers)


def _in_parts(lines: Iterator[str]) -> Iterator[str]:
    """The same text in parts of about :data:`PART_CHARACTERS`: each part costs the server a turn and a packet."""
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= PART_CHARACTERS:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)


def trajectory_csv(request: Request) -> Response:
    """One run's trajectory, one row per decoded frame and face, in the columns of ``avce analyze``."""
    analysis_id, run_id = request.path_params["analysis_id"], request.path_params["run_id"]

    def make() -> Response:
        video = client.get_analysis(analysis_id).video.name
        run = client.get_run(run_id).name
        return _attachment(
            iter(client.trajectory_csv(analysis_id, run_id)), file_name(video, run, "trajectory")
        )

    return or_not_found(make)


def events_csv(request: Request) -> Response:
    """Peaks, rises, falls and stays in a quadrant by one run, in the columns of ``events.csv`` of ``avce analyze``."""
    analysis_id, run_id = request.path_params["analysis_id"], request.path_params["run_id"]

    def make() -> Response:
        video, run = client.get_analysis(analysis_id).video.name, client.get_run(run_id).name
        return _attachment(_in_pieces(client.events(analysis_id, run_id)), file_name(video, run, "events"))

    return or_not_found(make)


def trajectory_file(request: Request) -> Response:
    """One run's trajectory with all columns as csv, parquet or json; ``?smooth_s=`` and ``?calibrated=1`` add theirs."""
    analysis_id, run_id = request.path_params["analysis_id"], request.path_params["run_id"]
    kind = request.path_params["kind"]
    seconds = request.query_params.get("smooth_s", "0")
    if kind not in TRAJECTORY_TYPES:
        return refusal(f"expected one of {', '.join(TRAJECTORY_TYPES)}, got {kind!r}", 404)
    if not re.fullmatch(r"\d{1,2}(\.\d+)?", seconds):
        return refusal(f"smooth_s: expected seconds from 0 to 60, got {seconds!r}", 422)

    def make() -> Response:
        video, run = client.get_analysis(analysis_id).video.name, client.get_run(run_id).name
        handle, name = tempfile.mkstemp(suffix=f".{kind}")
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                client.write_trajectory(
                    file, kind, analysis_id, run_id, smooth_s=float(seconds),
                    is_calibrated=request.query_params.get("calibrated") == "1",
                )  # fmt: skip
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return FileResponse(
            path,
            filename=f"{file_name(video, run, 'trajectory-full')}.{kind}",
            media_type=TRAJECTORY_TYPES[kind],
            background=BackgroundTask(path.unlink, missing_ok=True),
        )

    return or_not_found(make)


def poster_file(request: Request) -> Response:
    """A poster figure as svg, pdf, png, or a zip of them with the data."""
    poster_id, kind = request.path_params["poster_id"], request.path_params["kind"]

    def make() -> Response:
        path = client.poster_path(poster_id, kind)
        record = client.get_poster(poster_id)
        name = file_name(str(record.facts.get("video", "")), "poster")
        is_shown = "show" in request.query_params
        return FileResponse(
            path,
            filename=f"{name}.{kind}",
            media_type=POSTER_TYPES[kind],
            content_disposition_type="inline" if is_shown else "attachment",
        )

    return or_not_found(make)


def overlay_mp4(request: Request) -> Response:
    """An annotated video, as its job has drawn it."""
    job_id = request.path_params["job_id"]

    def make() -> Response:
        path = client.overlay_path(job_id)
        video = client.get_video(str(client.get_job(job_id).video_id)).name
        return FileResponse(path, filename=f"{file_name(video, 'annotated')}.mp4", media_type="video/mp4")

    return or_not_found(make)


def _in_pieces(table: pd.DataFrame) -> Iterator[str]:
    yield table.head(0).to_csv(index=False)
    for start in range(0, len(table), ROWS_AT_A_TIME):
        yield table.iloc[start : start + ROWS_AT_A_TIME].to_csv(index=False, header=False)


def predictions_csv(request: Request) -> Response:
    """Every prediction of an evaluation beside its label."""
    evaluation_id = request.path_params["evaluation_id"]
    return or_not_found(
        lambda: _attachment(
            _in_pieces(client.evaluation_predictions(evaluation_id)), file_name("predictions", evaluation_id)
        )
    )
