"""One long video, analysed by one or several video workers: the studio's own jobs, without a broker.

``python -m benchmarks._two_workers main|help`` is one worker; the parent starts them and measures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

SEGMENT_S = 20.0
"""A two-minute video has six segments then, as many as a six-minute one has by default."""
NAME = "benchmark"


def shared_analysis_s(home: Path, clip: Path, *, workers: int) -> float:
    """Seconds that the analysis takes from its claim to its end, with so many workers of one compute thread each.

    Args:
        home: Empty folder for database and files.
        clip: The video.
        workers: How many processes take segments.
    """
    home.mkdir()
    environment = os.environ | {
        "AVCE_HOME": str(home), "AVCE_SEGMENT_S": str(SEGMENT_S), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE",
    }  # fmt: skip

    def start(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "benchmarks._two_workers", *words], env=environment)

    if start("prepare", str(clip)).wait():
        raise RuntimeError("the analysis could not be prepared")
    helpers = [start("help", str(number)) for number in range(1, workers)]
    main = start("main", str(workers))
    try:
        if main.wait():
            raise RuntimeError("the analysis failed; what it said stands above")
    finally:
        for helper in helpers:
            helper.terminate()
            helper.wait()
    return float((home / "seconds").read_text())


def _prepare(clip: Path) -> None:
    """Rows and files as the client and a training would have made them."""
    from avce.methods import build_method  # noqa: PLC0415 - each role loads what it needs
    from avce.options import Method, TrainOptions  # noqa: PLC0415
    from avce.training.checkpoint import save_checkpoint  # noqa: PLC0415
    from workers import client, dispatch  # noqa: PLC0415
    from workers.migrate import upgrade  # noqa: PLC0415
    from workers.settings import get_settings  # noqa: PLC0415
    from workers.states import JobKind, JobState  # noqa: PLC0415
    from workers.store import tables  # noqa: PLC0415
    from workers.store.files import file_store  # noqa: PLC0415
    from workers.store.session import writing  # noqa: PLC0415

    upgrade()
    dispatch.send = lambda *_: None
    options = TrainOptions(method=Method.SUPERVISED, backbone="tiny", input_size=64)
    folder = get_settings().home / "model"
    save_checkpoint(
        folder, build_method(options).state_dict(), options, {"crop": {"margin": 0.25, "size": 64}}
    )
    with writing() as session:
        data = tables.Dataset(name=NAME, source={})
        session.add(data)
        session.flush()
        run = tables.Run(name=NAME, dataset_id=data.id, method="supervised", backbone="tiny", options={})
        session.add(run)
        session.flush()
        files = {path.name: file_store().put_path(path).sha256 for path in folder.iterdir()}
        session.add(tables.Checkpoint(run_id=run.id, name=NAME, files=files))
        job = tables.Job(kind=JobKind.TRAIN, state=JobState.SUCCEEDED, queue="training", title=NAME)
        job.run_id = run.id
        session.add(job)
        run_id = run.id
    video = client.add_video(file_store().put_path(clip).model_copy(update={"name": clip.name}))
    client.analyze(video.id, [run_id])


def _work(role: str, number: int) -> None:
    """Main does the analysis once all helpers are there; a helper does what main asks for."""
    import cv2  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from workers import dispatch  # noqa: PLC0415
    from workers.presence import presence  # noqa: PLC0415
    from workers.settings import get_settings  # noqa: PLC0415
    from workers.states import JobKind, JobState  # noqa: PLC0415
    from workers.store import jobs  # noqa: PLC0415
    from workers.store.session import reading  # noqa: PLC0415
    from workers.tasks.video import analyze_segments, analyze_video  # noqa: PLC0415

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    dispatch.send = lambda *_: None
    presence.start(f"{NAME}-{role}-{number}", ["video"])

    def waiting(kind: JobKind) -> list[str]:
        with reading() as session:
            return [job.id for job in jobs.job_records(session, states=[JobState.QUEUED], kinds=[kind])]

    if role == "help":
        while True:
            for job_id in waiting(JobKind.SEGMENT):
                analyze_segments(job_id)
            time.sleep(0.05)
    (job_id,) = waiting(JobKind.ANALYZE)
    idle = 0
    while idle < number - 1:
        with reading() as session:
            idle = jobs.idle_workers(session, JobKind.SEGMENT, f"{NAME}-{role}-{number}")
        time.sleep(0.05)
    started = time.perf_counter()
    analyze_video(job_id)
    (get_settings().home / "seconds").write_text(str(time.perf_counter() - started))
    presence.stop()


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        _prepare(Path(sys.argv[2]))
    else:
        _work(sys.argv[1], int(sys.argv[2]))
