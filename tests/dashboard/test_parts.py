"""Plain functions behind the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from avce.options import AvceOptions, EvaluateOptions, MapOptions, PrepareOptions, TrainOptions, train_options
from avce.progress import span
from avce.video.one_face import one_face
from dashboard.comparing import differences, groups
from dashboard.components.explain import circumplex_svg
from dashboard.components.figures import best_of, undefined_lines
from dashboard.components.forms import help_of, label_of
from dashboard.components.frames import nearest
from dashboard.components.tables import Cell, Row, table_html
from dashboard.cost import estimate
from dashboard.serve import server_settings
from dashboard.theme import DARK, LIGHT, contrast
from dashboard.words import number
from workers.records import EvaluationRecord, JobRecord
from workers.states import JobKind, JobState

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_words_can_be_read_on_every_ground(palette) -> None:
    for ground in (palette.ground, palette.raised, palette.sidebar):
        for colour in (palette.ink, palette.muted, palette.accent):
            assert contrast(colour, ground) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_words_on_the_accent_can_be_read(palette) -> None:
    assert contrast(palette.on_accent, palette.accent) >= 4.5


def test_contrast_of_black_and_white_is_the_largest() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_the_server_neither_reports_nor_asks_nor_opens_a_browser() -> None:
    settings = server_settings("127.0.0.1", 8501)
    assert settings["browser.gatherUsageStats"] is False
    assert settings["server.showEmailPrompt"] is False
    assert settings["server.headless"] is True


def test_tables_escape_what_they_are_given() -> None:
    html = table_html([("<b>", "")], [Row([Cell("<script>alert(1)</script>", hover='"><i>')])])
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert '"><i>' not in html


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.2, "0 s"), (59.4, "59 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_lengths_of_time_read_well(seconds, text: str) -> None:
    assert span(seconds) == text


def test_undefined_figures_are_a_dash() -> None:
    assert (number(None), number(float("nan")), number(-0.5)) == ("–", "–", "−0.500")


def test_undefined_figures_of_a_model_come_with_their_reason() -> None:
    figures = {
        "valence": {"ccc": 0.1, "undefined": {}},
        "arousal": {"pcc": None, "undefined": {"pcc": "the labels do not vary"}},
    }
    assert undefined_lines(figures) == ["PCC of arousal is undefined: the labels do not vary."]
    assert undefined_lines({"valence": {"ccc": 0.1}, "arousal": {"ccc": 0.2}}) == []
    assert number(-0.0001) == "0.000"


@pytest.mark.parametrize("model", [TrainOptions, AvceOptions, EvaluateOptions, PrepareOptions, MapOptions])
def test_every_option_has_a_label_and_a_help(model) -> None:
    for name, field in model.model_fields.items():
        assert label_of(name)[0].isupper()
        assert len(help_of(field)) >= 8, name


def test_a_help_names_the_source_of_the_default() -> None:
    assert "authors' code" in help_of(AvceOptions.model_fields["alpha"])


def evaluation(number_: int, **given) -> EvaluationRecord:
    values = {
        "id": str(number_), "run_id": f"r{number_}", "run_name": f"run {number_}", "checkpoint_id": None, "dataset_id": "d", "dataset_name": "d",
        "split": "test", "protocol": "concatenated", "n": 10, "job_id": "j", "state": JobState.SUCCEEDED, "created_at": NOW,
        "metrics": {"data": "f", "zero_labels": "excluded"},
    }  # fmt: skip
    return EvaluationRecord(**{**values, **given})


@pytest.mark.parametrize(
    "other", [{"split": "val"}, {"protocol": "authors"}, {"n": 11}, {"metrics": {"data": "g"}}]
)
def test_rows_of_another_protocol_or_other_data_never_share_a_table(other) -> None:
    assert len(groups([evaluation(1), evaluation(2, **other)])) == 2
    assert len(groups([evaluation(1), evaluation(2)])) == 1


def test_the_same_data_under_two_names_may_be_compared() -> None:
    assert len(groups([evaluation(1), evaluation(2, dataset_id="e", dataset_name="copy")])) == 1


def test_the_best_error_is_the_smallest_and_the_best_ccc_the_largest() -> None:
    rows = [{"valence": {"rmse": 0.2, "ccc": 0.4}}, {"valence": {"rmse": 0.3, "ccc": 0.5}}]
    assert best_of(rows) == {("rmse", "valence"): 0.2, ("ccc", "valence"): 0.5}


def test_a_single_row_is_not_called_best() -> None:
    assert best_of([{"valence": {"ccc": 0.5}}]) == {}


def test_only_options_that_differ_are_listed() -> None:
    configs = {
        "a": {"seed": 1, "avce": {"alpha": 0.5, "beta": 0.1}},
        "b": {"seed": 1, "avce": {"alpha": 0.7, "beta": 0.1}},
    }
    assert differences(configs) == {"avce.alpha": {"a": 0.5, "b": 0.7}}


def training_job(seconds: float, options: TrainOptions) -> JobRecord:
    return JobRecord(
        id="j", kind=JobKind.TRAIN, state=JobState.SUCCEEDED, queue="training", title="", created_at=NOW, started_at=NOW,
        finished_at=NOW + timedelta(seconds=seconds), options=options.model_dump(mode="json"),
    )  # fmt: skip


def test_a_cost_comes_from_like_runs_and_grows_with_the_work() -> None:
    options = train_options(preset="smoke")
    cost = estimate(
        options.model_copy(update={"epochs": 4}), 200, [(training_job(10, options), {"n_train": 100})]
    )
    assert cost.is_measured
    assert cost.seconds == pytest.approx(10 * (4 / options.epochs) * 2)


def test_without_history_the_cost_is_rough_and_a_slower_solver_costs_more() -> None:
    exact = estimate(train_options(preset="smoke"), 1000)
    cvxpy = estimate(train_options(preset="smoke", avce={"solver": "cvxpy"}), 1000)
    assert not exact.is_measured
    assert cvxpy.seconds > exact.seconds


def trajectory() -> pd.DataFrame:
    rows = []
    for frame in range(10):
        for track, wide in ((1, 50), (2, 80)):
            if track == 1 or 3 <= frame < 6:
                value = np.nan if frame == 4 and track == 2 else 0.1 * frame * (1 if track == 1 else -1)
                rows.append(
                    (frame, frame * 40.0, track, "detected", value, value, 0.9, 0.0, 0.0, float(wide), 50.0)
                )
    columns = [
        "frame",
        "pts_ms",
        "track",
        "state",
        "valence",
        "arousal",
        "confidence",
        "x0",
        "y0",
        "x1",
        "y1",
    ]
    return pd.DataFrame(rows, columns=columns)


def test_following_one_face_keeps_every_frame_and_says_where_it_is_out_of_sight() -> None:
    table = one_face(trajectory(), 2)
    assert list(table["frame"]) == list(range(10))
    assert list(table.loc[table["state"] == "lost", "frame"]) == [0, 1, 2, 6, 7, 8, 9]
    assert table.loc[table["state"] == "lost", "valence"].isna().all()


def test_the_largest_face_with_a_value_stands_for_its_frame() -> None:
    table = one_face(trajectory(), None)
    assert list(table["frame"]) == list(range(10))
    assert list(table["track"]) == [1, 1, 1, 2, 1, 2, 1, 1, 1, 1]


def test_the_nearest_listed_frame_is_found_in_a_thinned_trajectory() -> None:
    assert nearest([0, 10, 20], 14) == 10


def test_the_drawn_plane_takes_its_colours_from_the_mode() -> None:
    assert LIGHT.ink in circumplex_svg(LIGHT)
    assert DARK.ink in circumplex_svg(DARK)
    assert circumplex_svg(LIGHT).count('class="head"') == 9
