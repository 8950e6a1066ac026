"""Look at what a data set holds: its faces and labels, and the pictures behind the doctor's findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.options import Split
from workers.client._door import door
from workers.errors import ClientError
from workers.records import PlaceRecord, SampleRecord
from workers.store import datasets
from workers.store.session import reading

if TYPE_CHECKING:
    from avce.data.prepared import Prepared

MAX_POINTS = 20_000
Region = tuple[float, float, float, float]


def _prepared(dataset_id: str) -> Prepared:
    from avce.data.prepared import Prepared  # noqa: PLC0415 (with pyarrow: slow to load)

    with reading() as session:
        folder = datasets.prepared_folder(session, dataset_id)
    return Prepared.load(folder)


@door
def dataset_samples(
    dataset_id: str,
    *,
    split: Split | str | None = None,
    region: Region | None = None,
    limit: int = 24,
    seed: int = 0,
) -> list[SampleRecord]:
    """Random face crops with their labels; the same seed gives the same ones.

    Args:
        dataset_id: The data set.
        split: Only of this split.
        region: Only with labels in this part of the plane: lowest and highest valence, lowest and highest arousal.
        limit: How many at most.
        seed: Of the choice.
    """
    import cv2  # noqa: PLC0415 (only this function draws)

    prepared = _prepared(dataset_id)
    table = prepared.samples
    rows = np.flatnonzero(_wanted(table, split, region) & table["face"].to_numpy(dtype=bool))
    chosen = np.sort(np.random.default_rng(seed).permutation(rows)[:limit])
    records = []
    for row, crop in zip(chosen, prepared.crops_rgb_u8(chosen.tolist()), strict=True):
        sample = table.iloc[int(row)]
        _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
        records.append(
            SampleRecord(
                row=int(row),
                subject=str(sample["subject"]),
                valence=float(sample["valence"]),
                arousal=float(sample["arousal"]),
                split=str(sample["split"]),
                jpeg=jpeg.tobytes(),
            )
        )
    return records


def _wanted(table: pd.DataFrame, split: Split | str | None, region: Region | None) -> NDArray[np.bool_]:
    wanted = np.ones(len(table), dtype=bool)
    if split is not None:
        wanted &= np.asarray(table["split"] == str(split), dtype=bool)
    if region is not None:
        for axis, (low, high) in (("valence", region[:2]), ("arousal", region[2:])):
            wanted &= table[axis].between(low, high).to_numpy(dtype=bool)
    return wanted


@door
def dataset_points(dataset_id: str) -> pd.DataFrame:
    """Labels for charts: ``valence, arousal, split, subject``, thinned evenly to 20 000 rows."""
    with reading() as session:
        folder = datasets.prepared_folder(session, dataset_id)
    table = pd.read_parquet(folder / "samples.parquet", columns=["valence", "arousal", "split", "subject"])
    step = -(-len(table) // MAX_POINTS)
    return table.iloc[:: max(step, 1)].reset_index(drop=True)


@door
def finding_pictures(dataset_id: str, number: int, *, limit: int = 12) -> list[PlaceRecord]:
    """Pictures of the places that a finding names, in their order.

    Args:
        dataset_id: The data set.
        number: Position of the finding in the card's ``findings``.
        limit: How many at most.

    Returns:
        The whole picture where one is kept (no face, or several), else the crop, else a record without picture.
        Places that mean no row of the data set have none.
    """
    places = _places(dataset_id, number)
    prepared = _prepared(dataset_id)
    found: list[PlaceRecord] = []
    for place, row in _shown_rows(prepared, places):
        found.append(_place(prepared, place, row))
        if len(found) == limit:
            break
    return found


def _places(dataset_id: str, number: int) -> list[str]:
    with reading() as session:
        findings = datasets.dataset_record(session, dataset_id).card.get("findings", [])
    if not 0 <= number < len(findings):
        raise ClientError(f"finding {number}: the data set has {len(findings)}, counted from 0")
    return [str(place) for place in findings[number].get("where", [])]


def _shown_rows(prepared: Prepared, places: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Rows of each place that have something to show, no row twice."""
    from avce.data.places import rows_of_place  # noqa: PLC0415 (with pyarrow: slow to load)

    has_crop = prepared.samples["face"].to_numpy(dtype=bool)
    has_whole = np.zeros(len(has_crop), dtype=bool)
    has_whole[list(prepared.evidence)] = True
    told: set[int] = set()
    for place in places:
        for row in rows_of_place(prepared.samples, place, prefer=(has_whole, has_crop)):
            if row not in told:
                told.add(row)
                yield place, row


def _place(prepared: Prepared, place: str, row: int) -> PlaceRecord:
    sample: Any = prepared.samples.iloc[row]
    whole = prepared.evidence.get(row, b"")
    frame = f"{sample['video']} frame {sample['frame']}"
    return PlaceRecord(
        place=place,
        row=row,
        jpeg=whole or (prepared.jpeg(row) if sample["face"] else b""),
        is_whole=bool(whole),
        name=str(sample["image"] or frame),
        subject=str(sample["subject"]),
        valence=float(sample["valence"]),
        arousal=float(sample["arousal"]),
        split=str(sample["split"]),
    )


@door
def finding_names(dataset_id: str, number: int) -> list[str]:
    """Values for ``PrepareOptions.exclude`` that take out what a finding names; of copies the first stays."""
    from avce.data.places import names_to_leave_out  # noqa: PLC0415 (with pyarrow: slow to load)

    samples = _prepared(dataset_id).samples
    names = (name for place in _places(dataset_id, number) for name in names_to_leave_out(samples, place))
    return list(dict.fromkeys(names))
