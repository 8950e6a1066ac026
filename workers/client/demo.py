"""The demo: the whole journey on rendered faces, in one click."""

from __future__ import annotations

from sqlalchemy import select

from avce.options import EvaluateOptions, SynthOptions, train_options
from workers.client._door import door
from workers.client.datasets import add_synth, sent
from workers.client.jobs import get_job
from workers.client.runs import evaluate, train
from workers.client.videos import analyze
from workers.records import JobRecord
from workers.states import JobKind
from workers.store import jobs
from workers.store.session import reading, writing
from workers.store.tables import Job, Video

STILLS = SynthOptions(kind="stills", subjects=30, per_subject=20, size=128, seed=11)
CLIP = SynthOptions(kind="affwild", clips=3, seconds=6.0, fps=12.5, seed=12)
# Small enough for a few minutes on two cores, large enough that the curves rise and the two runs differ.
EPOCHS, BATCH_SIZE, LEARNING_RATE = 30, 16, 5e-3


CLIP_NAME = "demo clip.mp4"


@door
def last_demo() -> list[JobRecord]:
    """The jobs of the demo that was started last, in their order; none where there was none.

    They are found as they are bound to one another: the analysis of the clip waits for the trainings, those for the drawings,
    and an evaluation for its training.
    """
    with reading() as session:
        last = session.scalars(
            select(Job)
            .join(Video, Job.video_id == Video.id)
            .where(Job.kind == JobKind.ANALYZE, Video.name == CLIP_NAME, Job.after_job_id.is_not(None))
            .order_by(Job.created_at.desc(), Job.id)
        ).first()
        chain: list[Job] = []
        while last is not None:
            chain.insert(0, last)
            last = session.get(Job, last.after_job_id) if last.after_job_id else None
        ids = []
        for job in chain:
            ids.append(job.id)
            measured = select(Job.id).where(Job.kind == JobKind.EVALUATE, Job.after_job_id == job.id)
            ids += session.scalars(measured.order_by(Job.created_at).limit(1)).all()
        return [jobs.job_record(session, job_id) for job_id in ids]


@door
def start_demo() -> list[JobRecord]:
    """Draw stills and a clip, train AVCE and a plain model, evaluate both, analyse the clip with both."""
    with writing() as session:
        clip = Video(name=CLIP_NAME)
        session.add(clip)
        session.flush()
        video_id = clip.id
    stills, dataset_id = add_synth("Demo faces", STILLS)
    clips, _ = add_synth("Demo clips", CLIP, after=stills, video_id=video_id)
    order = [sent(stills), get_job(clips)]
    run_ids: list[str] = []
    previous = clips
    for method in ("avce", "supervised"):
        options = train_options(
            preset="smoke",
            epochs=EPOCHS,
            batch_size=BATCH_SIZE,
            learning_rate=LEARNING_RATE,
            method=method,
        )
        job = train(dataset_id, options, name=f"Demo {method}", after=previous)
        previous = job.id
        run_id = str(job.run_id)
        run_ids.append(run_id)
        order += [job, evaluate(run_id, dataset_id, EvaluateOptions(), after=job.id)]
    order.append(analyze(video_id, run_ids, after=previous))
    return order
