"""What :mod:`avce.evaluation` makes of a table of predictions: whose mean, whose intervals, what is undefined."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from avce.evaluation import summarise
from avce.metrics.bootstrap import intervals
from avce.metrics.functional import ccc
from avce.options import EvaluateOptions

PREDICTOR = SimpleNamespace(name="a model")


def videos_of_two_subjects(per: int = 20, *, videos: int = 6) -> pd.DataFrame:
    """Six videos whose labels lie around different places, so that a figure over a subject's three is flattered."""
    rng = np.random.default_rng(0)
    video = np.repeat(np.arange(videos), per)
    labels = np.linspace(-0.7, 0.7, videos)[video][:, None] + rng.normal(0, 0.1, (len(video), 2))
    guess = labels + rng.normal(0, 0.1, labels.shape)
    return pd.DataFrame(
        {
            "row": np.arange(len(video)), "image": "", "video": [f"v{n}.mp4" for n in video],
            "frame": np.tile(np.arange(per), videos), "subject": np.where(video % 2, "ann", "bob"),
            "valence": labels[:, 0], "arousal": labels[:, 1], "pred_valence": guess[:, 0], "pred_arousal": guess[:, 1],
        }
    )  # fmt: skip


def summed_up(table: pd.DataFrame, *, splits: str = "train", **options):
    samples = table.assign(weak=False, split=splits)
    data = SimpleNamespace(samples=samples, fingerprint="f")
    return summarise(table, PREDICTOR, data, EvaluateOptions(**{"bootstrap": 0} | options))


def ccc_per(table: pd.DataFrame, column: str) -> float:
    return float(
        np.mean([ccc(part["pred_valence"], part["valence"]) for _, part in table.groupby(column, sort=False)])
    )


def test_per_video_is_over_videos_even_where_subjects_are_known() -> None:
    table = videos_of_two_subjects()
    found = summed_up(table, protocol="per_video")
    assert found["valence"]["ccc"] == pytest.approx(ccc_per(table, "video"), abs=1e-12)
    assert ccc_per(table, "subject") > ccc_per(table, "video") + 0.2
    assert (found["averaged_over"], found["grouped_by"], found["n_groups"]) == ("video", "subject", 2)


def test_its_intervals_draw_subjects() -> None:
    table = videos_of_two_subjects()
    found = summed_up(table, protocol="per_video", bootstrap=200)
    expected = intervals(
        table[["pred_valence", "pred_arousal"]], table[["valence", "arousal"]], table["subject"],
        videos=table["video"], protocol="per_video", resamples=200,
    )  # fmt: skip
    assert found["arousal"]["interval"]["rmse"] == pytest.approx(list(expected["arousal"]["rmse"]))


def test_utterances_with_one_label_each_are_averaged_over_the_video_they_are_cut_from() -> None:
    table = videos_of_two_subjects()
    table[["valence", "arousal"]] = table.groupby("video")[["valence", "arousal"]].transform("first")
    found = summed_up(table, protocol="per_video")
    assert found["averaged_over"] == "subject"
    assert found["valence"]["ccc"] == pytest.approx(ccc_per(table, "subject"), abs=1e-12)


def test_pictures_without_any_name_have_no_figure_per_video_and_the_reason_is_given() -> None:
    found = summed_up(videos_of_two_subjects().assign(video="", subject=""), protocol="per_video")
    assert found["averaged_over"] == "picture"
    assert found["valence"]["pcc"] is None
    assert (
        found["valence"]["undefined"]["pcc"]
        == "in none of 120 videos; in the first a single frame does not vary"
    )


def test_an_undefined_figure_comes_with_its_reason() -> None:
    found = summed_up(videos_of_two_subjects().assign(pred_arousal=0.25))
    assert found["arousal"]["pcc"] is None
    assert found["arousal"]["undefined"] == {"pcc": "the predictions do not vary"}
    assert found["valence"]["undefined"] == {}
    assert found["averaged_over"] is None


def test_the_trivial_mean_says_whose_it_is() -> None:
    table = videos_of_two_subjects()
    assert set(summed_up(table)["trivial"]) == {"mean of the training labels", "always positive"}
    assert set(summed_up(table, splits="test")["trivial"]) == {
        "mean of the evaluated labels",
        "always positive",
    }
