"""The table of methods, on eight flat pictures per subject and the smallest net."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from avce.data.prepared import Prepared
from avce.errors import DataError, OptionError
from avce.methods import build_method
from avce.models.inception_resnet import InceptionResNet
from avce.options import FIDELITY, Split, train_options
from benchmarks import methods
from benchmarks.methods import ABLATION, DEPARTURES, METHODS, SEARCH, Variant

SETTING = {"epochs": 1, "input_size": 32, "num_threads": 1}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    lines = ["image,subject,valence,arousal,split"]
    for subject in range(4):
        for index in range(8):
            valence, arousal = rng.uniform(-1, 1, 2).round(4)
            picture = np.full((48, 48, 3), 128 + 100 * valence) + rng.normal(0, 4, (48, 48, 3))
            name = f"{subject}_{index}.png"
            cv2.imwrite(str(folder / name), picture.clip(0, 255).astype(np.uint8))
            lines.append(f"{name},s{subject},{valence},{arousal},{'train' if subject < 2 else 'val'}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def data(pictures, tmp_path_factory) -> Prepared:
    return methods.prepare(
        pictures, tmp_path_factory.mktemp("data") / "toy", methods.PrepareOptions(detect="never", size=48)
    )


def tiny(*variants: Variant) -> list[Variant]:
    return [replace(variant, given={**variant.given, "backbone": "tiny"}) for variant in variants]


def test_a_table_names_its_rows_and_the_paired_differences(data, tmp_path) -> None:
    figures, more = methods.measure(tiny(METHODS[0], METHODS[3]), data, tmp_path, seeds=2, **SETTING)
    short = "avce_minus_supervised"
    assert set(figures) == {
        "mean_ccc_avce", "mean_ccc_supervised", short, f"{short}_low", f"{short}_high", f"{short}_p_holm",
    }  # fmt: skip
    assert figures[short] == pytest.approx(figures["mean_ccc_avce"] - figures["mean_ccc_supervised"])
    assert [(row["name"], row["axis"]) for row in more["table"]][:2] == [
        ("avce", "valence"),
        ("avce", "arousal"),
    ]
    assert [(run["name"], run["seed"]) for run in more["runs"]] == [
        ("avce", 0), ("supervised", 0), ("avce", 1), ("supervised", 1),
    ]  # fmt: skip
    assert "avce − supervised" in methods.markdown(more)


def test_finished_runs_are_read_and_not_trained_again(data, tmp_path, monkeypatch) -> None:
    rows = tiny(METHODS[0])
    first, _ = methods.measure(rows, data, tmp_path, seeds=1, **SETTING)

    def refuse(*_args, **_kwargs):
        raise AssertionError("trained again")

    monkeypatch.setattr(methods, "train", refuse)
    again, _ = methods.measure(rows, data, tmp_path, seeds=1, **{**SETTING, "num_threads": 2})
    assert again == first
    with pytest.raises(AssertionError, match="trained again"):
        methods.measure(rows, data, tmp_path, seeds=2, **SETTING)


def test_a_run_that_left_no_result_is_done_again(data, tmp_path) -> None:
    rows = tiny(METHODS[3])
    first, _ = methods.measure(rows, data, tmp_path, seeds=1, **SETTING)
    (result,) = tmp_path.rglob(methods.RESULT_FILE)
    result.unlink()
    again, _ = methods.measure(rows, data, tmp_path, seeds=1, **SETTING)
    assert result.is_file()
    assert again == first


def test_seeds_are_pooled_and_not_averaged() -> None:
    rng = np.random.default_rng(0)
    target = rng.uniform(-1, 1, (40, 2))
    subjects = np.repeat(list("abcd"), 10)
    noise = rng.normal(0, 0.5, target.shape)
    opposite = [target + noise, target - noise]  # their mean is perfect, each alone is not
    figures, _, differences = methods.compare_rows({"x": opposite}, target, subjects, resamples=50)
    assert figures["mean_ccc_x"] < 0.95
    assert differences == []


def test_unequal_numbers_of_seeds_cannot_be_compared() -> None:
    target = np.zeros((4, 2))
    with pytest.raises(ValueError, match="same seeds"):
        methods.compare_rows({"x": [target], "y": [target, target]}, target, np.arange(4))


@pytest.mark.parametrize(
    "variant", [*METHODS, *ABLATION, *SEARCH, *DEPARTURES], ids=lambda variant: variant.name
)
def test_every_row_is_a_valid_recipe_with_the_shared_budget(variant) -> None:
    options = methods.recipe(variant, 2, epochs=3, input_size=48)
    assert (options.epochs, options.input_size, options.seed) == (3, 48, 2)
    assert options.backbone == "compact"


def test_the_departures_together_are_the_authors_switches() -> None:
    """Their weight apart, which the ablation varies; and CVXPY's default solver takes SparseMax alone, as in their code."""
    switches = [dict(variant.given["avce"]) for variant in DEPARTURES]
    together = {name: value for given in switches for name, value in given.items()}
    assert together == {name: value for name, value in FIDELITY["authors"].items() if name != "weight"}
    assert {"solver": "cvxpy_default", "inattentive_solver": "exact"} in switches


