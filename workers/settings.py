"""The only reader of the environment: every setting starts with ``AVCE_`` (``AVCE_PORT=8502 make run``)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things are and how long things may take; defaults serve one machine without set-up."""

    model_config = SettingsConfigDict(
        env_prefix="AVCE_", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    home: Path = Field(
        default_factory=lambda: Path.cwd() / "var",
        description="Folder of the database, files and work in progress.",
    )
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in home.")
    broker_url: str = Field("", description="Redis URL; empty: the redis-server that `make run` starts.")
    files_url: str = Field("", description="fsspec URL of the file store; empty: a folder in home.")
    host: str = Field("127.0.0.1", description="Address that the pages listen on.")
    port: int = Field(8501, ge=1, le=65535, description="Port of the pages.")
    redis_port: int = Field(
        6391, ge=1, le=65535, description="Port of the redis-server that `make run` starts."
    )
    allowed_folders: tuple[Path, ...] = Field(
        (),
        description="JSON list of server-side folders from which data sets may be imported in place, and videos taken.",
    )
    view_files: tuple[Path, ...] = Field(
        (),
        description="JSON list of Python files that register views of your own, to train with and to draw maps through; set it"
        " for the workers.",
    )
    lease_s: float = Field(
        30.0, gt=0, description="A running job is lost when its worker is silent for so long."
    )
    heartbeat_s: float = Field(
        5.0, gt=0, description="How often a worker renews its lease and looks for a cancel."
    )
    sweep_s: float = Field(3.0, gt=0, description="How often lost jobs and lost messages are looked for.")
    resend_s: float = Field(20.0, gt=0, description="A queued job's message can count as lost after so long.")
    max_attempts: int = Field(5, ge=1, description="A job whose worker vanished so many times fails.")
    report_s: float = Field(0.5, ge=0, description="Progress, log and curves are written at most so often.")
    segment_s: float = Field(
        60.0,
        gt=0,
        description="Videos are analysed in segments of about this length; a killed worker repeats only its own.",
    )
    video_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="How many workers `make run` starts for videos; they share the segments of a long one. 0: one on one core, two"
        " on 2 to 5 cores, then one for every two cores, at most 4.",
    )
    name_header: str = Field(
        "",
        description="Header in which a proxy that signs people in says who asks, such as `X-Forwarded-User`; its name stands"
        " beside the jobs of that person. Empty: everybody says it on the Jobs page. Set it only behind such a proxy.",
    )
    detector_model: Path | None = Field(
        None,
        description="A YuNet model file to find faces in videos with; empty: the detector that is built in.",
    )
    webhook_url: str = Field(
        "", description="Address that is told of each job that ends (POST, JSON); empty: nobody is told."
    )
    max_upload_bytes: int = Field(64 * 2**30, ge=1, description="Largest upload.")
    upload_kept_h: float = Field(
        48.0,
        gt=0,
        description="An upload that was cut off can go on for so many hours; then what arrived is removed.",
    )

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'studio.db'}"

    @property
    def broker(self) -> str:
        """URL of the broker."""
        return self.broker_url or f"redis://127.0.0.1:{self.redis_port}/0"

    @property
    def files(self) -> str:
        """Fsspec URL of the file store."""
        return self.files_url or str(self.home.absolute() / "files")

    @property
    def work_folder(self) -> Path:
        """Where jobs keep unfinished work that another attempt continues."""
        return self.home.absolute() / "work"

    @property
    def datasets_folder(self) -> Path:
        """Local copies of prepared data sets, one folder per fingerprint."""
        return self.home.absolute() / "datasets"

    @property
    def cache_folder(self) -> Path:
        """Local copies of stored files and checkpoints; may be deleted while nothing runs."""
        return self.home.absolute() / "cache"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
