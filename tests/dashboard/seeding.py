"""A database as it looks after some use, written as rows; the charts have something to draw."""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from avce.data.prepared import CARD_FILE, CROPS_FOLDER, SAMPLES_FILE
from avce.data.shards import write_shard
from avce.options import EvaluateOptions, train_options
from workers.queues import QUEUE_OF_KIND
from workers.states import JobKind, JobState
from workers.store import tables
from workers.store.files import file_store
from workers.store.session import writing
from workers.store.tables import utc_now

FRAMES = 60
FINGERPRINT = "f" * 16
SPLITS = ("train",) * 7 + ("val",) * 2 + ("test",)


@dataclass(frozen=True)
class Seeded:
    """Ids of what was written."""

    dataset_id: str
    run_ids: tuple[str, str]
    evaluation_ids: tuple[str, str]
    video_id: str
    analysis_id: str
    running_job_id: str


def _job(session, kind, title, state=JobState.SUCCEEDED, **columns):
    now = utc_now()
    times = (
        {"started_at": now - timedelta(minutes=4), "finished_at": now - timedelta(minutes=1)}
        if state.is_final
        else {}
    )
    row = tables.Job(kind=kind, state=state, queue=str(QUEUE_OF_KIND[kind]), title=title, **(times | columns))
    session.add(row)
    session.flush()
    session.add(tables.JobLog(job_id=row.id, n=1, text=f"{title}: begun"))
    return row


def label_table(n: int = 600) -> pd.DataFrame:
    """Rows as in ``samples.parquet``."""
    rng = np.random.default_rng(3)
    subject = np.arange(n) % 20
    return pd.DataFrame(
        {
            "image": [f"{i}.png" for i in range(n)], "video": "", "frame": -1, "subject": [f"S{s:02d}" for s in subject],
            "valence": np.clip(rng.normal(0.15, 0.45, n), -1, 1), "arousal": np.clip(rng.normal(0.1, 0.35, n), -1, 1),
            "split": [SPLITS[s % len(SPLITS)] for s in subject], "weak": False, "category": "", "face": True,
        }
    )  # fmt: skip


def _crop(subject: int, valence: float, arousal: float) -> bytes:
    """A sketch of a face: skin by subject, mouth by valence, eyes by arousal."""
    picture = np.full((96, 96, 3), 60 + 5 * subject, np.uint8)
    cv2.ellipse(picture, (48, 48), (34, 42), 0, 0, 360, (120 + 4 * subject, 160, 215), -1)
    for x in (34, 62):
        cv2.ellipse(picture, (x, 40), (6, int(4 + 3 * arousal)), 0, 0, 360, (40, 40, 40), -1)
    mouth = [(30 + 4 * i, int(70 - 8 * valence * ((i - 4.5) / 4.5) ** 2 + 4 * valence)) for i in range(10)]
    cv2.polylines(picture, [np.array(mouth, np.int32)], isClosed=False, color=(60, 40, 150), thickness=3)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def write_prepared(folder: Path, findings: list[dict]) -> pd.DataFrame:
    """A small prepared data set in the layout of :mod:`avce.data.prepared`."""
    points = label_table()
    (folder / CROPS_FOLDER).mkdir(parents=True)
    with write_shard(folder / CROPS_FOLDER / "0.arrow") as shard:
        offsets = [shard.add(_crop(int(r.subject[1:]), r.valence, r.arousal)) for r in points.itertuples()]
    points.assign(shard=0, offset=offsets).to_parquet(folder / SAMPLES_FILE)
    size = (folder / CROPS_FOLDER / "0.arrow").stat().st_size
    card = {
        "format": 1, "fingerprint": FINGERPRINT, "name": "Seeded faces", "layout": "generic", "layout_reason": "a csv with images",
        "labels": "exact", "crops": "tight crops, kept as they are", "splits": "ours", "findings": findings,
        "recipe": {"size": 96}, "shards": [{"file": "0.arrow", "bytes": size}],
    }  # fmt: skip
    (folder / CARD_FILE).write_text(json.dumps(card))
    return points