@pytest.mark.parametrize("variant", METHODS, ids=lambda variant: variant.name)
def test_one_encoder_means_one_net_for_every_method(variant) -> None:
    method = build_method(methods.recipe(variant, 0, name="one_encoder"))
    assert isinstance(method.encoder, InceptionResNet)


def test_the_quick_recipe_is_the_preset_itself() -> None:
    assert methods.recipe(METHODS[0], 0, name="quick") == train_options(
        preset="quick", method="avce", avce={}
    )


def test_a_row_with_an_unknown_switch_is_refused() -> None:
    with pytest.raises(OptionError, match="unheard"):
        methods.recipe(Variant("x", {"avce": {"unheard": 1}}), 0, epochs=1, input_size=48)


def test_the_command_writes_schema_machine_figures_and_tables(pictures, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(methods, "TABLES", {"methods": tuple(tiny(METHODS[0], METHODS[3]))})
    report = tmp_path / "figures.json"
    methods.main(
        ["--data", str(pictures), "--work", str(tmp_path / "work"), "--json", str(report), "--epochs", "1",
         "--input-size", "32", "--seeds", "1", "--threads", "1", "--labelled-subjects", "1"]
    )  # fmt: skip
    assert [folder.name for folder in (tmp_path / "work").iterdir() if folder.name.endswith("labelled")] == [
        "1-labelled"
    ]
    written = json.loads(report.read_text("utf-8"))
    assert written["schema"] == 1
    assert written["figures"].keys() >= {"mean_ccc_avce", "avce_minus_supervised_p_holm"}
    assert written["setting"]["seeds"] == 1
    assert {"machine", "table", "differences", "runs"} <= written.keys()


def test_an_unknown_row_is_refused_before_anything_is_read(tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        methods.main(["--data", str(tmp_path / "absent"), "--only", "nobody"])
    assert "nobody" in capsys.readouterr().err


def test_fewer_training_subjects_leave_validation_and_the_whole_data_as_they_are(data) -> None:
    fewer = methods.with_train_subjects(data, 1)
    assert set(fewer.samples["subject"].iloc[fewer.rows(Split.TRAIN)]) == {"s0"}
    assert fewer.rows(Split.VAL).tolist() == data.rows(Split.VAL).tolist()
    assert len(data.rows(Split.TRAIN)) == 2 * len(fewer.rows(Split.TRAIN)) == 16
    assert fewer.fingerprint != data.fingerprint
    with pytest.raises(DataError, match="expected 1 to 2"):
        methods.with_train_subjects(data, 3)


def test_faces_without_labels_stay_in_training_with_no_weight(data) -> None:
    some = methods.with_labelled_subjects(data, 1)
    train, val = (some.rows(split) for split in (Split.TRAIN, Split.VAL))
    assert train.tolist() == data.rows(Split.TRAIN).tolist()
    weighted = some.samples.iloc[train][some.samples["weight"].iloc[train] == 1]
    assert set(weighted["subject"]) == {"s0"}
    assert set(some.samples["weight"].iloc[train]) == {0.0, 1.0}
    assert (some.samples["weight"].iloc[val] == 1).all()
    assert len({some.fingerprint, data.fingerprint, methods.with_train_subjects(data, 1).fingerprint}) == 3
    with pytest.raises(DataError, match="--labelled-subjects: expected 1 to 2"):
        methods.with_labelled_subjects(data, 3)


def test_noise_is_in_the_labels_that_are_learnt_from_and_in_no_others(data) -> None:
    noisy = methods.with_noisy_labels(data, 0.3)
    train, val = (data.rows(split) for split in (Split.TRAIN, Split.VAL))
    labels = [part.samples[["valence", "arousal"]].to_numpy() for part in (data, noisy)]
    assert (labels[0][val] == labels[1][val]).all()
    assert (labels[0][train] != labels[1][train]).mean() > 0.9
    assert abs(labels[1][train]).max() <= 1
    again = methods.with_noisy_labels(data, 0.3)
    assert again.samples.equals(noisy.samples)
    assert again.fingerprint == noisy.fingerprint != data.fingerprint
    with pytest.raises(DataError, match="above 0, got 0"):
        methods.with_noisy_labels(data, 0)


def test_pictures_of_nobody_known_are_not_taken_for_one_person(data) -> None:
    table = data.samples.assign(
        subject=np.where(data.samples["subject"] == "s2", "", data.samples["subject"])
    )
    _, subjects = methods.labels_of(Prepared(data.folder, table, data.card))
    assert len(np.unique(subjects)) == 8 + 1
