"""The benchmark of the starter model, on pictures drawn here, in the layout of the real archives."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from avce.data.synthetic import render_still, synthesize
from avce.methods import build_method
from avce.options import SynthOptions, train_options
from avce.training.checkpoint import save_checkpoint
from benchmarks import _clips, starter

PROMISED = {"fer_ccc_v", "fer_ccc_a", "photo_ccc_v", "render_ccc_v", "render_ccc_a", "jitter", "ms_per_face"}


def write_archive(
    path: Path, split: str, columns: list[str], rows: list[dict[str, object]], size: int
) -> None:
    with zipfile.ZipFile(path, "w") as files:
        text = io.StringIO()
        writer = csv.DictWriter(text, ["image", "split", *columns], lineterminator="\n")
        writer.writeheader()
        for number, row in enumerate(rows):
            face, valence, arousal = render_still(3, number % 3, number)
            name = f"images/{number}.png"
            small = cv2.resize(cv2.cvtColor(face, cv2.COLOR_RGB2BGR), (size, size))
            files.writestr(name, cv2.imencode(".png", small)[1].tobytes())
            exact = {"valence": valence, "arousal": arousal} if "valence" in columns else {}
            writer.writerow({"image": name, "split": split} | row | exact)
        files.writestr("labels.csv", text.getvalue())


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    named = [{"emotion": name, "subject": "", "user_id": "jhamski" if name == "disgust" else "1"}
             for name in ("happiness", "sadness", "disgust", "neutral") for _ in range(2)]  # fmt: skip
    write_archive(
        folder / "fer2013-faces.zip", "test", ["emotion"], [{"emotion": r["emotion"]} for r in named], 48
    )
    write_archive(folder / "faces-weak.zip", "test", ["emotion", "subject", "user_id"], named, 120)
    subjects = [{"subject": f"S{n % 3}"} for n in range(9)]
    subjects += [{"subject": "S3", "split": "train"}] * 3
    write_archive(folder / "renderav-stills.zip", "val", ["subject", "valence", "arousal"], subjects, 120)
    people = [
        {"subject": f"S{n}", "masc": n > 0, "hair": "short", "glasses": n == 1, "skin": [0.3 * n] * 3}
        for n in range(4)
    ]
    (folder / "renderav-subjects.json").write_text(json.dumps(people))
    options = SynthOptions(
        kind="affwild", clips=2, seconds=0.5, fps=8, width=200, height=160, gaps=False, seed=6
    )
    shutil.make_archive(str(folder / "renderav-affwild"), "zip", synthesize(folder / "clips", options))
    return folder


def test_the_report_holds_the_promised_figures_and_tables(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    options = train_options(preset="smoke")
    save_checkpoint(
        tmp_path / "tiny", build_method(options).state_dict(), options, {"crop": {"margin": 0.1, "size": 64}}
    )
    monkeypatch.setattr(starter, "RESAMPLES", 20)
    monkeypatch.setattr(_clips, "STILL_FRAMES", 4)
    path = tmp_path / "starter.json"
    starter.main(["--json", str(path), "--faces", str(faces), "--checkpoint", str(tmp_path / "tiny")])
    report = json.loads(path.read_text())
    assert report["schema"] == 1
    assert set(report["figures"]) >= PROMISED
    assert all(isinstance(value, float) and np.isfinite(value) for value in report["figures"].values())
    assert report["sets"]["photo"]["n"] == 8
    assert report["sets"]["photo_clean"]["n"] == 6
    assert report["sets"]["render"]["n_groups"] == 3
    assert (report["sets"]["clip"]["n"], report["sets"]["clip"]["n_groups"]) == (8, 2)
    assert report["subgroups"]["held_out"]["glasses: yes"]["subjects"] == 1
    assert report["subgroups"]["all"]["glasses: no"]["subjects"] == 3
    assert set(report["sensitivity"]["fer"]) >= {"mirror", "shift", "blur", "darker"}


def test_a_folder_without_the_archives_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        starter.main(["--faces", str(tmp_path)])
    assert "fer2013-faces.zip" in capsys.readouterr().err
