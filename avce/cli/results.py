"""Files that ``avce analyze`` makes from the trajectories it has written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from avce.metrics.conformal import Band
from avce.options import AnalyzeOptions
from avce.video.bands import ENSEMBLE_COLUMNS, banded, ensemble
from avce.video.event_table import write_events
from avce.video.smooth import write_smoothed
from avce.video.trajectory import read_trajectory, write_beside, write_tables

SMOOTHED_FILE = "smoothed.csv"
BAND_FILE = "band.csv"
ENSEMBLE_FILE = "ensemble.csv"
EVENTS_FILE = "events.csv"


def write_results(
    trajectories: Sequence[Path],
    known: Mapping[str, Any] | None,
    options: AnalyzeOptions,
    formats: Sequence[str],
) -> dict[str, Path]:
    """Write what the options ask for and the checkpoints allow, beside the trajectories.

    Args:
        trajectories: One csv file per checkpoint, of one pass.
        known: Band of the first checkpoint, as its card says it.
        options: Of the analysis.
        formats: Further formats of the first trajectory: parquet, json; json also of its events.

    Returns:
        The files by name.
    """
    first = trajectories[0]
    band = Band.from_dict(known)
    files: dict[str, Path] = {"events": first.with_name(EVENTS_FILE)}
    write_events(first, files["events"])
    if options.smooth_s:
        files["smoothed"] = first.with_name(SMOOTHED_FILE)
        write_smoothed(first, files["smoothed"], options.smooth_s)
    if band is not None:
        files["band"] = first.with_name(BAND_FILE)
        write_beside(first, files["band"], lambda table: banded(table, band))
    if len(trajectories) > 1:
        files["ensemble"] = first.with_name(ENSEMBLE_FILE)
        both = ensemble([read_trajectory(path) for path in trajectories])
        write_beside(first, files["ensemble"], lambda _: both[list(ENSEMBLE_COLUMNS)])
    for kind in dict.fromkeys(formats):
        table = read_trajectory(first)
        table = pd.concat([table, banded(table, band)], axis=1) if band else table
        files[kind] = first.with_suffix(f".{kind}")
        with files[kind].open("wb") as file:
            write_tables([table], file, "parquet" if kind == "parquet" else "json")
    if "json" in formats:
        files["events_json"] = files["events"].with_suffix(".json")
        write_events(first, files["events_json"], "json")
    return files
