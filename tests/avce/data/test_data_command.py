"""``avce split`` and the flags that come from files."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner
from data_builders import categories, generic, pack

from avce.cli import cli, main
from avce.data.prepare import prepare
from avce.errors import DataError
from avce.options import PrepareOptions


def run(*arguments):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if isinstance(done.exception, DataError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_splits_of_a_data_set_are_written_with_folds(tmp_path):
    place = pack(tmp_path / "set.zip", generic(30, subjects=10))
    told = json.loads(run("split", place, "--out", tmp_path / "s.csv", "--folds", 5, "--json"))
    table = pd.read_csv(tmp_path / "s.csv")
    assert len(table) == sum(told["folds"]) == 30
    assert set(table["fold"]) == set(range(5))
    assert table.groupby("subject")["fold"].nunique().max() == 1
    assert "wrote" in run("split", place, "--out", tmp_path / "t.csv")


def test_splits_of_a_prepared_data_set_are_those_it_keeps(tmp_path):
    place = pack(tmp_path / "set.zip", generic(30, subjects=10))
    kept = prepare(place, tmp_path / "out", PrepareOptions(detect="never", seed=4))
    run("split", tmp_path / "out", "--out", tmp_path / "s.csv")
    assert pd.read_csv(tmp_path / "s.csv")["split"].tolist() == kept.samples["split"].tolist()


def test_rows_to_leave_out_come_from_a_file(tmp_path):
    place = pack(tmp_path / "set.zip", generic(30, subjects=10))
    (tmp_path / "bad.txt").write_text("images/003.jpg\n\nlabels.csv, row 9\n")
    report = json.loads(
        run("doctor", place, "--detect", "never", "--exclude", tmp_path / "bad.txt", "--json")
    )
    assert report["n_samples"] == 28
    assert any("2 rows were left out" in item["title"] for item in report["findings"])


def test_weak_labels_come_from_a_table(tmp_path):
    place = pack(tmp_path / "set.zip", categories())
    (tmp_path / "weak.csv").write_text("category,valence,arousal\nbored,-0.3,-0.6\nhappy,0.9,0.1\n")
    report = json.loads(
        run("doctor", place, "--detect", "never", "--weak-labels", tmp_path / "weak.csv", "--json")
    )
    weak = next(item for item in report["findings"] if "labels are weak" in item["title"])
    assert "bored: valence -0.3, arousal -0.6" in weak["where"]
    assert "happiness: valence 0.9, arousal 0.1" in weak["where"]
    (tmp_path / "weak.csv").write_text("name,valence\nbored,-0.3\n")
    with pytest.raises(DataError, match="category, valence, arousal"):
        run("doctor", place, "--weak-labels", tmp_path / "weak.csv")


def test_the_report_for_people_draws_the_plane_and_names_the_findings(tmp_path):
    told = run("doctor", pack(tmp_path / "set.zip", generic(30, subjects=10)), "--detect", "never")
    assert "layout generic" in " ".join(told.split())
    assert "arousal 1 ┌" in told
    assert "█" in told
    assert "were made here" in told.replace("\n", " ")


@pytest.mark.parametrize(("high", "code"), [(9, 1), (1, None)])
def test_strict_turns_errors_into_exit_code_1(tmp_path, high, code):
    rows = "image,valence,arousal\n" + "".join(
        f"images/{k:03}.jpg,{1 - k / 8},{high - k / 8}\n" for k in range(8)
    )
    place = pack(tmp_path / "set.zip", generic(8) | {"labels.csv": rows})
    command = ["doctor", str(place), "--detect", "never", "--strict", "--json"]
    if code is None:
        main(command)
    else:
        with pytest.raises(SystemExit) as stopped:
            main(command)
        assert stopped.value.code == code
    main([*command[:-2], "--json"])


def test_a_prepared_folder_holds_the_fold_that_was_asked_for(tmp_path):
    place = pack(tmp_path / "set.zip", generic(24, subjects=8))
    flags = ["--detect", "never", "--folds", 4, "--fold", 2]
    card = json.loads(run("prepare", place, "--out", tmp_path / "out", *flags, "--json"))
    assert (card["n_faces"], card["options"]["fold"]) == (24, 2)
    run("split", tmp_path / "out", "--out", tmp_path / "s.csv")
    table = pd.read_csv(tmp_path / "s.csv")
    assert set(table["fold"][table["split"] == "test"]) == {2}
    again = run("prepare", place, "--out", tmp_path / "out", *flags)
    assert card["fingerprint"][:12] in again
