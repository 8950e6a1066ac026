"""A studio's database after years of use, made in seconds: rows by the thousand, points by SQL alone."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Table, insert, select, text
from sqlalchemy.orm import Session

from avce.data.prepare import prepare
from avce.data.synthetic import synthesize
from avce.options import EvaluateOptions, PrepareOptions, SynthOptions, train_options
from workers.queues import QUEUE_OF_KIND
from workers.states import JobKind, JobState
from workers.store import series, tables
from workers.store.files import file_store
from workers.store.session import writing
from workers.store.tables import new_id, utc_now

METHODS = ("avce", "caf", "hasani", "supervised")
SEEDS = 5
FACES, SUBJECTS = 4_000, 120
CURVES = (
    "train/loss", "train/mse", "train/ccc", "val/ccc_valence", "val/ccc_arousal",
    "val/pcc_valence", "val/pcc_arousal", "val/rmse_valence", "val/rmse_arousal", "val/mean_ccc",
)  # fmt: skip
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Size:
    """How much to write.

    Attributes:
        runs: Training runs, each with one evaluation.
        metric_points: Over all runs.
        videos: Each analysed once, by two runs.
        trajectory_points: Over all analyses.
    """

    runs: int = 1_000
    metric_points: int = 2_000_000
    videos: int = 200
    trajectory_points: int = 2_000_000

    @property
    def epochs(self) -> int:
        """Of each run, so that its curves hold its share of the points."""
        return max(1, self.metric_points // self.runs // len(CURVES))

    @property
    def frames(self) -> int:
        """Of each video, seen by two runs."""
        return max(1, self.trajectory_points // self.videos // 2)


def fill(folder: Path, size: Size) -> None:
    """Write everything into the settings' database and file store; ``folder`` takes what is only passing."""
    now, rng = utc_now(), random.Random(7)
    with writing() as session:
        datasets = _datasets(session, folder)
        runs = [_run(number, datasets[number % len(datasets)], size, now) for number in range(size.runs)]
        _add(session, tables.Run, runs)
        _add(
            session,
            tables.Checkpoint,
            ({"run_id": run["id"], "name": run["name"], "files": {}} for run in runs),
        )
        predictions = [_predictions(seed) for seed in range(SEEDS)]
        measured = [_evaluation(run, predictions[i % SEEDS], rng) for i, run in enumerate(runs)]
        _add(session, tables.Evaluation, measured)
        jobs = [
            _job(JobKind.TRAIN, f"Train {r['name']}", r, run_id=r["id"], dataset_id=r["dataset_id"])
            for r in runs
        ]
        jobs += [
            _job(JobKind.EVALUATE, "Evaluate", e, run_id=e["run_id"], dataset_id=e["dataset_id"], evaluation_id=e["id"])
            for e in measured
        ]  # fmt: skip
        jobs += _analyses(session, folder, size, runs)
        _add(session, tables.Job, jobs)
        _add(session, tables.JobLog, ({"job_id": job["id"], "n": 1, "text": "begun"} for job in jobs))
        _waiting(session, runs)
        _points(session, size)
        for analysis_id in session.scalars(select(tables.Analysis.id)).all():
            series.write(session, analysis_id)


def _add(session: Session, table: type[tables.Base], rows: Iterable[dict[str, Any]]) -> None:
    """Many rows by one statement after the other, without objects."""
    assert isinstance(table.__table__, Table)
    listed = list(rows)
    for start in range(0, len(listed), ROWS_AT_ONCE):
        session.execute(insert(table), listed[start : start + ROWS_AT_ONCE])


def _datasets(session: Session, folder: Path) -> list[str]:
    """One drawn data set under three names."""
    drawn = synthesize(
        folder / "stills", SynthOptions(kind="stills", subjects=12, per_subject=12, size=96, seed=3)
    )
    made = prepare(drawn, folder / "prepared", PrepareOptions(detect="never"))
    files, card = file_store().put_folder(made.folder), made.card
    counts = made.samples["split"].value_counts()
    ids = []
    for name in ("Studio faces", "Street faces", "Actors"):
        row = tables.Dataset(
            name=name, source={}, layout=str(card.get("layout", "")), n_samples=len(made), n_subjects=12,
            fingerprint=made.fingerprint, card=card, files=files,
            **{f"n_{split}": int(counts.get(split, 0)) for split in ("train", "val", "test")},
        )  # fmt: skip
        session.add(row)
        session.flush()
        ids.append(row.id)
        job = _job(JobKind.IMPORT, f"Import {name}", {"created_at": utc_now()}, dataset_id=row.id)
        _add(session, tables.Job, [job])
    return ids


