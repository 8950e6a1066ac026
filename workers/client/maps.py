"""Activation maps: queue them, list them, and show one or many of them as one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.activation.combine import Maps, axis_difference, gini, mean_map, seen_part
from avce.options import MOST_MAP_FRAMES, MapFrames, MapOptions
from workers.client._door import door
from workers.client.datasets import sent
from workers.client.videos import trajectory
from workers.errors import ClientError, NotFoundError
from workers.records import JobRecord, MapRecord
from workers.states import JobKind
from workers.store import analyses, jobs
from workers.store.files import file_store
from workers.store.runs import run_record
from workers.store.session import reading, writing
from workers.store.tables import ActivationMap

DIFFERENCE = "difference"
"""Name of the scale of signed maps, beside the colormaps of :mod:`avce.activation.draw`."""


@door
def draw_maps(
    analysis_id: str,
    frames: Sequence[int] = (),
    options: MapOptions | None = None,
    *,
    track: int | None = None,
    priority: int = 0,
) -> JobRecord:
    """Queue activation maps over frames of an analysis, for one face or for all.

    Args:
        analysis_id: The analysis; the job waits for it.
        frames: Those chosen, 1 to :data:`MOST_MAP_FRAMES`; left out where the options say which frames.
        options: Which maps, and over which frames; the job finds them.
        track: The face; ``None``: all.
        priority: 0 to 9.
    """
    options = options or MapOptions()
    chosen = sorted({int(frame) for frame in frames})
    is_chosen = options.which is MapFrames.CHOSEN
    if is_chosen and not 0 < len(chosen) <= MOST_MAP_FRAMES:
        raise ClientError(f"choose 1 to {MOST_MAP_FRAMES} frames to draw maps over, got {len(chosen)}")
    if chosen and not is_chosen:
        raise ClientError(f"frames: leave them out where the options say which ({options.which.value})")
    with writing() as session:
        analysis = analyses.analysis_record(session, analysis_id)
        job = jobs.add_job(
            session,
            JobKind.MAPS,
            f"Maps over {analysis.video.name}",
            options={
                "frames": chosen,
                "track": track,
                "maps": options.model_dump(mode="json"),
            },
            priority=priority,
            after=None if analysis.state.is_final else analysis.job_id,
            analysis_id=analysis_id,
            video_id=analysis.video.id,
        )
        job_id = job.id
    return sent(job_id)


@door
def frames_of_maps(analysis_id: str, options: MapOptions, *, track: int | None = None) -> list[int]:
    """Frames that a job with these options would draw over; refused when they are too many."""
    from avce.video.map_frames import map_frames  # noqa: PLC0415 (SciPy loads with it)

    with reading() as session:
        first = analyses.run_in(session, analysis_id, None)
    return map_frames(trajectory(analysis_id, run_id=first), options, track=track)


@door
def maps(analysis_id: str) -> list[MapRecord]:
    """Activation maps of an analysis, by frame and face."""
    with reading() as session:
        return analyses.map_records(session, ActivationMap.analysis_id == analysis_id)


@door
def map_points(analysis_id: str) -> pd.DataFrame:
    """What each run says of the faces that have maps: ``run_id, frame, track, valence, arousal``."""
    with reading() as session:
        return analyses.points_with_maps(session, analysis_id)


@door
def map_png(map_id: str) -> bytes:
    """The picture of an activation map, over its face."""
    return file_store().read(_records([map_id])[0].file)


@door
def map_values(map_ids: Sequence[str], *, minus: Sequence[str] = ()) -> Maps:
    """One map, the mean of several, or how that differs from the mean of others.

    Args:
        map_ids: One map or more.
        minus: Maps whose mean is taken away; the result is then signed.

    Returns:
        Shape ``(h, w)``, within [0, 1], or [-1, 1] with ``minus``. Maps of other sizes are brought to that of the first.
    """
    mean = mean_map(_stack(map_ids))
    if not minus:
        return mean
    return axis_difference(mean, mean_map(_stack(minus, size=mean.shape)))


@door
def map_sparsity(map_ids: Sequence[str]) -> float:
    """Gini index of the mean of maps of one run, where its network sees; ``nan`` for a map of zeros."""
    with reading() as session:
        run = run_record(session, _records(map_ids[:1])[0].run_id)
    return gini(seen_part(map_values(map_ids), int(run.options["input_size"])))


@door
def map_colours(map_ids: Sequence[str], *, minus: Sequence[str] = (), colormap: str = "turbo") -> bytes:
    """:func:`map_values` in colours, without a face, as PNG; a difference has a scale of its own."""
    import cv2  # noqa: PLC0415 (only these functions draw)

    from avce.activation.draw import coloured, coloured_difference  # noqa: PLC0415

    values = map_values(map_ids, minus=minus)
    # A mean can leave the range by a rounding error.
    picture = (
        coloured_difference(values.clip(-1, 1)) if minus else coloured(values.clip(0, 1), colormap=colormap)
    )
    _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return bytes(png.tobytes())


@door
def map_face(map_ids: Sequence[str]) -> bytes:
    """The face below a map, or the mean of the faces below several, as JPEG."""
    import cv2  # noqa: PLC0415

    hashes = [record.face_file for record in _records(map_ids)]
    known = [sha256 for sha256 in hashes if sha256 is not None]
    if len(known) < len(hashes):
        raise NotFoundError("these maps were drawn before faces were kept; draw them again")
    if len(set(known)) == 1:
        return file_store().read(known[0])
    faces: list[Any] = [
        cv2.imdecode(np.frombuffer(file_store().read(one), np.uint8), cv2.IMREAD_COLOR) for one in known
    ]
    size = (faces[0].shape[1], faces[0].shape[0])
    mean = np.mean([cv2.resize(face, size, interpolation=cv2.INTER_AREA) for face in faces], axis=0)
    _, jpeg = cv2.imencode(".jpg", np.rint(mean).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return bytes(jpeg.tobytes())


def _records(map_ids: Sequence[str]) -> list[MapRecord]:
    """Records in the order asked for."""
    if not map_ids:
        raise ClientError("choose at least one map")
    with reading() as session:
        found = {one.id: one for one in analyses.map_records(session, ActivationMap.id.in_(set(map_ids)))}
    missing = [map_id for map_id in map_ids if map_id not in found]
    if missing:
        raise NotFoundError(f"map {missing[0]!r} does not exist")
    return [found[map_id] for map_id in map_ids]


def _stack(map_ids: Sequence[str], *, size: tuple[int, ...] | None = None) -> Maps:
    import cv2  # noqa: PLC0415

    arrays: list[NDArray[Any]] = [
        np.load(io.BytesIO(file_store().read(record.array_file)), allow_pickle=False)
        for record in _records(map_ids)
    ]
    height, width = size or arrays[0].shape
    return np.stack([np.asarray(cv2.resize(one, (width, height)), np.float32) for one in arrays])
