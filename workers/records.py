"""What the client hands out: frozen records, free of the database and of torch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from avce.training.cost import Cost, Measured
from workers.states import JobKind, JobState


class Record(BaseModel):
    """Base: records do not change and are built from table rows by attribute."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class StoredFile(Record):
    """A file in the store, under its content's hash."""

    sha256: str
    size: int
    name: str


class UploadRecord(Record):
    """An upload: announced, partly there, or ``stored``.

    Attributes:
        modified: When the file was last changed, as its owner's machine says.
        place: Which field of the pages it is for.
        age_s: Since its last byte.
        left_s: Until what arrived is removed, if no more comes.
        is_arriving: Bytes come just now.
    """

    id: str
    name: str
    size: int
    modified: str
    place: str
    received: int
    age_s: float
    left_s: float
    is_arriving: bool
    stored: StoredFile | None = None


class JobRecord(Record):
    """One job, as its row says. Times are aware, in UTC; ``progress`` is that of the stage, 0 to 1."""

    id: str
    kind: JobKind
    state: JobState
    queue: str
    title: str
    priority: int = 0
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: float = 0.0
    stage: str = ""
    message: str = ""
    eta_s: float | None = None
    attempts: int = 0
    error: str | None = None
    cancel_requested: bool = False
    pause_requested: bool = False
    started_by: str = ""
    """Name that the person gave; empty where nobody gave one."""
    group_id: str | None = None
    run_id: str | None = None
    dataset_id: str | None = None
    evaluation_id: str | None = None
    analysis_id: str | None = None
    video_id: str | None = None
    after_job_id: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    worker: str | None = None
    queue_position: int | None = None
    """1 for the job that the queue's worker takes next; ``None`` unless queued."""


class GroupRecord(Record):
    """Jobs that were started as one; ``values`` maps each swept option to its values."""

    id: str
    name: str
    created_at: datetime
    values: dict[str, list[Any]] = Field(default_factory=dict)
    states: dict[JobState, int] = Field(default_factory=dict)
    """How many of its jobs are in each state."""

    @property
    def total(self) -> int:
        """How many jobs it has."""
        return sum(self.states.values())

    @property
    def is_live(self) -> bool:
        """Whether some of its jobs may still change."""
        return any(not state.is_final for state in self.states)


class LogLine(Record):
    """One line of a job's log; ``n`` counts from 1."""

    n: int
    at: datetime
    text: str


class DatasetRecord(Record):
    """A data set; figures are zero until ``state`` is ``ready``."""

    id: str
    name: str
    state: str
    """``importing``, ``ready`` or ``failed``."""
    created_at: datetime
    job_id: str
    layout: str = ""
    n_samples: int = 0
    n_subjects: int = 0
    n_train: int = 0
    n_val: int = 0
    n_test: int = 0
    fingerprint: str = ""
    card: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None
    made_from: str | None = None
    """The data set whose source it was made from again, with other options."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Of :class:`avce.options.PrepareOptions`: how it is, or was to be, prepared."""
    accepted: dict[str, Any] = Field(default_factory=dict)
    """``at`` and the ``findings`` that a person accepted; empty when nobody did."""


class SampleRecord(Record):
    """One face crop with its labels."""

    row: int
    subject: str
    valence: float
    arousal: float
    split: str
    jpeg: bytes


class PlaceRecord(Record):
    """A row that shows what a finding of the doctor means; ``jpeg`` is empty where no picture of it is kept."""

    place: str
    row: int
    jpeg: bytes
    is_whole: bool
    """The whole picture with its faces framed, not the crop."""
    name: str
    """Picture or frame."""
    subject: str
    valence: float
    arousal: float
    split: str


class ServerEntry(Record):
    """A folder or file on the server that may be imported."""

    path: str
    name: str
    is_folder: bool


class RunRecord(Record):
    """One training run; ``best`` holds the figures of its best epoch (metric → value).

    A model that ships with the package is one too: ``shipped`` is its name, and no job made it.
    """

    id: str
    name: str
    created_at: datetime
    job_id: str | None = None
    dataset_id: str
    dataset_name: str
    method: str
    backbone: str
    options: dict[str, Any]
    state: JobState
    shipped: str | None = None
    best_epoch: int | None = None
    best: dict[str, float] = Field(default_factory=dict)
    checkpoint_id: str | None = None
    group_id: str | None = None


class CheckpointRecord(Record):
    """The stored weights of a run's best epoch."""

    id: str
    run_id: str
    name: str
    created_at: datetime


