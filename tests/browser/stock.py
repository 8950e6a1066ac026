"""Fill a home with trained models and an analysed clip, without queue or broker: task bodies called as functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avce.options import SynthOptions, train_options
from avce.video.read import read_frames
from workers import client
from workers.client.datasets import add_synth, sent
from workers.records import JobRecord, StoredFile
from workers.states import JobKind, JobState
from workers.store.files import file_store
from workers.store.jobs import add_job
from workers.store.session import writing
from workers.store.tables import Analysis, AnalysisRun, TrajectoryPoint, Video
from workers.tasks.datasets import draw_dataset
from workers.tasks.training import train_run
from workers.tasks.video import analyze_video

TASKS = {JobKind.SYNTH: draw_dataset, JobKind.TRAIN: train_run, JobKind.ANALYZE: analyze_video}
STILLS = SynthOptions(subjects=6, per_subject=5, size=80, seed=5)
CLIP = SynthOptions(kind="affwild", clips=1, seconds=4.0, fps=12.5, width=320, height=240, gaps=False, seed=6)


def done(job: JobRecord) -> JobRecord:
    """The job, after its task ran here."""
    TASKS[job.kind](job.id)
    ended = client.get_job(job.id)
    assert ended.state is JobState.SUCCEEDED, ended.error
    return ended


def fill(methods: Sequence[str] = ("avce", "caf", "hasani"), **training: Any) -> str:
    """Train small models and analyse a drawn clip, which has labels, with all of them; the analysis' id."""
    stills = done(client.synthesize_dataset("stills", STILLS))
    with writing() as session:
        video = Video(name="talking.mp4")
        session.add(video)
        session.flush()
        video_id = video.id
    done(sent(add_synth("clips", CLIP, video_id=video_id)[0]))
    values = {"preset": "smoke", "epochs": 1, "batch_size": 8} | training
    runs = [
        done(
            client.train(stills.dataset_id or "", train_options(method=method, **values), name=f"My {method}")
        )
        for method in methods
    ]
    return str(done(client.analyze(video_id, [str(run.run_id) for run in runs])).analysis_id)


def add_coded(path: str) -> str:
    """A film whose points are made up, as if analysed by the first run; the analysis' id."""
    stored = client.add_video(
        StoredFile.model_validate(file_store().put_path(Path(path)), from_attributes=True)
    )
    run_id = client.list_runs()[0].id
    with writing() as session:
        analysis = Analysis(video_id=stored.id, options={})
        session.add(analysis)
        session.flush()
        job = add_job(
            session, JobKind.ANALYZE, "Analyse", options={}, video_id=stored.id, analysis_id=analysis.id
        )
        job.state = JobState.SUCCEEDED
        session.add(AnalysisRun(analysis_id=analysis.id, position=0, run_id=run_id))
        for frame in read_frames(path):
            wave = math.sin(frame.index / 9)
            values = {"valence": 0.7 * wave, "arousal": -0.5 * wave, "confidence": 0.9}
            box = dict(zip(("x0", "y0", "x1", "y1"), (20.0, 20.0, 120.0, 120.0), strict=True))
            place = {"frame": frame.index, "pts_ms": frame.pts_ms, "track": 1, "state": "detected"}
            session.add(TrajectoryPoint(analysis_id=analysis.id, run_id=run_id, **place, **values, **box))
        return str(analysis.id)
