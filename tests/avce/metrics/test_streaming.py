from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avce.errors import OptionError, ShapeError
from avce.metrics.protocols import score
from avce.metrics.streaming import Accumulator

RNG = np.random.default_rng(0)
TARGET = np.round(RNG.uniform(-1, 1, (300, 2)), 1)
PRED = TARGET + RNG.normal(0.2, 0.3, TARGET.shape)
RNG_VIDEOS = RNG.integers(0, 9, 300)


@given(cuts=st.lists(st.integers(1, 299), unique=True, max_size=12), split=st.integers(0, 12))
def test_any_cut_and_any_merge_gives_the_figures_of_the_whole(cuts, split):
    edges = [0, *sorted(cuts), 300]
    parts = [(PRED[a:b], TARGET[a:b]) for a, b in pairwise(edges)]
    left, right = Accumulator(), Accumulator()
    for i, part in enumerate(parts):
        (left if i < split else right).update(*part)
    whole = left.merge(right)
    assert whole.n == 300
    expected = score(PRED, TARGET)
    for axis, figures in whole.compute().items():
        assert figures == pytest.approx(expected[axis], abs=1e-12)


@given(cuts=st.lists(st.integers(1, 299), unique=True, max_size=12), split=st.integers(0, 12))
def test_videos_may_lie_in_any_batch_and_any_part(cuts, split):
    videos = np.array([f"v{number}" for number in RNG_VIDEOS])
    edges = [0, *sorted(cuts), 300]
    left, right = Accumulator(protocol="per_video"), Accumulator(protocol="per_video")
    for i, (a, b) in enumerate(pairwise(edges)):
        (left if i < split else right).update(PRED[a:b], TARGET[a:b], videos[a:b])
    expected = score(PRED, TARGET, protocol="per_video", videos=videos)
    whole = left.merge(right)
    assert whole.n == 300
    for axis, figures in whole.compute().items():
        assert figures == pytest.approx(expected[axis], abs=1e-12)


@pytest.mark.parametrize("step", [1, 100, 256, 300, 1000])
def test_the_authors_batches_begin_where_they_would_in_the_whole(step):
    pred, target = np.tile(PRED, (3, 1)) + np.linspace(-1, 1, 900)[:, None], np.tile(TARGET, (3, 1))
    stream = Accumulator(protocol="authors")
    for at in range(0, 900, step):
        stream.update(pred[at : at + step], target[at : at + step])
    expected = score(pred, target, protocol="authors")
    for axis, figures in stream.compute().items():
        assert figures == pytest.approx(expected[axis], abs=1e-12)


def test_parts_under_the_authors_protocol_must_be_whole_batches():
    first, rest = (slice(0, 256), slice(256, 300))
    merged = Accumulator(protocol="authors").update(PRED[first], TARGET[first])
    merged.merge(Accumulator(protocol="authors").update(PRED[rest], TARGET[rest]))
    expected = score(PRED, TARGET, protocol="authors")["valence"]
    assert merged.compute()["valence"] == pytest.approx(expected, abs=1e-12)
    assert merged.merge(Accumulator(protocol="authors")).compute()["valence"] == pytest.approx(expected)
    with pytest.raises(OptionError, match="multiple of 256 frames before merging, got 300"):
        merged.merge(Accumulator(protocol="authors").update(PRED[rest], TARGET[rest]))


def test_protocols_do_not_mix():
    with pytest.raises(OptionError, match="expected authors on both sides, got concatenated"):
        Accumulator(protocol="authors").merge(Accumulator())
    with pytest.raises(OptionError, match="concatenated, per_video, authors, got 'best'"):
        Accumulator(protocol="best")
    with pytest.raises(ShapeError, match="per_video needs"):
        Accumulator(protocol="per_video").update(PRED, TARGET)


def test_a_large_offset_does_not_cancel_the_digits_away():
    far = (
        Accumulator()
        .update(PRED[:100] + 1e6, TARGET[:100] + 1e6)
        .update(PRED[100:] + 1e6, TARGET[100:] + 1e6)
    )
    assert far.compute()["valence"]["ccc"] == pytest.approx(score(PRED, TARGET)["valence"]["ccc"], abs=1e-8)


def test_nothing_added_has_no_figures():
    with pytest.raises(ShapeError, match="update"):
        Accumulator().merge(Accumulator()).compute()
