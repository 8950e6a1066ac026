"""The tables. A noun's state is that of the job which makes it, so it is kept once, on the job."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from workers.states import JobKind, JobState


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A short id, unguessable enough not to collide: 12 hex digits."""
    return secrets.token_hex(6)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in Python on every database; SQLite knows no time zones, so UTC is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; a naive time is a mistake of the caller."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected an aware time, got {value!r} without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it from the class)
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        dict[str, float]: JSON,
        list[str]: JSON,
        JobState: Enum(
            JobState, native_enum=False, length=16, values_callable=lambda e: [m.value for m in e]
        ),
        JobKind: Enum(JobKind, native_enum=False, length=16, values_callable=lambda e: [m.value for m in e]),
    }


# SQLite counts rows by itself only in a column declared INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Job(Base):
    """One long action. ``fence`` counts claims; a worker writes while the number it drew is the row's."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_queue_state", "queue", "state"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[JobKind]
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED, index=True)
    queue: Mapped[str]
    title: Mapped[str]
    priority: Mapped[int] = mapped_column(default=0)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    progress: Mapped[float] = mapped_column(default=0.0)
    stage: Mapped[str] = mapped_column(default="")
    message: Mapped[str] = mapped_column(Text, default="")
    eta_s: Mapped[float | None]
    error: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    pause_requested: Mapped[bool] = mapped_column(default=False)
    started_by: Mapped[str] = mapped_column(default="")
    group_id: Mapped[str | None] = mapped_column(ForeignKey("job_group.id"), index=True)
    notified_at: Mapped[datetime | None]
    notify_tries: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    after_job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"), index=True)
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("dataset.id"), index=True)
    run_id: Mapped[str | None] = mapped_column(ForeignKey("run.id"), index=True)
    evaluation_id: Mapped[str | None] = mapped_column(ForeignKey("evaluation.id"), index=True)
    video_id: Mapped[str | None] = mapped_column(ForeignKey("video.id"), index=True)
    analysis_id: Mapped[str | None] = mapped_column(ForeignKey("analysis.id"), index=True)


class JobGroup(Base):
    """Jobs that were started as one, such as a sweep; ``values`` maps each swept option to its values."""

    __tablename__ = "job_group"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)


class JobLog(Base):
    """Lines of a job's log, over all attempts."""

    __tablename__ = "job_log"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    text: Mapped[str] = mapped_column(Text)


class Worker(Base):
    """Worker processes and their last sign of life."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(primary_key=True)
    queues: Mapped[list[str]]
    pid: Mapped[int]
    seen_at: Mapped[datetime]


class Dataset(Base):
    """A data set; ``files`` maps the names of the prepared folder to hashes, empty until it is ready."""

    __tablename__ = "dataset"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    source: Mapped[dict[str, Any]]
    layout: Mapped[str] = mapped_column(default="")
    n_samples: Mapped[int] = mapped_column(default=0)
    n_subjects: Mapped[int] = mapped_column(default=0)
    n_train: Mapped[int] = mapped_column(default=0)
    n_val: Mapped[int] = mapped_column(default=0)
    n_test: Mapped[int] = mapped_column(default=0)
    fingerprint: Mapped[str] = mapped_column(default="", index=True)
    card: Mapped[dict[str, Any]] = mapped_column(default=dict)
    files: Mapped[dict[str, str]] = mapped_column(default=dict)
    accepted: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Run(Base):
    """One training run; ``shipped`` names the weights of one that came with the package and that no job made."""

    __tablename__ = "run"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), index=True)
    method: Mapped[str]
    backbone: Mapped[str]
    options: Mapped[dict[str, Any]]
    shipped: Mapped[str | None]
    best_epoch: Mapped[int | None]
    best: Mapped[dict[str, float]] = mapped_column(default=dict)


class MetricPoint(Base):
    """Points of a run's curves; a resumed run that repeats a step overwrites its point."""

    __tablename__ = "metric_point"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    epoch: Mapped[float | None]
    value: Mapped[float]


class Checkpoint(Base):
    """Stored weights: ``files`` maps the names of the checkpoint's folder to hashes."""

    __tablename__ = "checkpoint"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    files: Mapped[dict[str, str]]


class Evaluation(Base):
    """One run on one split of one data set; ``result`` is the whole answer, metrics its figures as rows."""

    __tablename__ = "evaluation"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)
    checkpoint_id: Mapped[str | None] = mapped_column(ForeignKey("checkpoint.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), index=True)
    split: Mapped[str]
    protocol: Mapped[str]
    options: Mapped[dict[str, Any]]
    n: Mapped[int | None]
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    predictions: Mapped[str | None]


class EvaluationMetric(Base):
    """One figure of an evaluation, with its interval where one was drawn."""

    __tablename__ = "evaluation_metric"

    evaluation_id: Mapped[str] = mapped_column(
        ForeignKey("evaluation.id", ondelete="CASCADE"), primary_key=True
    )
    axis: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]


class Video(Base):
    """A video; one that a job has yet to draw has an empty hash."""

    __tablename__ = "video"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    sha256: Mapped[str] = mapped_column(default="", index=True)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    fps: Mapped[float] = mapped_column(default=0.0)
    frames: Mapped[int] = mapped_column(default=0)
    duration_s: Mapped[float] = mapped_column(default=0.0)
    labels: Mapped[str | None]
    """Hash of a csv with valence and arousal of its frames, where people gave them."""


class Analysis(Base):
    """A video seen by one or more runs."""

    __tablename__ = "analysis"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    video_id: Mapped[str] = mapped_column(ForeignKey("video.id"), index=True)
    options: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AnalysisRun(Base):
    """Which runs look at the video, in which order."""

    __tablename__ = "analysis_run"

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)


