"""Splits: no subject in two parts, alike in labels, seeded, owners' parts kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avce.data.labels import make_table
from avce.data.splits import assign_splits, export_splits, fold_numbers, split_by_options
from avce.errors import DataError, OptionError
from avce.options import PrepareOptions


def table(subjects, seed=0, split="", video=""):
    rng = np.random.default_rng(seed)
    n = len(subjects)
    return make_table(
        n, image=[f"{k}.jpg" for k in range(n)], subject=subjects, split=split, video=video,
        valence=rng.uniform(-1, 1, n), arousal=rng.uniform(-1, 1, n),
    )  # fmt: skip


def cut(frame, val_share=0.15, test_share=0.15, seed=0):
    return assign_splits(frame, val_share=val_share, test_share=test_share, seed=seed)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=120), st.integers(0, 5))
def test_no_subject_is_in_two_splits_and_every_part_has_one_when_possible(numbers, seed):
    frame = cut(table([f"s{k}" for k in numbers]), seed=seed)
    assert frame.groupby("subject")["split"].nunique().max() == 1
    parts = set(frame["split"])
    assert parts >= {1: {"train"}, 2: {"train", "val"}}.get(len(set(numbers)), {"train", "val", "test"})


def test_the_same_seed_gives_the_same_parts_and_another_gives_others():
    frame = table([f"s{k % 40}" for k in range(800)])
    assert cut(frame, seed=3)["split"].tolist() == cut(frame, seed=3)["split"].tolist()
    assert cut(frame, seed=3)["split"].tolist() != cut(frame, seed=4)["split"].tolist()


def test_parts_have_their_share_and_lie_alike_over_the_plane():
    frame = cut(table([f"s{k % 60}" for k in range(3000)]))
    share = frame["split"].value_counts(normalize=True)
    assert share["val"] == pytest.approx(0.15, abs=0.03)
    assert share["test"] == pytest.approx(0.15, abs=0.03)
    means = frame.groupby("split")[["valence", "arousal"]].mean()
    assert np.ptp(means.to_numpy(), axis=0).max() < 0.1


def test_videos_are_kept_whole_where_subjects_are_unknown():
    frame = cut(table([""] * 200, video=[f"v{k // 20}" for k in range(200)]))
    assert frame.groupby("video")["split"].nunique().max() == 1
    assert set(frame["split"]) == {"train", "val", "test"}


def test_owners_splits_stay_and_only_missing_ones_are_made():
    owners = ["train", "val"] * 50
    assert cut(table([f"s{k}" for k in range(100)], split=owners))["split"].tolist() == owners
    only_test = cut(table(["a"] * 10, split="test"))
    assert set(only_test["split"]) == {"test"}
    frame = cut(
        table(
            [f"s{k % 20}" for k in range(100)], split=["test" if k % 20 > 15 else "train" for k in range(100)]
        )
    )
    assert (frame["split"][[k % 20 > 15 for k in range(100)]] == "test").all()
    assert (frame["split"] == "val").any()
    assert frame.groupby("subject")["split"].nunique().max() == 1


def test_all_train_means_that_the_owners_kept_their_test_set():
    assert set(cut(table([f"s{k}" for k in range(50)], split="train"))["split"]) == {"train", "val", "test"}


def test_rows_without_split_join_their_subject():
    frame = cut(table(["a", "a", "b", "c"], split=["val", "", "train", ""]))
    assert frame["split"].tolist() == ["val", "val", "train", "train"]


def test_shares_of_nothing_make_no_part():
    assert set(cut(table([f"s{k}" for k in range(50)]), val_share=0.2, test_share=0)["split"]) == {
        "train",
        "val",
    }


@pytest.mark.parametrize("k", [2, 5])
def test_folds_are_subject_disjoint_and_of_like_size(k):
    frame = table([f"s{n % 30}" for n in range(900)])
    folds = fold_numbers(frame, k, seed=1)
    assert set(folds) == set(range(k))
    assert frame.assign(fold=folds).groupby("subject")["fold"].nunique().max() == 1
    assert np.ptp(np.bincount(folds)) <= 60


def test_folds_lie_alike_over_the_plane_even_where_subjects_do_not():
    """Half of the people are always content, half always upset: each fold gets its share of both."""
    frame = table([f"s{n % 40}" for n in range(2000)])
    kind = np.where(frame["subject"].str[1:].astype(int) % 2, 0.6, -0.6)
    frame["valence"], frame["arousal"] = kind + 0.3 * frame["valence"], 0.5 * kind + 0.3 * frame["arousal"]
    means = frame.assign(fold=fold_numbers(frame, 5, seed=2)).groupby("fold")[["valence", "arousal"]].mean()
    assert np.ptp(means.to_numpy(), axis=0).max() < 0.05
    dealt = frame.assign(
        fold=frame["subject"].str[1:].astype(int) % 5 % 2 * 2 + frame["subject"].str[1:].astype(int) % 2
    )
    assert np.ptp(dealt.groupby("fold")["valence"].mean().to_numpy()) > 0.5  # what a careless deal would give


def test_each_fold_is_test_once_and_the_next_one_val():
    frame = table([f"s{n % 30}" for n in range(300)], split="train")
    parts = [split_by_options(frame, PrepareOptions(folds=5, fold=k, seed=2)) for k in range(5)]
    for k, part in enumerate(parts):
        assert (part["fold"] == parts[0]["fold"]).all()
        assert set(part["fold"][part["split"] == "test"]) == {k}
        assert set(part["fold"][part["split"] == "val"]) == {(k + 1) % 5}
        assert part.groupby("subject")["split"].nunique().max() == 1
    assert frame["split"].eq("train").all()


@pytest.mark.parametrize(("folds", "fold"), [(1, 0), (2, 0), (5, 5), (0, 1)])
def test_folds_that_leave_a_part_empty_are_refused(folds, fold):
    with pytest.raises(OptionError, match="fold"):
        PrepareOptions.parse({"folds": folds, "fold": fold})


def test_more_folds_than_subjects_are_refused():
    with pytest.raises(DataError, match="one per subject"):
        split_by_options(table(["a", "b", "a"]), PrepareOptions(folds=3))


def test_exported_splits_say_what_the_table_says(tmp_path):
    frame = split_by_options(table([f"s{n % 12}" for n in range(60)]), PrepareOptions(folds=3))
    export_splits(frame, tmp_path / "splits.csv")
    read = pd.read_csv(tmp_path / "splits.csv", keep_default_na=False)
    assert list(read.columns) == ["image", "video", "frame", "subject", "split", "fold"]
    for name in read:
        assert read[name].tolist() == frame[name].tolist()
    export_splits(cut(frame.drop(columns="fold")), tmp_path / "splits.csv")
    assert set(pd.read_csv(tmp_path / "splits.csv", keep_default_na=False)["fold"]) == {""}
    with pytest.raises(DataError, match="cannot be written"):
        export_splits(frame, tmp_path / "none" / "splits.csv")
