"""Examine a data set before it is used: what it is, and what would spoil the result. Torch-free.

Labels are read whole; pictures are sampled (up to :data:`PICTURES`, or :data:`DETECTIONS` where faces must be
found), so that a large set is examined in a minute.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from avce.data import card as cards
from avce.data.checks import label_findings, picture_findings, split_findings
from avce.data.cutting import Cutter, Recipe, Seen, Unit, sorted_for_cutting
from avce.data.decision import Decision, decide
from avce.data.duplicates import exact_findings, near_findings
from avce.data.findings import Finding, by_severity, finding
from avce.data.index import read_index
from avce.data.labels import LabelIndex
from avce.data.layouts import omg
from avce.data.lengths import length_findings
from avce.data.scales import AmbiguousScaleError
from avce.data.sources import Source, open_source
from avce.data.splits import split_by_options
from avce.data.tangle import tangle_findings
from avce.errors import DataError
from avce.faces.detect import default_detector
from avce.options import PrepareOptions
from avce.progress import Reporter

PICTURES = 10_000
DETECTIONS = 3_000


class Report(BaseModel):
    """What was found.

    Attributes:
        layout: Name of the layout; "" when labels could not be read.
        layout_reason: Why that one.
        labels: ``exact``, or ``weak`` (from categories).
        crops: How pictures would become crops, and why.
        n_samples: Labelled pictures and frames.
        n_subjects: Known subjects.
        n_videos: Videos and picture sequences.
        n_examined: Pictures that were looked at.
        zero_rate: Share of labels that are exactly (0, 0).
        counts: Samples and subjects of each split.
        histogram2d: Counts over the plane, ``counts[v][a]``.
        histograms: Counts per axis.
        findings: Errors first.
    """

    layout: str
    layout_reason: str
    labels: str = ""
    crops: str = ""
    n_samples: int = 0
    n_subjects: int = 0
    n_videos: int = 0
    n_examined: int = 0
    zero_rate: float = 0.0
    counts: dict[str, dict[str, int]] = {}
    histogram2d: dict[str, Any] = {}
    histograms: dict[str, dict[str, list[float]]] = {}
    findings: list[Finding] = []

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(item.severity == "error" for item in self.findings)

    def to_json(self) -> str:
        """The report as a JSON document."""
        return self.model_dump_json(indent=1)


def examine(
    path: Path | str, options: PrepareOptions | None = None, reporter: Reporter | None = None
) -> Report:
    """Examine a data set; nothing is written.

    Args:
        path: As for :func:`avce.data.index.open_index`.
        options: How it would be prepared.
        reporter: Gets progress; its ``check`` may stop the work.

    Returns:
        The report. Labels on a scale that is not certain, and pictures that cannot be read, are findings.

    Raises:
        DataError: Nothing there, an unsafe or damaged archive, no known layout, or labels that cannot be read.
    """
    report, looked = _looked_through(path, options or PrepareOptions(), reporter or Reporter())
    # Labels and the list of members are gone by here: comparing pictures takes the most room, and the same for every set.
    _give_back()
    near = near_findings(looked, looked["thumb"].tolist()) if len(looked) else ()
    return report.model_copy(update={"findings": by_severity([*report.findings, *near])})


def _looked_through(
    path: Path | str, options: PrepareOptions, reporter: Reporter
) -> tuple[Report, pd.DataFrame]:
    """The report but for near copies, and what was seen of the pictures that were looked at."""
    reporter.stage("read labels")
    with open_source(path) as source:
        try:
            index = read_index(source, options)
        except AmbiguousScaleError as question:
            return _question(source, question), pd.DataFrame()
        return _Examination(index, options, reporter).report()


def _give_back() -> None:
    """Hand memory that tables took, and no longer take, back to the system."""
    import pyarrow as pa  # noqa: PLC0415 - slow to load

    gc.collect()
    pa.default_memory_pool().release_unused()


def _question(source: Source, question: AmbiguousScaleError) -> Report:
    title = f"which scale are the labels on? {' or '.join(question.candidates) or 'none known fits'}"
    asked = finding("error", title, str(question), [source.title])
    return Report(layout="", layout_reason="labels lie outside [-1, 1]", findings=[asked])


class _Examination:
    def __init__(self, index: LabelIndex, options: PrepareOptions, reporter: Reporter) -> None:
        self.index, self.options, self.reporter = index, options, reporter
        self.table = split_by_options(index.table, options)
        _give_back()
        self.detector = default_detector()
        self.broken: list[str] = []
        self._done = 0

    def report(self) -> tuple[Report, pd.DataFrame]:
        """The report but for near copies, and a row per picture that was looked at."""
        index, table = self.index, self.table
        given = sorted(set(index.table["split"]) - {""})
        findings = [*index.notes, *label_findings(table), *split_findings(table, given)]
        if index.layout != omg.NAME:  # one label for a whole utterance: there is nothing to compare
            findings += length_findings(index, self.broken, self.reporter.check)
        self.reporter.stage("look for copies")
        findings += exact_findings(index.source, table)
        crops, looked = "", pd.DataFrame()
        try:
            decision = decide(index, self.options, self.detector)
        except DataError as error:
            self.broken.append(str(error))
        else:
            crops = decision.text
            _give_back()
            looked = self._look(decision)
            if len(looked):
                findings += self._sampled(len(looked))
                findings += picture_findings(looked, decision)
                findings += tangle_findings(looked)
        if self.broken:
            why = "Preparing stops at them: replace the files, or take the rows out."
            findings.append(
                finding("error", f"{len(self.broken)} pictures or videos cannot be read", why, self.broken)
            )
        return self._filled(crops, len(looked), findings), looked

    def _filled(self, crops: str, n_examined: int, findings: list[Finding]) -> Report:
        index, table = self.index, self.table
        return Report(
            layout=index.layout,
            layout_reason=index.layout_reason,
            labels="weak" if table["weak"].any() else "exact",
            crops=crops,
            n_samples=len(table),
            n_subjects=cards.n_subjects(table),
            n_videos=int(table["video"][table["video"] != ""].nunique()),
            n_examined=n_examined,
            zero_rate=float(((table["valence"] == 0) & (table["arousal"] == 0)).mean()),
            counts=cards.counts(table),
            histogram2d=cards.histogram2d(table),
            histograms={axis: cards.histogram(table, axis) for axis in ("valence", "arousal")},
            findings=by_severity(findings),
        )

    def _sampled(self, n: int) -> Iterator[Finding]:
        if n + len(self.broken) < len(self.table):
            why = (
                "Faces, sizes and near copies were looked for in this even sample, and their counts are of it; equal files,"
                " labels and splits were compared in full. The report after preparing covers every picture."
            )
            yield finding("info", f"{n:,} of {len(self.table):,} pictures were looked at", why)

    def _look(self, decision: Decision) -> pd.DataFrame:
        """Facts on sampled pictures, beside their labels."""
        self.reporter.stage("look at pictures")
        source = self.index.source
        positions = {name: n for n, name in enumerate(source.names())} if source.is_sequential else None
        chosen = sorted_for_cutting(
            sample(self.table, DETECTIONS if decision.finds_faces else PICTURES), positions
        )
        options = self.options
        recipe = Recipe(
            decision.finds_faces, decision.margin, options.size, options.min_score, options.every_nth_frame
        )
        index = LabelIndex(chosen, self.index.layout, self.index.layout_reason, [], source)
        cutter = Cutter(index, recipe, self.detector, self.reporter.check)
        units = cutter.units(64)
        # a table for each unit: so many dictionaries would take ten times the room
        facts: list[pd.DataFrame] = []
        with ThreadPoolExecutor(1 if source.is_sequential else 2) as pool:
            for n, part in enumerate(pool.map(lambda unit: self._look_unit(cutter, unit), units)):
                facts += [pd.DataFrame(part)] if part else []
                self.reporter.progress(units[n].stop, len(chosen), "pictures")
        kept = chosen.drop(columns=[name for name in Seen.__dataclass_fields__ if name in chosen])
        if not facts:
            return pd.DataFrame()
        seen = pd.concat(facts, ignore_index=True)
        return pd.concat([kept.iloc[seen.pop("row")].reset_index(drop=True), seen], axis=1)

    def _look_unit(self, cutter: Cutter, unit: Unit) -> list[dict[str, Any]]:
        """Facts of a unit; what cannot be read is noted and skipped."""
        facts, start = [], unit.start
        while start < unit.stop:
            try:
                for cut in cutter.cut(start, unit.stop):
                    facts.append(cut.facts() | {"row": cut.row})
                    start = cut.row + 1
                break
            except DataError as error:
                self.broken.append(str(error))
                start = cutter.after(start)
        return facts


def sample(table: pd.DataFrame, limit: int) -> pd.DataFrame:
    """At most about ``limit`` rows, spread evenly; of videos whole stretches at one frame in n."""
    step = -(-len(table) // limit)
    if step == 1:
        return table
    in_sequence = table["frame"] >= 0
    keep = np.where(in_sequence, table["frame"] % step == 0, np.arange(len(table)) % step == 0)
    return table[keep]
