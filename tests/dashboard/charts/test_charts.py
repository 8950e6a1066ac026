from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from avce.published import PUBLISHED
from dashboard import charts
from dashboard.charts.ribbon import MAX_PIECES
from dashboard.charts.theme import (
    _OTHERS_DARK,
    AROUSAL,
    MAX_POINTS,
    OTHERS,
    PLAYHEAD,
    SPLIT_COLOURS,
    STATE_COLOURS,
    VALENCE,
)
from dashboard.charts.thin import is_alone, segments, thinned
from dashboard.charts.trajectory import PLAYHEAD_NAME
from dashboard.theme import DARK, LIGHT, contrast

SERIES = {"a": charts.Series("mine", "avce"), "b": charts.Series("theirs", "caf")}


def trajectory(n=200, **columns):
    frame = np.arange(n)
    table = pd.DataFrame(
        {
            "frame": frame, "pts_ms": frame * 40.0, "track": 1, "state": "tracked",
            "valence": np.sin(frame / 20), "arousal": np.cos(frame / 20) / 2,
        }
    )  # fmt: skip
    return table.assign(**columns)


def without_face(table, first, last):
    table = table.astype({"track": "float"})
    table.loc[first:last, ["valence", "arousal", "track"]] = np.nan
    table.loc[first:last, "state"] = "no_face"
    return table


def labels(n=500, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "valence": rng.uniform(-1, 1, n), "arousal": rng.normal(0, 0.3, n).clip(-1, 1),
            "split": rng.choice(["train", "val", "test"], n), "subject": "s",
        }
    )  # fmt: skip


def metric_points():
    epoch = np.arange(1, 11)
    names = ("train/loss", "train/mse", "val/ccc_valence", "val/ccc_arousal", "val/mean_ccc")
    return pd.concat(
        [pd.DataFrame({"name": n, "step": epoch * 7, "epoch": epoch, "value": 1 / epoch}) for n in names]
    )


def every_chart(points, table, metrics):
    predictions = points.assign(pred_valence=points["valence"], pred_arousal=points["arousal"])
    return {
        "density": charts.label_density(points),
        "scatter": charts.label_scatter(points),
        "path": charts.circumplex_path(table, playhead_ms=40.0),
        "curves": charts.trajectory_curves(table, playhead_ms=40.0),
        "ribbon": charts.state_ribbon(table, playhead_ms=40.0),
        "loss": charts.loss_curves(metrics),
        "ccc": charts.ccc_curves(metrics, best_epoch=3),
        "bars": charts.metric_bars(charts.bar_rows([], PUBLISHED if len(table) else [])),
        "histograms": charts.split_histograms(points),
        "prediction": charts.label_against_prediction(predictions, "arousal"),
    }


def test_every_chart_is_transparent_and_titles_its_axes():
    for name, figure in every_chart(labels(), trajectory(), metric_points()).items():
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)", name
        titles = [axis.title.text for axis in itertools.chain(figure.select_xaxes(), figure.select_yaxes())]
        assert any(titles), name


def test_every_chart_says_why_it_is_empty():
    for name, figure in every_chart(labels(0), trajectory(0), metric_points().iloc[:0]).items():
        words = [a.text for a in figure.layout.annotations]
        assert any(word.startswith(("no ", "nothing")) for word in words), name


def test_no_trace_is_longer_than_the_browser_can_bear():
    table = without_face(trajectory(200_000), 5000, 5100)
    for name, figure in every_chart(labels(50_000), table, metric_points()).items():
        for trace in figure.data:
            points = trace.x if trace.type != "heatmap" else ()
            assert len(points) <= MAX_POINTS, name


def test_a_gap_stays_a_gap_in_curves_and_path():
    table = without_face(trajectory(), 50, 60)
    curve = charts.trajectory_curves(table).data[0]
    hidden = (np.asarray(curve.x) >= 2.0) & (np.asarray(curve.x) <= 2.4)
    assert np.isnan(np.asarray(curve.y)[hidden]).all()
    assert hidden.any()
    assert np.isnan(np.asarray(charts.circumplex_path(table).data[0].x, float)).any()


def test_a_jump_in_frame_numbers_is_a_gap_too():
    table = trajectory().drop(index=range(80, 90))
    assert segments(table)["valence"].isna().sum() == 1


def test_frames_that_were_skipped_on_purpose_are_no_gap():
    table = trajectory()
    table.loc[1::2, ["valence", "arousal"]] = np.nan
    assert segments(table)["valence"].notna().all()


def test_thinning_keeps_extremes_and_gaps():
    table = trajectory(50_000)
    table.loc[777, "valence"] = 5.0
    table.loc[30_000:30_200, "valence"] = np.nan
    shown = thinned(table, "valence", 900)
    assert len(shown) <= 900
    assert shown["valence"].max() == 5.0
    assert shown["valence"].min() == table["valence"].min()
    assert shown["valence"].isna().any()
    assert shown["pts_ms"].is_monotonic_increasing


