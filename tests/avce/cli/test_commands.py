"""The ``avce`` command from end to end on its own synthetic faces, and what it says to bad input."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from avce.cli import cli, main
from avce.training.runtime import onnx_forward
from avce.video.read import read_frames

METRICS = {"rmse", "sagr", "pcc", "ccc"}
COLUMNS = "frame,pts_ms,track,state,valence,arousal,confidence,x0,y0,x1,y1"


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one call."""
    capsys.readouterr()
    try:
        main(list(arguments))
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """Folder with stills, clips and a model trained for a moment, made by the command itself."""
    folder = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVCE_CACHE", str(folder / "cache"))
        main(
            [
                "synth",
                "--out",
                str(folder / "stills"),
                "--subjects",
                "8",
                "--per-subject",
                "6",
                "--size",
                "96",
            ]
        )
        main(["synth", "--out", str(folder / "clips"), "--kind", "affwild", "--clips", "1", "--seconds", "1"])
        main(
            ["train", "--data", str(folder / "stills"), "--method", "avce", "--backbone", "tiny", "--epochs", "1",
             "--batch-size", "16", "--input-size", "48", "--out", str(folder / "model"), "--seed", "1"]
        )  # fmt: skip
        yield folder


def test_evaluate_prints_the_promised_json(studio, capsys):
    code, out, _ = run(
        capsys, "evaluate", "--checkpoint", str(studio / "model"), "--data", str(studio / "stills"), "--split", "test",
        "--bootstrap", "50", "--json",
    )  # fmt: skip
    result = json.loads(out)
    assert code == 0
    assert result["split"] == "test"
    assert result["protocol"] == "concatenated"
    with (studio / "stills" / "labels.csv").open() as file:
        assert result["n"] == sum(row["split"] == "test" for row in csv.DictReader(file))
    assert set(result["valence"]) >= METRICS
    assert set(result["arousal"]) >= METRICS


def test_analyze_writes_a_row_for_every_decoded_frame(studio, capsys, tmp_path):
    video = next((studio / "clips").rglob("*.mp4"))
    code, out, _ = run(
        capsys, "analyze", str(video), "--checkpoint", str(studio / "model"), "--out", str(tmp_path), "--json"
    )
    lines = (tmp_path / "trajectory.csv").read_text().splitlines()
    assert code == 0
    assert json.loads(out)["trajectory"] == str(tmp_path / "trajectory.csv")
    assert json.loads(out)["events"] == str(tmp_path / "events.csv")
    assert (tmp_path / "events.csv").read_text().startswith("kind,axis,quadrant,track,first_frame")
    assert lines[0] == COLUMNS
    rows = list(csv.DictReader(lines))
    assert {int(row["frame"]) for row in rows} == set(range(25))
    for row in rows:
        has_value = row["state"] in {"detected", "tracked"}
        assert (row["valence"] != "") == has_value
        if has_value:
            assert -1 <= float(row["valence"]) <= 1


def test_poster_writes_the_figure_with_the_frames_and_labels_it_was_given(studio, capsys, tmp_path):
    video = next((studio / "clips").rglob("*.mp4"))
    (tmp_path / "labels.csv").write_text("valence,arousal\n" + "0.1,0.2\n" * 25)
    code, out, _ = run(
        capsys, "poster", str(video), "--checkpoint", str(studio / "model"), "--out", str(tmp_path / "figure"),
        "--frame", "3", "--frame", "12", "--labels", str(tmp_path / "labels.csv"), "--json",
    )  # fmt: skip
    facts = json.loads(out)
    assert code == 0
    assert [key["frame"] for key in facts["frames"]] == [3, 12]
    assert {Path(file).suffix for file in facts["files"].values()} == {".svg", ".pdf", ".png", ".zip"}
    with zipfile.ZipFile(facts["files"]["zip"]) as packed:
        assert "label,0,0.0,0.1,0.2" in packed.read("curves.csv").decode()


def test_onnx_runtime_writes_the_values_that_torch_writes(studio, capsys, tmp_path, monkeypatch):
    exported = Mock(side_effect=onnx_forward)
    monkeypatch.setattr("avce.training.runtime.onnx_forward", exported)
    video = next((studio / "clips").rglob("*.mp4"))
    tables = []
    for runtime in ("torch", "onnx"):
        out = tmp_path / runtime
        given = ["--checkpoint", str(studio / "model"), "--out", str(out), "--runtime", runtime]
        assert run(capsys, "analyze", str(video), *given)[0] == 0
        tables.append(pd.read_csv(out / "trajectory.csv"))
    exported.assert_called_once()
    pd.testing.assert_frame_equal(*tables, rtol=0, atol=1e-4)