def _run(number: int, dataset_id: str, size: Size, now: Any) -> dict[str, Any]:
    method = METHODS[number // SEEDS % len(METHODS)]
    options = train_options(
        preset="smoke", method=method, epochs=size.epochs, seed=number % SEEDS,
        learning_rate=1e-4 * (1 + number // 20 % 9), batch_size=32 * (1 + number // 40 % 4),
    )  # fmt: skip
    level = 0.3 + 0.4 * (number * 37 % 100) / 100
    return {
        "id": new_id(), "name": f"{method} trial {number // SEEDS:03d} seed {number % SEEDS}", "dataset_id": dataset_id,
        "created_at": now - timedelta(minutes=7 * number), "method": method, "backbone": options.backbone.value,
        "options": options.model_dump(mode="json"), "best_epoch": max(1, size.epochs * 3 // 4),
        "best": {"ccc_valence": level, "ccc_arousal": level - 0.1},
    }  # fmt: skip


def _predictions(seed: int) -> str:
    """Hash of the predictions of one test split of the usual size."""
    rng = np.random.default_rng(seed)
    labels = np.random.default_rng(0).normal(0.1, 0.4, (FACES, 2)).clip(-1, 1)
    pred = (0.6 * labels + rng.normal(0, 0.2, (FACES, 2))).clip(-1, 1)
    table = pd.DataFrame(
        {
            "row": np.arange(FACES), "image": [f"{n:06d}.jpg" for n in range(FACES)], "video": "", "frame": -1,
            "subject": [f"S{n % SUBJECTS:03d}" for n in range(FACES)], "valence": labels[:, 0], "arousal": labels[:, 1],
            "pred_valence": pred[:, 0], "pred_arousal": pred[:, 1],
        }
    )  # fmt: skip
    parquet = io.BytesIO()
    table.to_parquet(parquet)
    return file_store().put(io.BytesIO(parquet.getvalue()), "predictions.parquet").sha256


def _evaluation(run: dict[str, Any], predictions: str, rng: random.Random) -> dict[str, Any]:
    def axis(ccc: float) -> dict[str, Any]:
        values = {"rmse": 0.5 - ccc / 3, "sagr": 0.5 + ccc / 3, "pcc": ccc + 0.03, "ccc": ccc, "icc": ccc}
        return {**values, "interval": {name: [value - 0.05, value + 0.05] for name, value in values.items()}}

    mean = {"rmse": 0.45, "sagr": 0.6, "pcc": None, "ccc": 0.0, "icc": None}
    level = run["best"]["ccc_valence"] + rng.gauss(0, 0.02)
    result = {
        "n": FACES, "n_groups": SUBJECTS, "grouped_by": "subject", "split": "test", "protocol": "concatenated",
        "zero_labels": "excluded", "confidence": 0.95, "weak_labels": False, "data": run["dataset_id"],
        "valence": axis(level), "arousal": axis(level - 0.1),
        "trivial": {name: {"valence": mean, "arousal": mean} for name in ("mean of the training labels", "zero")},
    }  # fmt: skip
    return {
        "id": new_id(), "created_at": run["created_at"] + timedelta(minutes=5), "run_id": run["id"],
        "dataset_id": run["dataset_id"], "split": "test", "protocol": "concatenated", "n": FACES, "result": result,
        "options": EvaluateOptions().model_dump(mode="json"), "predictions": predictions,
    }  # fmt: skip


def _job(kind: JobKind, title: str, noun: dict[str, Any], **more: Any) -> dict[str, Any]:
    at = noun["created_at"]
    return {
        "id": new_id(), "kind": kind, "state": JobState.SUCCEEDED, "queue": QUEUE_OF_KIND[kind].value, "title": title,
        "created_at": at, "started_at": at, "finished_at": at + timedelta(minutes=4), "progress": 1.0, "attempts": 1,
        "options": noun.get("options", {}), **more,
    }  # fmt: skip


def _waiting(session: Session, runs: list[dict[str, Any]]) -> None:
    """Jobs in every other state."""
    states = [JobState.QUEUED] * 20 + [JobState.FAILED] * 30 + [JobState.CANCELLED] * 10
    for number, state in enumerate(states):
        noun = {"created_at": utc_now() - timedelta(minutes=number), "options": {}}
        error = "the GPU went away" if state is JobState.FAILED else None
        job = _job(JobKind.MAPS, f"Maps {number}", noun, run_id=runs[number % len(runs)]["id"])
        _add(session, tables.Job, [job | {"state": state, "error": error}])


def write_film(path: Path, frames: int) -> None:
    """A playable film of a moving square."""
    import av  # noqa: PLC0415 (only this function writes films)

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "32", "preset": "ultrafast", "g": "25"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for index in range(frames):
            picture = np.full((120, 160, 3), 70, np.uint8)
            picture[30:90, (at := index % 100) : at + 60] = (210, 180, 160)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())


def _analyses(session: Session, folder: Path, size: Size, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Videos, their analyses by two runs each, their faces; returns the jobs."""
    write_film(folder / "film.mp4", size.frames)
    stored = file_store().put_path(folder / "film.mp4")
    now = utc_now()
    videos = [
        {
            "id": new_id(), "name": f"session {number:03d}.mp4", "created_at": now - timedelta(hours=number),
            "sha256": stored.sha256, "width": 160, "height": 120, "fps": 25.0, "frames": size.frames,
            "duration_s": size.frames / 25,
        }
        for number in range(size.videos)
    ]  # fmt: skip
    seen = [
        {"id": new_id(), "created_at": video["created_at"], "video_id": video["id"], "options": {}}
        for video in videos
    ]
    _add(session, tables.Video, videos)
    _add(session, tables.Analysis, (row | {"summary": {}} for row in seen))
    _add(
        session, tables.AnalysisRun,
        (
            {"analysis_id": row["id"], "position": place, "run_id": runs[(2 * number + place * SEEDS) % len(runs)]["id"]}
            for number, row in enumerate(seen) for place in (0, 1)
        ),
    )  # fmt: skip
    _add(
        session, tables.FaceTrack,
        (
            {"analysis_id": row["id"], "track": 1, "first_frame": 0, "last_frame": size.frames - 1, "n_points": size.frames}
            for row in seen
        ),
    )  # fmt: skip
    return [
        _job(JobKind.ANALYZE, f"Analyse {video['name']}", row, video_id=video["id"], analysis_id=row["id"])
        for video, row in zip(videos, seen, strict=True)
    ]


NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"


def _points(session: Session, size: Size) -> None:
    """Curves and trajectories, written by the database from its own rows."""
    names = " UNION ALL ".join(f"SELECT '{name}' AS name, {place} AS k" for place, name in enumerate(CURVES))
    session.execute(
        text(
            f"{NUMBERS} INSERT INTO metric_point (run_id, name, step, epoch, value) "
            "SELECT run.id, c.name, 10 * (n.i + 1), n.i + 1, "
            ".5 + .01 * k - (.3 + .2 * (run.rowid % 9) / 9) / (1 + .1 * n.i) + .02 * sin(n.i + k + run.rowid) "
            f"FROM run, ({names}) c, n ORDER BY run.id, c.name, n.i"
        ),
        {"count": size.epochs},
    )
    session.execute(
        text(
            f"{NUMBERS} INSERT INTO trajectory_point "
            "(analysis_id, run_id, frame, pts_ms, track, state, valence, arousal, confidence, x0, y0, x1, y1) "
            "SELECT a.analysis_id, a.run_id, i, 40.0 * i, 1, CASE i % 5 WHEN 0 THEN 'detected' ELSE 'tracked' END, "
            ".6 * sin(i / 90.0 + a.position), .4 * sin(i / 70.0 + a.position), .9, i % 100, 30, i % 100 + 60, 90 "
            "FROM analysis_run a, n"
        ),
        {"count": size.frames},
    )
