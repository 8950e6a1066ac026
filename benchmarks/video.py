"""Speed, memory and steadiness of video analysis.

``python -m benchmarks.video --json FILE [--quick] [--only PART …]`` measures, with randomly initialised networks (speed does not
depend on the weights) and clips from the project's own generator:

- ``fps``: frames per second end to end, 944 × 676, AlexNet at 224 px;
- ``frame_bound_fps``: 1 / (t_decode + t_detect + t_model), each measured alone, frame by frame;
- ``fps_vs_frame_bound``: their ratio (wanted: 1.3 and more);
- ``track_iou``: mean IoU of followed boxes with detection on every frame (wanted: .85 and more);
- ``peak_rss_10min_vs_10s``: peak memory of a process that reads ten minutes over one that reads ten seconds
  (wanted: 1.2 at most); the minutes are fewer with ``--quick``;
- ``two_workers_vs_one``: speed of two video workers with one compute thread each over one, for the whole job on a long
  video, from claim to end (wanted: 1.7 and more on two cores that have nothing else to do);
- ``insert_108k_s``: seconds to insert 108,000 trajectory points into SQLite (wanted: 5 at most), and
  ``insert_108k_postgres_s`` into PostgreSQL: a server of its own where its programs are installed (``initdb`` and
  ``postgres``), or the empty database that ``--postgres URL`` names; left out, with the reason, where there is neither.

Parts (``--only speed iou memory workers insert``) can be measured one by one: what the file holds of the others stays, so
that a run that was stopped goes on, and each part can have a quiet moment.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from avce.faces.boxes import iou
from avce.faces.crop import crop_face
from avce.faces.detect import default_detector
from avce.options import AnalyzeOptions, Backbone, Method, SynthOptions, TrainOptions
from avce.video.analyze import analyze_video
from avce.video.points import Point
from avce.video.read import read_frames
from avce.video.states import FrameState
from benchmarks._postgres import postgres_server
from benchmarks._report import finish
from benchmarks._two_workers import shared_analysis_s

if TYPE_CHECKING:
    from avce.training.checkpoint import Predictor

POINTS = 108_000
PARTS = ("speed", "iou", "memory", "workers", "insert")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write ``{"schema": 1, "machine": …, "figures": …}``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="file to write")
    parser.add_argument("--quick", action="store_true", help="one minute instead of ten, and shorter clips")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure; default all"
    )
    parser.add_argument("--postgres", help="address of a PostgreSQL database for the insert")
    parser.add_argument("--child", nargs=3, metavar=("CLIP", "START", "STOP"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        clip, start, stop = options.child
        print(json.dumps(_child(Path(clip), float(start), float(stop))))
        return
    figures = _known(options.json)
    with tempfile.TemporaryDirectory() as folder:
        for part in options.only:
            measured = _measure(part, Path(folder), is_quick=options.quick, postgres=options.postgres)
            figures |= {name: round(value, 4) for name, value in measured.items()}
            finish(figures, options.json)


def _known(path: Path | None) -> dict[str, float]:
    """Figures that an earlier run has written to the file."""
    if path is None or not path.is_file():
        return {}
    figures: dict[str, float] = json.loads(path.read_text("utf-8"))["figures"]
    return figures


def _measure(part: str, folder: Path, *, is_quick: bool, postgres: str | None) -> dict[str, float]:
    if part == "speed":
        return _speed(_draw(folder / "large", width=944, height=676, seconds=2 if is_quick else 6))
    if part == "insert":
        return _inserts(folder, postgres)
    small = _draw(folder / part, width=320, height=240, seconds=4)
    if part == "iou":
        return {"track_iou": _track_iou(small)}
    if part == "memory":
        long_s = 60 if is_quick else 600
        short = _repeat(small, folder / "short.mp4", seconds=10)
        return _memory(short, _repeat(small, folder / "long.mp4", seconds=long_s), long_s)
    return _two_workers(folder, _repeat(small, folder / "minutes.mp4", seconds=40 if is_quick else 120))


def _inserts(folder: Path, postgres: str | None) -> dict[str, float]:
    figures = {"insert_108k_s": _insert(f"sqlite:///{folder}/points.db")}
    if postgres:
        return figures | {"insert_108k_postgres_s": _insert(postgres)}
    with postgres_server() as url:
        if url is None:
            print(
                "insert_108k_postgres_s left out: no initdb and postgres on the PATH; name a database by --postgres"
            )
            return figures
        return figures | {"insert_108k_postgres_s": _insert(url)}


def _speed(clip: Path, rounds: int = 3) -> dict[str, float]:
    """Both ways in turn, the best of each: other work on the machine comes and goes."""
    predictor = _random_predictor(Backbone.ALEXNET, 224)
    fps, parts_s = [], []
    for _ in range(rounds):
        parts_s.append(_parts_s(clip, predictor))
        fps.append(analyze_video(clip, [predictor], AnalyzeOptions()).fps)
    best_s = np.min(parts_s, axis=0)
    bound = float(1 / best_s.sum())
    return {
        "fps": max(fps),
        "frame_bound_fps": bound,
        "fps_vs_frame_bound": max(fps) / bound,
        **{
            name: 1000 * float(s)
            for name, s in zip(("decode_ms", "detect_ms", "model_ms"), best_s, strict=True)
        },
    }


def _parts_s(clip: Path, predictor: Predictor) -> tuple[float, float, float]:
    """Mean seconds per frame to decode, to detect, and to judge one face, each alone."""
    frames, decode_s = [], []
    started = time.perf_counter()
    for frame in read_frames(clip, stop_s=2.0):
        decode_s.append(time.perf_counter() - started)
        frames.append(frame)
        started = time.perf_counter()
    detector = default_detector()
    detect_s, model_s = [], []
    for frame in frames:
        started = time.perf_counter()
        found = detector.detect(frame.rgb_u8)
        detect_s.append(time.perf_counter() - started)
        if found:
            started = time.perf_counter()
            predictor.predict(crop_face(frame.rgb_u8, found[0].box_xyxy_px, margin=0.25, size=224)[None])
            model_s.append(time.perf_counter() - started)
    return float(np.mean(decode_s)), float(np.mean(detect_s)), float(np.mean(model_s))


def _track_iou(clip: Path) -> float:
    points: list[Point] = []
    analyze_video(clip, [], AnalyzeOptions(), sink=points.extend)
    followed = {point.frame: point.box for point in points if point.state is FrameState.TRACKED}
    detector = default_detector()
    overlaps = []
    for frame in read_frames(clip):
        box = followed.get(frame.index)
        found = [face for face in detector.detect(frame.rgb_u8) if face.score >= 0.6] if box else []
        if box and found:
            overlaps.append(max(iou(box, face.box_xyxy_px) for face in found))
    return float(np.mean(overlaps))


def _memory(short: Path, long: Path, long_s: int) -> dict[str, float]:
    brief, lasting = (_run_children([(clip, 0, 1e9)])[0] for clip in (short, long))
    return {
        "peak_rss_10min_vs_10s": lasting["peak_mib"] / brief["peak_mib"],
        "peak_rss_mib": lasting["peak_mib"],
        "long_clip_s": long_s,
    }


def _two_workers(folder: Path, clip: Path) -> dict[str, float]:
    """The studio's own jobs on a database and a file store: segments, seams, rows and all."""
    alone_s, together_s = (shared_analysis_s(folder / f"home{n}", clip, workers=n) for n in (1, 2))
    return {"two_workers_vs_one": alone_s / together_s, "one_worker_s": alone_s, "two_workers_s": together_s}


