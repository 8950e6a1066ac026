"""Duels, seed groups and tables to take away, as plain functions."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from avce.errors import DataError
from avce.metrics.bootstrap import Difference, holm
from avce.metrics.protocols import score
from avce.options import train_options
from avce.published import PUBLISHED
from dashboard import charts
from dashboard.comparing import groups, seed_groups
from dashboard.duel import by_quadrant, by_subject, duel_csv, fight, gain_points, paired, verdict, wins
from dashboard.exporting import as_latex, escaped
from workers.records import EvaluationRecord, RunRecord
from workers.states import JobState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("mine", "theirs")
COLOURS = ("#2B6CB0", "#B4622D")


def predictions(noise: float, seed: int, *, n: int = 400, subjects: int = 20) -> pd.DataFrame:
    labels = np.random.default_rng(0).uniform(-0.9, 0.9, (n, 2))
    guess = labels + np.random.default_rng(seed).normal(0, noise, (n, 2))
    return pd.DataFrame(
        {
            "row": np.arange(n), "image": "", "video": "", "frame": -1, "subject": [f"S{i % subjects}" for i in range(n)],
            "valence": labels[:, 0], "arousal": labels[:, 1], "pred_valence": guess[:, 0], "pred_arousal": guess[:, 1],
        }
    )  # fmt: skip


def evaluation(name: str, *, run_id: str = "r", ccc: float = 0.5, dataset: str = "d") -> EvaluationRecord:
    figures = {"rmse": 0.3, "sagr": 0.7, "pcc": None, "ccc": ccc, "icc": 0.5}
    metrics = {
        "valence": figures,
        "arousal": figures,
        "data": dataset,
        "zero_labels": "excluded",
        "confidence": 0.9,
    }
    return EvaluationRecord(
        id=f"e-{name}", run_id=run_id, run_name=name, checkpoint_id=None, dataset_id=dataset, dataset_name="Faces & co",
        split="test", protocol="concatenated", n=400, job_id="j", state=JobState.SUCCEEDED, created_at=NOW, metrics=metrics,
    )  # fmt: skip


def run(run_id: str, **options: object) -> RunRecord:
    chosen = train_options(preset="smoke", **options).model_dump(mode="json")
    return RunRecord(
        id=run_id, name=run_id, created_at=NOW, job_id="j", dataset_id="d", dataset_name="Faces", method="avce",
        backbone="tiny", options=chosen, state=JobState.SUCCEEDED,
    )  # fmt: skip


@pytest.fixture(scope="module")
def duel():
    return fight(evaluation("mine"), predictions(0.1, 1), predictions(0.4, 2), resamples=500)


def test_the_nearer_model_wins_every_figure_beyond_chance(duel) -> None:
    assert {verdict(d, figure, NAMES) for (figure, _), d in duel.differences.items()} == {"mine"}
    assert duel.differences["ccc", "valence"].low > 0
    assert duel.differences["rmse", "arousal"].high < 0
    assert (duel.grouped_by, duel.n_groups, len(duel.pairs)) == ("subject", 20, 400)


def test_under_per_video_the_mean_is_over_videos_while_subjects_are_drawn() -> None:
    first = evaluation("mine").model_copy(update={"protocol": "per_video"})
    a, b = (
        predictions(noise, seed).assign(video=[f"v{i % 40}" for i in range(400)])
        for noise, seed in ((0.1, 1), (0.4, 2))
    )
    duel = fight(first, a, b, resamples=200)
    labels, names = ["valence", "arousal"], ["pred_valence", "pred_arousal"]
    one, two = (
        score(table[names], table[labels], protocol="per_video", videos=table["video"])["valence"]["ccc"]
        for table in (a, b)
    )
    assert duel.differences["ccc", "valence"].difference == pytest.approx(one - two, abs=1e-12)
    assert (duel.grouped_by, duel.n_groups) == ("subject", 20)


def test_swapped_models_turn_every_difference_round(duel) -> None:
    other = fight(evaluation("theirs"), predictions(0.4, 2), predictions(0.1, 1), resamples=500)
    for key, difference in duel.differences.items():
        assert other.differences[key].difference == pytest.approx(-difference.difference)
        assert other.differences[key].low == pytest.approx(-difference.high)


def test_a_model_never_beats_itself() -> None:
    same = fight(evaluation("mine"), predictions(0.2, 1), predictions(0.2, 1), resamples=100)
    assert {verdict(d, figure, NAMES) for (figure, _), d in same.differences.items()} == {"not clear"}
    assert wins(by_subject(same.pairs), "valence") == (0, 0, 20)


def test_p_values_are_corrected_over_all_four_comparisons(duel) -> None:
    found = list(duel.differences.values())
    assert [d.p_holm for d in found] == pytest.approx(list(holm([d.p_value for d in found])))


def test_a_clear_interval_does_not_win_once_the_corrected_p_is_above_five_percent() -> None:
    assert verdict(Difference(0.1, 0.01, 0.2, 0.02, 0.08), "ccc", NAMES) == "not clear"
    assert verdict(Difference(0.1, 0.01, 0.2, 0.01, 0.04), "ccc", NAMES) == "mine"
    assert verdict(Difference(0.1, 0.01, 0.2, 0.01, 0.04), "rmse", NAMES) == "theirs"
    assert verdict(Difference(0.1, np.nan, np.nan, np.nan, np.nan), "ccc", NAMES) == "not clear"


def test_predictions_are_paired_by_row_whatever_their_order() -> None:
    both = paired(predictions(0.1, 1).sample(frac=1, random_state=0), predictions(0.4, 2).iloc[:300])
    assert len(both) == 300
    expected = predictions(0.1, 1).set_index("row").loc[both["row"], "pred_valence"]
    assert both["a_valence"].to_numpy() == pytest.approx(expected.to_numpy())


def test_evaluations_that_share_no_face_or_disagree_on_labels_are_refused() -> None:
    first = predictions(0.1, 1)
    with pytest.raises(DataError, match="share none"):
        paired(first, first.assign(row=first["row"] + 1000))
    with pytest.raises(DataError, match="labels of valence"):
        paired(first, first.assign(valence=0.0))


def test_wins_are_counted_on_the_rmse_of_each_person(duel) -> None:
    table = by_subject(duel.pairs)
    one = duel.pairs[duel.pairs["group"] == "S3"]
    row = table.query("group == 'S3' and axis == 'arousal'").iloc[0]
    assert row["a"] == pytest.approx(np.sqrt(((one["a_arousal"] - one["arousal"]) ** 2).mean()))
    a, b, ties = wins(table, "arousal")
    assert (a + b + ties, ties) == (20, 0)
    assert a > 15


def test_the_plane_shows_gain_where_there_are_faces_enough(duel) -> None:
    figure = charts.better_where(gain_points(duel.pairs), NAMES, COLOURS, bins=4)
    (heat,) = figure.data
    assert heat.customdata.sum() == 400
    assert np.nanmin(heat.z) > 0
    assert heat.colorscale[-1][1] == COLOURS[0]
    assert heat.zmax == -heat.zmin
    few = charts.better_where(gain_points(duel.pairs.iloc[:2]), NAMES, COLOURS)
    assert any("no cell" in note.text for note in few.layout.annotations)


def test_gains_per_person_are_sorted_and_coloured_by_winner(duel) -> None:
    figure = charts.subject_gains(by_subject(duel.pairs), "valence", NAMES, COLOURS)
    assert [trace.marker.color for trace in figure.data] == list(COLOURS)
    assert list(figure.data[0].y) == sorted(figure.data[0].y, reverse=True)
    assert sum(len(trace.x) for trace in figure.data) == 20


def test_a_duel_can_be_taken_away_as_csv(duel) -> None:
    rows = list(csv.DictReader(io.StringIO(duel_csv(duel, NAMES))))
    assert [(row["figure"], row["axis"]) for row in rows] == [*duel.differences]
    assert float(rows[0]["a_minus_b"]) == pytest.approx(duel.differences["ccc", "valence"].difference)


# seeds


def test_only_runs_that_differ_by_nothing_but_their_seed_are_put_together() -> None:
    runs = {r.id: r for r in (run("a", seed=2), run("b", seed=1), run("c", seed=3, epochs=9))}
    items = [evaluation(f"AVCE, seed {r}", run_id=r, ccc=c) for r, c in (("a", 0.5), ("b", 0.7), ("c", 0.1))]
    (group,) = seed_groups(items, runs, ["ccc", "pcc"])
    assert (group.n, group.seeds, group.name) == (2, [1, 2], "AVCE")
    assert group.figures["valence"]["ccc"] == pytest.approx((0.6, 0.1 * 2**0.5))
    assert "pcc" not in group.figures["valence"]


def test_a_run_measured_twice_counts_once() -> None:
    twice = [evaluation("x", run_id="a"), evaluation("y", run_id="a")]
    assert seed_groups(twice, {"a": run("a")}, ["ccc"]) == []


# LaTeX


def test_the_latex_table_holds_ours_seed_groups_and_the_printed_rows_apart() -> None:
    runs = {r.id: r for r in (run("a", seed=2), run("b", seed=1))}
    items = [evaluation("AVCE seed 2", run_id="a"), evaluation("AVCE seed 1", run_id="b", ccc=0.7), evaluation("CAF_1", run_id="c")]  # fmt: skip
    found = groups(items)
    text = as_latex(found, {0: seed_groups(items, runs, ["ccc", "rmse"])}, PUBLISHED[:1])
    assert r"AVCE (2 seeds) & $0.300 \pm 0.000$" in text
    assert r"CAF\_1 & $0.300$" in text
    assert r"Faces \& co" in text
    assert "AVCE seed 2" not in text
    printed = text[text.index("Printed elsewhere") :]
    assert r"Hasani et al., Aff-Wild & $0.27$ & $0.36$" in printed
    assert text.count(r"\\") == 1 + 1 + 2 + 1 + 1
    assert {
        line.count("&") for line in text.splitlines() if line.endswith(r"\\") and "multicolumn" not in line
    } == {8}


def test_special_letters_are_written_out_for_latex() -> None:
    assert escaped("50 % of a_b & c#") == r"50 \% of a\_b \& c\#"


def test_quadrants_hold_every_face_and_the_mean_gain() -> None:
    points = pd.DataFrame(
        {"valence": [0.5, 0.0, -0.5, -0.1], "arousal": [0.5, 0.2, 0.5, -0.1], "gain": [0.1, 0.3, -0.2, 0.4]}
    )
    table = {name: (n, gain) for name, n, gain in by_quadrant(points)}
    assert {name: n for name, (n, _) in table.items()} == {"happy": 2, "fear": 1, "sad": 1, "pleasant": 0}
    assert table["happy"][1] == pytest.approx(0.2)


@pytest.mark.parametrize(("n", "cells"), [(10, 4), (400, 8), (50_000, 20)])
def test_the_plane_has_fewer_cells_for_fewer_faces(n: int, cells: int) -> None:
    rng = np.random.default_rng(0)
    points = pd.DataFrame(rng.uniform(-1, 1, (n, 3)), columns=["valence", "arousal", "gain"])
    assert len(charts.better_where(points, NAMES, COLOURS).data[0].x) == cells