def test_a_measured_checkpoint_gives_a_band_and_several_give_their_disagreement(studio, capsys, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(studio / "model", model)
    video = str(next((studio / "clips").rglob("*.mp4")))
    analysis = ["analyze", video, "--out", str(tmp_path / "out"), "--json", "--checkpoint"]
    evaluation = ["evaluate", "--checkpoint", str(model), "--data", str(studio / "stills"), "--json"]
    evaluation += ["--bootstrap", "0", "--band-coverage", "0.7"]  # a handful of faces bears no more
    _, out, _ = run(capsys, *evaluation, "--split", "train")
    assert json.loads(out)["band"]["n"] > 0
    _, out, _ = run(capsys, *analysis, str(model))
    assert "band" not in json.loads(out), "errors on what was learned from say nothing"
    _, out, _ = run(capsys, *evaluation, "--split", "val")
    width = json.loads(out)["band"]["valence"]
    code, out, _ = run(
        capsys,
        *analysis,
        str(model),
        "--checkpoint",
        str(studio / "model"),
        "--format",
        "parquet",
        "--format",
        "json",
    )
    files = json.loads(out)
    assert code == 0
    tables = {name: pd.read_csv(files[name]) for name in ("trajectory", "trajectory-2", "band", "ensemble")}
    first, band, both = tables["trajectory"], tables["band"], tables["ensemble"]
    assert ",".join(first) == COLUMNS
    low = np.maximum(first["valence"] - width, -1)
    assert band["valence_low"].to_numpy() == pytest.approx(low.to_numpy(), abs=1e-6, nan_ok=True)
    assert (both["valence_sd"].dropna() == 0).all(), "the same weights twice agree"
    parquet = pd.read_parquet(files["parquet"])
    assert list(parquet) == [*first, "valence_low", "valence_high", "arousal_low", "arousal_high"]
    assert list(json.loads((tmp_path / "out" / "trajectory.json").read_text())[0]) == list(parquet)


def test_an_annotated_video_has_all_frames_and_is_drawn_upon(studio, capsys, tmp_path):
    video = next((studio / "clips").rglob("*.mp4"))
    code, out, _ = run(
        capsys, "analyze", str(video), "--checkpoint", str(studio / "model"), "--out", str(tmp_path), "--overlay", "--json"
    )  # fmt: skip
    drawn, plain = (list(read_frames(path)) for path in (json.loads(out)["overlay"], video))
    assert code == 0
    assert [frame.pts_ms for frame in drawn] == pytest.approx([frame.pts_ms for frame in plain], abs=0.1)
    difference = np.abs(drawn[20].rgb_u8.astype(int) - plain[20].rgb_u8).max(axis=2)
    assert (difference > 60).mean() > 0.02, "boxes, circumplex and curves"


def test_doctor_reports_as_json(studio, capsys):
    code, out, _ = run(capsys, "doctor", str(studio / "stills"), "--json")
    assert code == 0
    assert json.loads(out)["layout"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["train", "--data", "nowhere.zip", "--out", "x"], "nowhere.zip"),
        (["train", "--data", ".", "--out", "x", "--epochs", "0"], "epochs"),
        (["train", "--data", ".", "--out", "x", "--backbone", "vgg"], "vgg"),
        (["evaluate", "--checkpoint", "nowhere", "--data", "."], "nowhere"),
        (["analyze", "nowhere.mp4", "--checkpoint", "nowhere", "--out", "x"], "nowhere"),
        (["synth", "--out", "x", "--subjects", "0"], "subjects"),
        (["dance"], "dance"),
    ],
)
def test_bad_input_ends_with_code_2_and_a_line_that_names_it(
    arguments, expected, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AVCE_CACHE", str(tmp_path / "cache"))
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert expected in err
    assert "Traceback" not in err


def test_a_label_out_of_range_names_file_and_row(studio, capsys, tmp_path):
    lines = (studio / "stills" / "labels.csv").read_text().splitlines()
    shutil.copytree(studio / "stills" / "images", tmp_path / "images")
    first = lines[3].split(",")
    lines[3] = ",".join([*first[:2], "1.7", *first[3:]])
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    code, _, err = run(capsys, "train", "--data", str(tmp_path), "--out", str(tmp_path / "out"))
    assert code == 2
    assert "labels.csv" in err
    assert "1.7" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [[], *([name] for name in cli.commands)])
def test_every_command_has_help(command, capsys):
    code, out, _ = run(capsys, *command, "--help")
    assert code == 0
    assert "Usage: avce" in out


def test_help_is_quick_since_torch_stays_unloaded():
    script = "import sys, avce.cli\nassert not {'torch', 'cvxpy', 'cv2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
