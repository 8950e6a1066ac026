"""The weights that are shipped: small, whole, at hand without network, and telling faces apart."""

from __future__ import annotations

import csv
import io
import json
import socket
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from avce.cli import main
from avce.data.layouts.categories import WEAK_LABELS
from avce.data.synthetic import render_still
from avce.metrics.functional import ccc
from avce.options import train_options
from avce.stills import judge_pictures
from avce.training.checkpoint import load_predictor
from avce.training.start import start_method
from avce.weights import ROOT, STARTER

MOST_BYTES = 12_000_000


def test_all_that_is_shipped_fits_into_twelve_megabytes() -> None:
    assert sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file()) <= MOST_BYTES


def test_it_loads_without_network_and_answers_within_the_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    predictor = load_predictor(STARTER)
    values = predictor.predict(np.full((2, 128, 128, 3), 128, np.uint8))
    assert values.shape == (2, 2)
    assert np.abs(values).max() <= 1


def test_a_run_that_starts_from_it_takes_encoder_and_heads_whole() -> None:
    method, report = start_method(train_options(preset="fine_tune"))
    assert report is not None
    assert set(report.loaded) == set(method.state_dict())


def test_predict_prints_place_and_word_of_a_face(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    face, _, _ = render_still(1, 0, 0)
    path = tmp_path / "me.png"
    cv2.imwrite(str(path), cv2.cvtColor(face, cv2.COLOR_RGB2BGR))
    main(["predict", str(path), "--json"])
    [row] = json.loads(capsys.readouterr().out)
    assert (row["file"], row["face"], row["state"]) == (str(path), 1, "detected")
    assert set(row["box"]) == {"x0", "y0", "x1", "y1"}
    assert row["word"]
    main(["predict", str(path), "--csv"])
    assert capsys.readouterr().out.startswith("file,face,state,valence,arousal,word,score,x0")
    main(["predict", str(path)])
    assert row["word"] in capsys.readouterr().out


@pytest.mark.shared_data
def test_on_faces_it_never_saw_it_agrees_with_their_labels(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "fer2013-faces.zip") as files:
        table = csv.DictReader(io.TextIOWrapper(files.open("labels.csv"), "utf-8"))
        rows = [row for row in table if row["split"] == "test"][::20]
        paths = [tmp_path / f"{i:03d}.jpg" for i in range(len(rows))]
        for path, row in zip(paths, rows, strict=True):
            path.write_bytes(files.read(row["image"]))
    faces = list(judge_pictures(paths, load_predictor(STARTER), is_face_only=True))
    valence = np.array([face.valence for face in faces])
    # On the whole test split it is above .65; 160 faces scatter by about .07 around that.
    assert float(ccc(valence, np.array([WEAK_LABELS[row["emotion"]][0] for row in rows]))) > 0.45
