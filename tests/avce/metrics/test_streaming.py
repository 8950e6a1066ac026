from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avce.errors import ShapeError
from avce.metrics.protocols import score
from avce.metrics.streaming import Accumulator

RNG = np.random.default_rng(0)
TARGET = np.round(RNG.uniform(-1, 1, (300, 2)), 1)
PRED = TARGET + RNG.normal(0.2, 0.3, TARGET.shape)


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