def _run_children(jobs: Sequence[tuple[Path, float, float]]) -> list[dict[str, float]]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.video", "--child"]
    running = [
        subprocess.Popen([*command, *map(str, job)], env=environment, stdout=subprocess.PIPE) for job in jobs
    ]
    answers = [process.communicate()[0] for process in running]
    return [json.loads(answer) for answer in answers]


def _child(clip: Path, start_s: float, stop_s: float) -> dict[str, float]:
    cv2.setNumThreads(1)
    predictor = _random_predictor(Backbone.TINY, 64)
    predictor.predict(np.zeros((2, 64, 64, 3), np.uint8))
    options = AnalyzeOptions(start_s=start_s, stop_s=stop_s)
    started = time.time()
    summary = analyze_video(clip, [predictor], options)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"started": started, "stopped": time.time(), "peak_mib": peak_mib, "frames": summary.frames}


def _insert(url: str) -> float:
    """Seconds for the rows of one analysis, in batches as a worker sends them; the rows are deleted again."""
    from sqlalchemy.orm import Session  # noqa: PLC0415 - only this figure needs the database

    from workers.store import analyses, tables  # noqa: PLC0415
    from workers.store.session import engine_for  # noqa: PLC0415
    from workers.tasks.buffer import ROWS  # noqa: PLC0415
    from workers.tasks.segments import point_rows  # noqa: PLC0415

    engine = engine_for(url)
    tables.Base.metadata.create_all(engine)  # an empty data base will do; what is there stays
    data = tables.Dataset(id="bench", name="bench", source={})
    run = tables.Run(id="bench", name="bench", dataset_id="bench", method="avce", backbone="tiny", options={})
    video = tables.Video(id="bench", name="bench")
    analysis = tables.Analysis(id="bench", video_id="bench", options={})
    with Session(engine) as session, session.begin():
        for parent in (data, video, run, analysis):
            session.add(parent)
            session.flush()
    points = [
        Point(n, 40.0 * n, 1, FrameState.TRACKED, (1.0, 2.0, 3.0, 4.0), 0.9, ((0.1, 0.2),))
        for n in range(POINTS)
    ]
    started = time.perf_counter()
    for start in range(0, POINTS, ROWS):
        rows = [
            row
            for point in points[start : start + ROWS]
            for row in point_rows(point, "bench", ["bench"], [None])
        ]
        with Session(engine) as session, session.begin():
            analyses.add_points(session, rows)
    seconds = time.perf_counter() - started
    with Session(engine) as session, session.begin():
        analyses.clear_points(session, "bench")
        for table in (tables.Analysis, tables.Run, tables.Video, tables.Dataset):
            session.delete(session.get_one(table, "bench"))
            session.flush()
    engine.dispose()
    return seconds


