"""The demo: the whole journey on rendered faces, in one click."""

from __future__ import annotations

from avce.options import EvaluateOptions, SynthOptions, train_options
from workers.client._door import door
from workers.client.datasets import add_synth, sent
from workers.client.jobs import get_job
from workers.client.runs import evaluate, train
from workers.client.videos import analyze
from workers.records import JobRecord
from workers.store.session import writing
from workers.store.tables import Video

STILLS = SynthOptions(kind="stills", subjects=30, per_subject=20, size=128, seed=11)
CLIP = SynthOptions(kind="affwild", clips=3, seconds=6.0, fps=12.5, seed=12)
# Small enough for a few minutes on two cores, large enough that the curves rise and the two runs differ.
EPOCHS, BATCH_SIZE, LEARNING_RATE = 30, 16, 5e-3


@door
def start_demo() -> list[JobRecord]:
    """Draw stills and a clip, train AVCE and a plain model, evaluate both, analyse the clip with both."""
    with writing() as session:
        clip = Video(name="demo clip.mp4")
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