class FaceTrack(Base):
    """One face followed through a video."""

    __tablename__ = "face_track"

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    track: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_frame: Mapped[int]
    last_frame: Mapped[int]
    n_points: Mapped[int]


class TrajectoryPoint(Base):
    """What one run says of one face in one frame; frames without a face have one row without values."""

    __tablename__ = "trajectory_point"
    __table_args__ = (Index("ix_trajectory_point_reading", "analysis_id", "run_id", "frame"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    analysis_id: Mapped[str] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"))
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    frame: Mapped[int]
    pts_ms: Mapped[float]
    track: Mapped[int | None]
    state: Mapped[str]
    valence: Mapped[float | None]
    arousal: Mapped[float | None]
    confidence: Mapped[float | None]
    x0: Mapped[float | None]
    y0: Mapped[float | None]
    x1: Mapped[float | None]
    y1: Mapped[float | None]
    valence_low: Mapped[float | None]
    """Band around the value, where the run's evaluation said how wide it is; as it was when the row was written."""
    valence_high: Mapped[float | None]
    arousal_low: Mapped[float | None]
    arousal_high: Mapped[float | None]


class FaceSeries(Base):
    """All that one run says of one face, in one row: what a search for moments reads. Derived from the points.

    Written when an analysis is complete, and never right without its points: whatever removes those removes this.
    ``samples`` is packed by :mod:`workers.store.series`; the extremes let the database leave out whole faces.
    """

    __tablename__ = "face_series"

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    track: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valence_min: Mapped[float]
    valence_max: Mapped[float]
    arousal_min: Mapped[float]
    arousal_max: Mapped[float]
    intensity_min: Mapped[float]
    intensity_max: Mapped[float]
    pieces: Mapped[list[list[float]]] = mapped_column(JSON)
    """For each run without a gap: where it ends among the samples, and until when its last sample lasts, in ms."""
    track_ms: Mapped[float]
    samples: Mapped[bytes]


class AnalysisSegment(Base):
    """A part of an analysis that is repeated as a whole when its worker dies.

    ``summary`` is empty until the part is done. It is then that of the video from its start to the end of this part;
    or, until the faces of a part done by itself are joined to those before, that of the part, with its warm-up.
    ``taken_by`` is the job at work on it, while that job runs and its fence is still ``taken_fence``.
    """

    __tablename__ = "analysis_segment"

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    warm_s: Mapped[float]
    start_s: Mapped[float]
    stop_s: Mapped[float | None]
    finished_at: Mapped[datetime | None]
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    taken_by: Mapped[str | None]
    taken_fence: Mapped[int | None]
    is_joined: Mapped[bool] = mapped_column(default=True)


class TrackEdit(Base):
    """What a person says of a face that the tracker followed; the tracker's own rows stay as they are."""

    __tablename__ = "track_edit"

    analysis_id: Mapped[str] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    track: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(default="")
    merged_into: Mapped[int | None]
    is_excluded: Mapped[bool] = mapped_column(default=False)
    neutral_first: Mapped[int | None]
    """First of the frames in which this person says or is seen to be neutral."""
    neutral_last: Mapped[int | None]


class ActivationMap(Base):
    """One activation map: a picture to show and the array to compute with, by hash."""

    __tablename__ = "activation_map"
    __table_args__ = (UniqueConstraint("analysis_id", "run_id", "frame", "track", "axis", "head"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), index=True)
    analysis_id: Mapped[str] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), index=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    checkpoint_id: Mapped[str] = mapped_column(ForeignKey("checkpoint.id"))
    frame: Mapped[int]
    track: Mapped[int]
    axis: Mapped[str]
    head: Mapped[str]
    scores: Mapped[dict[str, Any]] = mapped_column(default=dict)
    file: Mapped[str]
    array_file: Mapped[str]
    face_file: Mapped[str | None]
    """The face below the map; maps drawn before it was kept have none."""


class PosterFigure(Base):
    """A poster figure; ``files`` maps ``svg``, ``pdf``, ``png`` and ``zip`` to hashes, empty until it is drawn."""

    __tablename__ = "poster_figure"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), unique=True)
    analysis_id: Mapped[str] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), index=True)
    options: Mapped[dict[str, Any]]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    files: Mapped[dict[str, str]] = mapped_column(default=dict)


class Inspection(Base):
    """One face looked into by one run; ``result`` is empty until the job has succeeded.

    The face is a row of a data set or an uploaded picture, which ``source`` names by hash and file name.
    """

    __tablename__ = "inspection"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), unique=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)
    checkpoint_id: Mapped[str | None] = mapped_column(ForeignKey("checkpoint.id"))
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("dataset.id"))
    row: Mapped[int | None]
    source: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    picture: Mapped[str | None]


class TrainingCost(Base):
    """A few steps of a training, measured; ``key`` names all trainings that cost the same, and ``host`` where it was.

    ``measured`` is that of :class:`avce.training.cost.Measured`, empty until the job has succeeded.
    """

    __tablename__ = "training_cost"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), unique=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    key: Mapped[str] = mapped_column(index=True)
    host: Mapped[str] = mapped_column(default="")
    measured: Mapped[dict[str, Any]] = mapped_column(default=dict)