def test_a_lonely_frame_between_gaps_is_still_seen():
    values = pd.Series([np.nan, 0.5, np.nan, 0.1, 0.2])
    assert is_alone(values).tolist() == [False, True, False, False, False]


def test_two_tracks_are_two_curves_and_one_legend_entry():
    table = pd.concat([trajectory(), trajectory(track=2, valence=0.1)])
    figure = charts.trajectory_curves(table, series={"": charts.Series("mine", "avce")})
    assert len(figure.data) == 4
    assert sum(bool(trace.showlegend) for trace in figure.data) == 1


def test_runs_take_the_colours_of_their_systems_and_a_single_run_those_of_the_axes():
    table = pd.concat([trajectory(run_id="a"), trajectory(run_id="b")])
    both = charts.trajectory_curves(table, series=SERIES, labels=trajectory())
    colours = {trace.name: trace.line.color for trace in both.data}
    assert colours == {
        "label": charts.colour_of("label"), "mine": charts.colour_of("avce"), "theirs": charts.colour_of("caf"),
    }  # fmt: skip
    assert [trace.line.color for trace in charts.trajectory_curves(trajectory()).data] == [VALENCE, AROUSAL]


def test_the_playhead_is_a_named_dashed_line_at_its_time():
    for figure in (
        charts.trajectory_curves(trajectory(), playhead_ms=1234.0),
        charts.state_ribbon(trajectory(), playhead_ms=1234.0),
    ):
        (line,) = [shape for shape in figure.layout.shapes if shape.name == PLAYHEAD_NAME]
        assert line.x0 == line.x1 == 1.234
        assert line.line.dash == "dash"


def test_the_path_has_no_dot_where_there_is_no_face():
    table = without_face(trajectory(), 50, 60)
    assert len(charts.circumplex_path(table, playhead_ms=1000.0).data) == 2
    assert len(charts.circumplex_path(table, playhead_ms=55 * 40.0).data) == 1


def test_clicking_a_curve_gives_the_frame_number():
    curve = charts.trajectory_curves(trajectory()).data[0]
    assert list(curve.customdata[:3]) == [0, 1, 2]


def test_a_band_lies_around_its_curve_and_is_broken_where_the_face_is_gone():
    table = trajectory()
    for axis in ("valence", "arousal"):
        table[f"{axis}_low"], table[f"{axis}_high"] = table[axis] - 0.2, table[axis] + 0.1
    gone = ["valence", "arousal", "valence_low", "valence_high", "arousal_low", "arousal_high"]
    table.loc[50:60, gone], table.loc[50:60, "state"] = np.nan, "no_face"
    figure = charts.trajectory_curves(table)
    band, curve = figure.data[0], figure.data[1]
    pieces = [list(group) for real, group in itertools.groupby(band.y, lambda y: y is not None) if real]
    assert len(pieces) == 2, "one polygon on each side of the gap"
    seen = np.asarray(curve.y)[:50]
    assert pieces[0][:50] == pytest.approx(seen - 0.2)
    assert pieces[0][50:][::-1] == pytest.approx(seen + 0.1)
    assert len(charts.trajectory_curves(trajectory()).data) == 2, "without a band nothing is drawn for it"


def test_the_ribbon_gives_every_frame_exactly_one_state():
    table = without_face(trajectory(), 50, 60)
    table.loc[120, "state"] = "cut"
    figure = charts.state_ribbon(table)
    assert sum(piece[2] for trace in figure.data for piece in trace.customdata) == len(table)
    pieces = sorted((b, b + w) for trace in figure.data for b, w in zip(trace.base, trace.x, strict=True))
    assert all(stop == pytest.approx(start) for (_, stop), (start, _) in itertools.pairwise(pieces))


def test_a_long_ribbon_shows_the_worst_of_each_slice():
    table = trajectory(60_000)
    table["state"] = np.where(table["frame"] % 2, "tracked", "detected")
    table.loc[31_000, "state"] = "cut"
    figure = charts.state_ribbon(table)
    assert sum(len(trace.x) for trace in figure.data) <= MAX_PIECES
    assert any(trace.name == "scene cut" for trace in figure.data)


def test_a_frame_with_two_faces_counts_once_by_its_better_face():
    table = pd.concat([trajectory(10), trajectory(10, track=2, state="lost")])
    (trace,) = charts.state_ribbon(table).data
    assert trace.name == "face tracked"
    assert trace.customdata[0][2] == 10


