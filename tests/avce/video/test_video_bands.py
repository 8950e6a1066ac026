"""How sure a trajectory is: a band around one model's values, and the disagreement of several."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from avce.errors import OptionError, ShapeError
from avce.metrics.conformal import BAND_COLUMNS, Band
from avce.video.bands import ENSEMBLE_COLUMNS, banded, ensemble


def table(valence, arousal=None):
    arousal = valence if arousal is None else arousal
    frames = range(len(valence))
    return pd.DataFrame({"frame": frames, "track": 1, "valence": valence, "arousal": arousal})


def test_a_band_follows_the_values_and_leaves_gaps_open():
    band = Band(0.1, 0.4, 0.9, 50, 50, "group")
    columns = banded(table([0.0, np.nan, 0.95]), band)
    assert tuple(columns) == BAND_COLUMNS
    assert columns.loc[0].tolist() == pytest.approx([-0.1, 0.1, -0.4, 0.4])
    assert columns.loc[1].isna().all()
    assert columns.loc[2].tolist() == pytest.approx([0.85, 1.0, 0.55, 1.0])
    assert banded(table([0.0]), None).isna().all(axis=None)


def test_models_that_disagree_are_told_by_mean_spread_and_extremes():
    both = ensemble([table([0.2, np.nan]), table([0.6, 0.1]), table([0.1, 0.2])])
    assert set(ENSEMBLE_COLUMNS) <= set(both)
    first = both.loc[0]
    assert first["valence"] == pytest.approx(0.3)
    assert first["valence_sd"] == pytest.approx(np.std([0.2, 0.6, 0.1], ddof=1))
    assert (first["valence_low"], first["valence_high"]) == (0.1, 0.6)
    assert both.loc[1, list(ENSEMBLE_COLUMNS)].isna().all(), "where one has no value nobody is averaged"


def test_tables_of_other_rows_and_single_ones_are_refused():
    with pytest.raises(OptionError, match="at least 2 models, got 1"):
        ensemble([table([0.1])])
    with pytest.raises(ShapeError, match="same rows"):
        ensemble([table([0.1]), table([0.1, 0.2])])