def _dataset(session, folder: Path) -> tables.Dataset:
    findings = [
        {
            "severity": "warning",
            "title": "3 pictures without a face",
            "why": "They are left out.",
            "where": ["3.png", "7.png", "500000.png"],
            "count": 3,
        },
        {
            "severity": "info",
            "title": "Splits were made here",
            "why": "No subject is in two of them.",
            "where": [],
            "count": 0,
        },
    ]
    points = write_prepared(folder / "prepared", findings)
    counts = points["split"].value_counts()
    row = tables.Dataset(
        name="Seeded faces", source={}, layout="generic", n_samples=len(points), n_subjects=20,
        n_train=int(counts["train"]), n_val=int(counts["val"]), n_test=int(counts["test"]), fingerprint=FINGERPRINT,
        card=json.loads((folder / "prepared" / CARD_FILE).read_text()), files=file_store().put_folder(folder / "prepared"),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _job(session, JobKind.IMPORT, "Import Seeded faces", dataset_id=row.id)
    return row


def _run(session, dataset_id, method, level, state=JobState.SUCCEEDED, *, seed=0, **columns):
    options = train_options(preset="smoke", method=method, epochs=12, seed=seed)
    run = tables.Run(
        name=f"Seeded {method}" + (f", seed {seed}" if seed else ""), dataset_id=dataset_id, method=method, backbone=options.backbone.value,
        options=options.model_dump(mode="json"), best_epoch=9,
        best={"ccc_valence": level, "ccc_arousal": level - 0.1},
    )  # fmt: skip
    session.add(run)
    session.flush()
    job = _job(
        session, JobKind.TRAIN, f"Train {run.name}", state, run_id=run.id, dataset_id=dataset_id, **columns
    )
    for epoch in range(1, 13):
        rise = 1 - math.exp(-epoch / 4)
        values = {
            "train/loss": 0.9 - 0.6 * rise,
            "val/loss": 0.95 - 0.5 * rise,
            "val/ccc_valence": level * rise,
        }
        values |= {"val/ccc_arousal": (level - 0.1) * rise}
        session.add_all(
            tables.MetricPoint(run_id=run.id, name=name, step=epoch * 10, epoch=epoch, value=value)
            for name, value in values.items()
        )
    return run, job


def _figures(level: float) -> dict:
    def axis(ccc: float) -> dict:
        values = {"rmse": 0.5 - ccc / 3, "sagr": 0.5 + ccc / 3, "pcc": ccc + 0.03, "ccc": ccc, "icc": ccc}
        return {**values, "interval": {name: [value - 0.05, value + 0.05] for name, value in values.items()}}

    undefined = dict.fromkeys(("pcc", "icc"), "the predictions do not vary")
    mean = {"rmse": 0.45, "sagr": 0.6, "pcc": None, "ccc": 0.0, "icc": None, "undefined": undefined}
    return {
        "n": 60, "n_groups": 2, "grouped_by": "subject", "split": "test", "protocol": "concatenated",
        "zero_labels": "excluded", "confidence": 0.95, "weak_labels": False, "data": FINGERPRINT,
        "valence": axis(level), "arousal": axis(level - 0.1),
        "trivial": {"mean of the training labels": {"valence": mean, "arousal": mean}},
    }  # fmt: skip


def _evaluation(session, run, dataset_id: str, level: float) -> tables.Evaluation:
    points = label_table().query("split == 'test'").reset_index(drop=True)
    noise = np.random.default_rng(1).normal(0, 0.2, (len(points), 2))
    table = points[["image", "video", "frame", "subject", "valence", "arousal"]].assign(
        row=range(len(points)), pred_valence=points["valence"] * level + noise[:, 0], pred_arousal=points["arousal"] * level + noise[:, 1]
    )  # fmt: skip
    parquet = io.BytesIO()
    table.to_parquet(parquet)
    stored = file_store().put(io.BytesIO(parquet.getvalue()), "predictions.parquet")
    row = tables.Evaluation(
        run_id=run.id, dataset_id=dataset_id, split="test", protocol="concatenated", n=60, result=_figures(level),
        options=EvaluateOptions().model_dump(mode="json"), predictions=stored.sha256,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _job(
        session,
        JobKind.EVALUATE,
        f"Evaluate {run.name}",
        run_id=run.id,
        dataset_id=dataset_id,
        evaluation_id=row.id,
    )
    return row


def write_clip(path: Path, frames: int = FRAMES) -> None:
    """A playable film of a moving disc."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "28", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(frames):
            picture = np.full((240, 320, 3), 70, np.uint8)
            cv2.circle(picture, (100 + 2 * index, 120), 50, (210, 180, 160), -1)
            cv2.putText(picture, str(index), (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 2)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())


def _state(index: int) -> str:
    if 25 <= index < 32:
        return "no_face"
    return "detected" if index % 5 == 0 else "tracked"


def _points(analysis_id: str, run_id: str, shift: float) -> list[tables.TrajectoryPoint]:
    rows = []
    for index in range(FRAMES):
        state = _state(index)
        place = {"frame": index, "pts_ms": index * 40.0, "state": state}
        if state != "no_face":
            place |= {
                "track": 1, "valence": 0.7 * math.sin(index / 9 + shift), "arousal": 0.5 * math.cos(index / 7 + shift),
                "confidence": 0.9, "x0": 50.0 + 2 * index, "y0": 70.0, "x1": 150.0 + 2 * index, "y1": 170.0,
            }  # fmt: skip
        rows.append(tables.TrajectoryPoint(analysis_id=analysis_id, run_id=run_id, **place))
    return rows


def _analysis(session, runs, clip: Path) -> tables.Analysis:
    stored = file_store().put_path(clip)
    video = tables.Video(
        name="seeded clip.mp4",
        sha256=stored.sha256,
        width=320,
        height=240,
        fps=25.0,
        frames=FRAMES,
        duration_s=FRAMES / 25,
    )
    session.add(video)
    session.flush()
    row = tables.Analysis(video_id=video.id, options={}, summary={})
    session.add(row)
    session.flush()
    job = _job(session, JobKind.ANALYZE, "Analyse seeded clip.mp4", video_id=video.id, analysis_id=row.id)
    for position, run in enumerate(runs):
        session.add(tables.AnalysisRun(analysis_id=row.id, position=position, run_id=run.id))
        session.add_all(_points(row.id, run.id, 0.4 * position))
    session.add(
        tables.FaceTrack(
            analysis_id=row.id, track=1, first_frame=0, last_frame=FRAMES - 1, n_points=FRAMES - 7
        )
    )
    _maps(session, row, runs, job)
    return row


def _maps(session, analysis, runs, job) -> None:
    for position, run in enumerate(runs):
        point = session.query(tables.Checkpoint).filter_by(run_id=run.id).one()
        for frame in (5, 20, 40):
            for axis in ("valence", "arousal"):
                heat = np.zeros((96, 96), np.uint8)
                cv2.circle(heat, (30 + frame // 2, 40 + 8 * position), 30, 255, -1)
                colours = cv2.applyColorMap(cv2.GaussianBlur(heat, (0, 0), 12), cv2.COLORMAP_TURBO)
                file = file_store().put(io.BytesIO(cv2.imencode(".png", colours)[1].tobytes()), "map.png")
                array = io.BytesIO()
                np.save(array, cv2.GaussianBlur(heat, (0, 0), 12).astype(np.float32) / 255)
                values = file_store().put(io.BytesIO(array.getvalue()), "map.npy").sha256
                face = file_store().put(io.BytesIO(_crop(3, 0.4, 0.2)), "face.jpg").sha256
                session.add(
                    tables.ActivationMap(
                        job_id=job.id, analysis_id=analysis.id, run_id=run.id, checkpoint_id=point.id, frame=frame, track=1,
                        axis=axis, head="R", scores={"gini": 0.6, "deletion": 0.4, "insertion": 0.7}, file=file.sha256, array_file=values, face_file=face,
                    )
                )  # fmt: skip


def inspected(dim: int = 8) -> dict:
    """What an inspection finds, with plain numbers."""
    z = [float(i % 5) for i in range(dim)]
    solvers = [
        {"view": view, "solver": solver, "face_ms": ms, "batch_ms": 9 * ms, "step_ms": 10 * ms, "batch_size": 32, "difference": 0.0 if solver == "exact" else 2e-7}
        for view in ("sparsemax", "softmax") for solver, ms in (("exact", 0.05), ("ecos", 1.1))
    ]  # fmt: skip
    return {
        "method": "avce", "dim": dim, "z": z, "x": [0.4, 0.3], "y_a": [0.3, 0.1], "y_n": [-0.2, 0.3],
        "attentive": {"view": "sparsemax", "values": [0.5, 0.5] + [0.0] * (dim - 2), "support": 2},
        "inattentive": {"view": "softmax", "values": [1 / dim] * dim, "support": dim},
        "f_a": 0.9, "f_n": 0.5, "theta_a_deg": 18.4, "theta_n_deg": 86.8, "objective": 0.6, "push": 0.2, "hold": -0.5,
        "solvers": solvers, "label": [0.5, 0.2], "cut": "as the data set holds it",
    }  # fmt: skip


def seed_inspection(seeded: Seeded, **changes) -> str:
    """A finished inspection of the second run; returns its id."""
    with writing() as session:
        ids = {"run_id": seeded.run_ids[1], "dataset_id": seeded.dataset_id}
        job = _job(session, JobKind.INSPECT, "Inspect sample 3", **ids)
        face = file_store().put(io.BytesIO(_crop(3, 0.4, 0.2)), "face.jpg")
        row = tables.Inspection(
            job_id=job.id, row=3, result=inspected() | changes, picture=face.sha256, **ids
        )
        session.add(row)
        session.flush()
        job.options = {"inspection_id": row.id}
        return row.id


def seed_poster(seeded: Seeded) -> str:
    """A finished poster figure of the seeded analysis, its files mere words; returns its id."""
    with writing() as session:
        job = _job(
            session, JobKind.POSTER, "Poster figure of seeded clip.mp4", analysis_id=seeded.analysis_id
        )
        models = {"Seeded avce": {"valence": 0.7, "arousal": 0.1, "gini": 0.6}}
        facts = {
            "video": "seeded clip.mp4", "models": [{"name": "Seeded avce", "system": "avce", "colour": "#2B6CB0"}],
            "frames": [{"frame": 14, "time_s": 0.56, "reason": "valence highest", "models": models}],
        }  # fmt: skip
        files = {
            kind: file_store().put(io.BytesIO(kind.encode()), f"poster.{kind}").sha256
            for kind in ("svg", "pdf", "png", "zip")
        }
        row = tables.PosterFigure(
            job_id=job.id, analysis_id=seeded.analysis_id, options={}, facts=facts, files=files
        )
        session.add(row)
        session.flush()
        return row.id


def seed_again(seeded: Seeded, seeds=(1, 2)) -> list[str]:
    """More evaluated runs, which differ from the second by their seed alone; returns the evaluations' ids."""
    with writing() as session:
        made = []
        for number in seeds:
            run, _ = _run(session, seeded.dataset_id, "avce", 0.7, seed=number)
            made.append(_evaluation(session, run, seeded.dataset_id, 0.6 + 0.02 * number))
        return [row.id for row in made]


def seed(folder: Path) -> Seeded:
    """Fill the settings' database; ``folder`` takes the clip."""
    clip = folder / "clip.mp4"
    write_clip(clip)
    with writing() as session:
        dataset = _dataset(session, folder)
        runs = [
            _run(session, dataset.id, method, level)[0]
            for method, level in (("supervised", 0.55), ("avce", 0.7))
        ]
        session.add_all(tables.Checkpoint(run_id=run.id, name=run.name, files={}) for run in runs)
        session.flush()
        evaluations = [_evaluation(session, run, dataset.id, 0.4 + 0.2 * i) for i, run in enumerate(runs)]
        analysis = _analysis(session, list(reversed(runs)), clip)
        _, running = _run(
            session, dataset.id, "caf", 0.3, JobState.RUNNING, progress=0.42, stage="train", message="epoch 5 of 12",
            eta_s=83.0, worker="training@here", attempts=1, started_at=utc_now(), lease_until=utc_now() + timedelta(hours=1),
        )  # fmt: skip
        _job(
            session,
            JobKind.TRAIN,
            "Train waiting",
            JobState.QUEUED,
            dataset_id=dataset.id,
            after_job_id=running.id,
        )
        _job(
            session,
            JobKind.IMPORT,
            "Import broken.zip",
            JobState.FAILED,
            error="broken.zip: not a zip file",
            dataset_id=None,
        )
        session.add(tables.Worker(name="training@here", queues=["training"], pid=1, seen_at=utc_now()))
        session.flush()
        return Seeded(
            dataset.id, (runs[0].id, runs[1].id), (evaluations[0].id, evaluations[1].id),
            analysis.video_id, analysis.id, running.id,
        )  # fmt: skip
