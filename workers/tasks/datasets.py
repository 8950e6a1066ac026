"""Import and draw data sets."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from avce.errors import DataError
from avce.options import PrepareOptions, SynthOptions
from workers.app import task
from workers.errors import LeaseLostError, WorkerStoppingError
from workers.lifecycle import Claim
from workers.reporting import JobReporter
from workers.settings import get_settings
from workers.states import JobKind
from workers.store.datasets import local_folder, require_dataset
from workers.store.files import file_store
from workers.store.plain import plain
from workers.store.session import reading
from workers.store.videos import describe, require_video
from workers.tasks.border import Outcome, perform
from workers.tasks.intake import gather, with_users_names

if TYPE_CHECKING:
    from avce.data.prepared import Prepared


# Drawn stills show head and shoulders; cut like the faces of videos, they train models that fit videos.
DRAWN = PrepareOptions(detect="always")


@task(JobKind.IMPORT)
def import_dataset(job_id: str) -> None:
    """Import what a data set's row names as its source."""
    perform(job_id, _import)


@task(JobKind.SYNTH)
def draw_dataset(job_id: str) -> None:
    """Draw a data set and import it; one of its clips becomes a video where the job names one."""
    perform(job_id, _draw)


@contextmanager
def _scratch(held: Claim) -> Iterator[Path]:
    """A folder for one job, gone when the job ends: nothing half-imported remains.

    It stays where a worker only stops or is killed; the next attempt then goes on with the crops in it.
    """
    folder = get_settings().work_folder / f"import-{held.job_id}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    except (WorkerStoppingError, LeaseLostError):
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _import(held: Claim, reporter: JobReporter) -> Outcome:
    from avce.data.prepare import prepare

    with reading() as session:
        source = dict(require_dataset(session, held["dataset_id"]).source)
    with _scratch(held) as folder:
        uploads = folder / "uploads"
        shutil.rmtree(uploads, ignore_errors=True)
        try:
            path = _drawn_again(source, folder, reporter) or gather(source, uploads)
            prepared = prepare(path, folder / "prepared", PrepareOptions.parse(held.options), reporter)
        except DataError as error:
            raise with_users_names(error, uploads) from error
        values = _store(prepared, reporter)
    return Outcome(lambda session: _write(session, held["dataset_id"], values))


def _drawn_again(source: dict[str, Any], folder: Path, reporter: JobReporter) -> Path | None:
    """A drawn data set that is made again with other options: the same seed draws the same faces."""
    if "synth" not in source:
        return None
    from avce.data.synthetic import synthesize

    shutil.rmtree(folder / "drawn", ignore_errors=True)
    return synthesize(folder / "drawn", SynthOptions.parse(source["synth"]), reporter)


def _draw(held: Claim, reporter: JobReporter) -> Outcome:
    from avce.data.prepare import prepare
    from avce.data.synthetic import synthesize

    options = SynthOptions.parse(held.options)
    with _scratch(held) as folder:
        drawn = synthesize(folder / "drawn", options, reporter)
        prepared = prepare(drawn, folder / "prepared", DRAWN, reporter)
        values = _store(prepared, reporter)
        clip = _last_clip(drawn) if held.nouns["video_id"] else None
        sha256 = file_store().put_path(clip).sha256 if clip else None
        labels = _labels_beside(clip) if clip else None

    def write(session: Session) -> None:
        _write(session, held["dataset_id"], values)
        if sha256 is not None:
            video = require_video(session, held["video_id"])
            describe(video, file_store().local_path(sha256), sha256)
            video.labels = labels

    return Outcome(write)


def _last_clip(folder: Path) -> Path:
    clips = sorted(path for path in folder.rglob("*") if path.suffix in {".mp4", ".avi", ".mkv"})
    if not clips:
        raise DataError(f"{folder.name}: no clip was drawn; draw kind affwild to get videos")
    return clips[-1]


def _labels_beside(clip: Path) -> str:
    """Hash of the labels that a clip was drawn from, as one csv."""
    part = clip.parent.name
    lines = [
        (clip.parents[2] / "annotations" / part / axis / f"{clip.stem}.txt").read_text().split()
        for axis in ("valence", "arousal")
    ]
    text = "valence,arousal\n" + "".join(f"{v},{a}\n" for v, a in zip(*lines, strict=False))
    return file_store().put(io.BytesIO(text.encode()), "labels.csv").sha256


def _store(prepared: Prepared, reporter: JobReporter) -> dict[str, Any]:
    reporter.stage("store")
    files = file_store().put_folder(prepared.folder)
    local_folder(prepared.fingerprint, files)
    table = prepared.samples[prepared.samples["face"].to_numpy(dtype=bool)]
    counts = table["split"].value_counts()
    subjects = table["subject"][table["subject"] != ""]
    return {
        "files": files,
        "fingerprint": prepared.fingerprint,
        "card": plain(prepared.card),
        "layout": str(prepared.card.get("layout", "")),
        "n_samples": len(table),
        "n_subjects": int(subjects.nunique()),
        **{f"n_{split}": int(counts.get(split, 0)) for split in ("train", "val", "test")},
    }


def _write(session: Session, dataset_id: str, values: dict[str, Any]) -> None:
    dataset = require_dataset(session, dataset_id)
    for name, value in values.items():
        setattr(dataset, name, value)