def _random_predictor(backbone: Backbone, size: int) -> Predictor:
    import torch  # noqa: PLC0415 - children set their threads first

    from avce.methods import build_method  # noqa: PLC0415
    from avce.training.checkpoint import Predictor  # noqa: PLC0415

    torch.manual_seed(0)
    if os.environ.get("OMP_NUM_THREADS") == "1":
        torch.set_num_threads(1)
    options = TrainOptions(method=Method.SUPERVISED, backbone=backbone, input_size=size)
    method = build_method(options).eval()
    method.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's types
    return Predictor(method, options, {"crop": {"margin": 0.25, "size": size}}, str(backbone))


def _draw(folder: Path, *, width: int, height: int, seconds: float) -> Path:
    from avce.data.synthetic import synthesize  # noqa: PLC0415

    options = SynthOptions(
        kind="affwild", subjects=1, clips=1, seconds=seconds, width=width, height=height, gaps=False
    )
    synthesize(folder, options)
    return next(folder.rglob("*.mp4"))


def _repeat(source: Path, target: Path, *, seconds: float) -> Path:
    """The source forwards and backwards until the time is full, so that there is no jump."""
    frames = [frame.rgb_u8 for frame in read_frames(source)]
    there_and_back: Iterator[Any] = cycle(chain(frames, frames[::-1]))
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "23"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.gop_size = "yuv420p", 50
        for number, rgb in enumerate(islice(there_and_back, round(25 * seconds))):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target


if __name__ == "__main__":
    main()
