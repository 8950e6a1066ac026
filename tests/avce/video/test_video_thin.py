"""Few points that look like many."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from avce.video.thin import extremes

N = 108_000


@pytest.fixture(scope="module")
def curves() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    curves = [np.cumsum(rng.normal(0, 0.01, N)) for _ in range(4)]
    curves[0][50_000:50_400] = np.nan
    curves[1][77_777] = 5.0  # one frame long
    return curves


def test_an_hours_frames_become_few_and_every_stretch_keeps_its_extremes(curves) -> None:
    limit = 6000
    kept = extremes(curves, limit)
    assert len(kept) <= limit + 2
    edges = np.linspace(0, N, limit // 12 + 1).astype(int)
    for curve in curves:
        for start, stop in pairwise(edges):
            if np.isnan(curve[start:stop]).all():
                continue
            inside = curve[kept[(kept >= start) & (kept < stop)]]
            assert np.nanmin(inside) == np.nanmin(curve[start:stop])
            assert np.nanmax(inside) == np.nanmax(curve[start:stop])


def test_a_peak_of_one_frame_and_a_gap_survive(curves) -> None:
    kept = extremes(curves, 3000)
    assert 77_777 in kept
    assert np.isnan(curves[0][kept]).any()
    assert (kept[0], kept[-1]) == (0, N - 1)


def test_few_rows_are_all_kept(curves) -> None:
    assert extremes([curve[:100] for curve in curves], 100).tolist() == list(range(100))
    assert len(extremes([], 10)) == 0


def test_thinning_takes_a_fraction_of_a_second(curves) -> None:
    started = time.perf_counter()
    extremes(curves, 6000)
    assert time.perf_counter() - started < 0.5  # about 10 ms; the slack is for a busy machine
