from __future__ import annotations

import subprocess
import sys

from avce.published import PUBLISHED, Evidence, published


def test_the_posters_table_is_there_to_the_digit():
    rows = {row.method: row for row in PUBLISHED if row.evidence is Evidence.POSTER}
    assert rows["AVCE (AlexNet)"].valence == {"rmse": 0.154, "sagr": 0.849, "ccc": 0.682}
    assert rows["AVCE (AlexNet)"].arousal == {"rmse": 0.154, "sagr": 0.795, "ccc": 0.594}
    assert rows["CAF (AlexNet)"].arousal["sagr"] == 0.78
    assert rows["Hasani et al."].arousal["ccc"] == 0.19
    assert len(rows) == 3


def test_hasani_has_two_rows_because_two_sources_disagree():
    rows = [row for row in PUBLISHED if row.system == "hasani"]
    assert len(rows) == 2
    assert len({row.source for row in rows}) == len({row.dataset for row in rows}) == 2


def test_every_row_names_source_protocol_and_a_unique_key():
    assert all(row.source and row.protocol and row.dataset for row in PUBLISHED)
    assert len({row.key for row in PUBLISHED}) == len(PUBLISHED)


def test_a_figure_that_was_not_printed_is_absent_and_not_zero():
    row = next(row for row in PUBLISHED if row.method == "always positive arousal")
    assert row.valence == {}
    assert row.arousal == {"sagr": 0.773}


def test_rows_can_be_asked_for_by_data_set():
    assert {row.dataset for row in published(dataset="affectnet")} == {"AffectNet validation (3,999 images)"}
    assert published() == PUBLISHED


def test_it_loads_without_torch():
    code = "import sys, avce.published; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