class EvaluationRecord(Record):
    """Figures of one run on one split; ``metrics`` is the result of :func:`avce.evaluation.evaluate`."""

    id: str
    run_id: str
    run_name: str
    checkpoint_id: str | None
    dataset_id: str
    dataset_name: str
    split: str
    protocol: str
    n: int | None
    job_id: str
    state: JobState
    created_at: datetime
    metrics: dict[str, Any] = Field(default_factory=dict)


class VideoRecord(Record):
    """An uploaded video; ``frames`` is the container's count, which may be an estimate."""

    id: str
    name: str
    sha256: str
    width: int
    height: int
    fps: float
    frames: int
    duration_s: float
    created_at: datetime
    labels: str | None = None
    """Hash of its labels' file, where people gave the video labels."""


class AnalysisRecord(Record):
    """One video seen by one or more runs; lists are in the order of ``run_ids``."""

    id: str
    video: VideoRecord
    job_id: str
    state: JobState
    created_at: datetime
    options: dict[str, Any]
    run_ids: list[str]
    checkpoint_ids: list[str]
    names: list[str]
    summary: dict[str, Any] = Field(default_factory=dict)


class TrackRecord(Record):
    """One face of an analysis, as corrected; ``judged`` and ``mean`` (valence, arousal) by run."""

    track: int
    name: str
    merged: list[int] = Field(default_factory=list)
    """Tracks that a person said are this face too."""
    is_excluded: bool = False
    neutral: tuple[int, int] | None = None
    """First and last frame in which the face is neutral, if a person said so."""
    first_frame: int
    last_frame: int
    frames: int
    judged: dict[str, int] = Field(default_factory=dict)
    mean: dict[str, tuple[float, float] | None] = Field(default_factory=dict)


class EpisodeRecord(Record):
    """A stretch in which a face met a rule; values are means over it, ``frame`` is its strongest."""

    analysis_id: str
    video: VideoRecord
    run_id: str
    run_name: str
    track: int
    face: str
    first_frame: int
    last_frame: int
    start_s: float
    end_s: float
    frame: int
    valence: float
    arousal: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


class MapRecord(Record):
    """One activation map drawn over a face; ``file`` is the hash of its PNG."""

    id: str
    analysis_id: str | None = None
    dataset_id: str | None = None
    job_id: str
    frame: int
    track: int | None
    axis: str
    head: str
    run_id: str
    checkpoint_id: str
    name: str
    scores: dict[str, float | None] = Field(default_factory=dict)
    """Those asked for; ``None``: undefined for this map."""
    file: str
    array_file: str
    face_file: str | None = None
    """The face below it, as the model got it; older maps have none."""


class PosterRecord(Record):
    """A poster figure; ``files`` (svg, pdf, png, zip → hash) and ``facts`` are empty until it is drawn.

    ``facts`` is :meth:`avce.poster.contents.Poster.facts`: models, key frames with reasons, values, sparsity.
    """

    id: str
    created_at: datetime
    job_id: str
    analysis_id: str
    state: JobState
    options: dict[str, Any]
    facts: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)


class InspectionRecord(Record):
    """One face looked into by one run; ``result`` is that of :func:`avce.inspection.inspect_face`, and more.

    The face is ``row`` of a data set, or an upload named ``file_name``. ``result`` also holds ``label`` (valence
    and arousal, where known) and ``cut`` (how the face was cut out).
    """

    id: str
    created_at: datetime
    job_id: str
    state: JobState
    run_id: str
    run_name: str
    checkpoint_id: str | None = None
    dataset_id: str | None = None
    dataset_name: str | None = None
    row: int | None = None
    file_name: str | None = None
    result: dict[str, Any] = Field(default_factory=dict)


class CostRecord(Record):
    """A few training steps that were measured, or that a job is measuring now.

    ``measured`` and ``cost``, which is that of the whole run asked for, are there once ``state`` is succeeded.
    """

    id: str
    created_at: datetime
    job_id: str
    state: JobState
    error: str | None = None
    host: str = ""
    measured: Measured | None = None
    cost: Cost | None = None


class SweepCostRecord(Record):
    """What a sweep will take, from the measured cost of its runs."""

    runs: int
    guessed: int
    """Runs whose own steps were not measured, so that they count like those of the options beside the sweep."""
    workers: int
    """Living workers that take trainings; none counts as one."""
    work_s: float
    """All runs, one after the other."""
    total_s: float
    """With the workers there are, each taking the next run."""


class WorkerRecord(Record):
    """One worker process, as its last sign of life says."""

    name: str
    queues: list[str]
    alive: bool
    current_job_id: str | None = None
    seen_at: datetime