def test_the_circumplex_has_the_unit_circle_and_the_posters_words():
    figure = charts.label_density(labels())
    (circle,) = [shape for shape in figure.layout.shapes if shape.type == "circle"]
    assert (circle.x0, circle.y0, circle.x1, circle.y1) == (-1, -1, 1, 1)
    where = {a.text: (np.sign(a.x), np.sign(a.y)) for a in figure.layout.annotations}
    assert where == {"happy": (1, 1), "fear": (-1, 1), "sad": (-1, -1), "pleasant": (1, -1)}


def test_density_counts_every_label_also_at_the_rim():
    points = pd.DataFrame({"valence": [1.0, -1.0, 0.0, np.nan], "arousal": [1.0, -1.0, 0.0, 0.5]})
    assert charts.label_density(points).data[0].customdata.sum() == 3


def test_published_rows_are_marked_and_undefined_figures_left_out():
    metrics = {
        "valence": {"ccc": None, "rmse": 0.2},
        "arousal": {"ccc": 0.5, "interval": {"ccc": [0.4, None]}},
    }
    table = charts.bar_rows([("mine", "avce", metrics)], PUBLISHED[:3])
    assert len(table) == 1 + 2 * 3
    assert table.loc[table["is_published"], "name"].str.endswith("*").all()
    assert table.loc[table["is_published"], "source"].str.contains("poster").all()
    figure = charts.metric_bars(table)
    assert "not for ranking" in " ".join(a.text for a in figure.layout.annotations)


@pytest.mark.parametrize("dark", [False, True])
def test_figures_of_bars_stand_in_ink_beside_the_bars(dark):
    metrics = {"valence": {"ccc": 0.6, "interval": {"ccc": [0.5, 0.7]}}, "arousal": {"ccc": -0.2}}
    figure = charts.metric_bars(charts.bar_rows([("mine", "avce", metrics)]), dark=dark)
    words = [trace for trace in figure.data if trace.type == "scatter"]
    assert [trace.text[0].strip() for trace in words] == ["0.600", "-0.200"]
    assert [trace.x[0] for trace in words] == [0.7, 0.0]
    ground = (DARK if dark else LIGHT).ground
    assert all(contrast(trace.textfont.color, ground) >= 4.5 for trace in words)
    assert figure.layout.xaxis.range[1] > 0.75


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("own", [("avce", "hold_push"), ("critic", "adversarial"), ("mine", "yours")])
def test_parts_of_a_loss_have_colours_of_their_own(dark, own):
    names = ("loss", "mse", "pcc", "ccc", *own)
    points = pd.DataFrame([{"name": f"train/{n}", "step": 1, "epoch": 1, "value": 1.0} for n in names])
    colours = [trace.line.color for trace in charts.loss_curves(points, dark=dark).data]
    assert len(set(colours)) == len(names)
    for a, b in itertools.combinations(colours, 2):
        assert np.linalg.norm(lab(a, "normal") - lab(b, "normal")) > 15, (a, b)


def test_the_best_epoch_is_marked():
    figure = charts.ccc_curves(metric_points(), best_epoch=7)
    assert [trace.name for trace in figure.data] == ["valence", "arousal"]
    assert figure.layout.shapes[0].x0 == 7
    assert figure.layout.annotations[0].text == "best: epoch 7"


# colours


def test_every_colour_can_be_told_from_the_page():
    both = [VALENCE, AROUSAL, PLAYHEAD, *SPLIT_COLOURS.values()]
    for ground, dark, others in ((LIGHT.ground, False, OTHERS), (DARK.ground, True, _OTHERS_DARK)):
        systems = [
            charts.colour_of(name, dark=dark) for name in ("avce", "caf", "hasani", "label", "supervised")
        ]
        for colour in (*both, *systems, *others):
            assert contrast(colour, ground) >= 2.8, (
                colour,
                ground,
            )  # WCAG asks 3 of lines; 2.8 for the greys
    for colour in STATE_COLOURS.values():
        assert min(contrast(colour, LIGHT.ground), contrast(colour, DARK.ground)) >= 2.3, colour


# Machado, Oliveira & Fernandes 2009, severity 1, linear RGB
VISION = {
    "normal": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
}  # fmt: skip


def lab(colour, vision):
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(VISION[vision] @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    f = np.cbrt(to_xyz @ linear / [0.9505, 1.0, 1.089] + 1e-9)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("dark", [False, True])
def test_colours_that_meet_in_one_chart_differ_for_every_eye(vision, dark):
    systems = [charts.colour_of(name, dark=dark) for name in ("avce", "caf", "hasani", "label")]
    for group in (systems, [VALENCE, AROUSAL], list(SPLIT_COLOURS.values())):
        for a, b in itertools.combinations(group, 2):
            assert np.linalg.norm(lab(a, vision) - lab(b, vision)) > 15, (a, b)


def test_charts_need_neither_streamlit_nor_torch():
    code = "import sys, dashboard.charts; sys.exit(bool({'torch', 'streamlit'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
