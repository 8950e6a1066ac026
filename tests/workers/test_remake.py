"""Data sets that are made again, what findings show, and what may be chosen on the server."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from avce.options import PrepareOptions, SynthOptions
from workers import client, settings
from workers.tasks.datasets import draw_dataset, import_dataset

STILLS = SynthOptions(subjects=4, per_subject=3, size=64, seed=5)


def test_a_drawn_set_is_drawn_again_for_other_options(home):
    drawn = client.synthesize_dataset("drawn", STILLS)
    draw_dataset(drawn.id)
    old = client.get_dataset(drawn.dataset_id)
    changed = PrepareOptions.parse(old.options | {"size": 48, "splits": "ours", "seed": 9})
    job = client.remake_dataset(old.id, "smaller", changed)
    import_dataset(job.id)
    new = client.get_dataset(job.dataset_id)
    assert (new.state, new.made_from, new.options["size"]) == ("ready", old.id, 48)
    assert new.n_samples == old.n_samples
    assert new.fingerprint != old.fingerprint
    assert client.get_dataset(old.id) == old


def test_the_same_options_make_no_second_data_set(home):
    drawn = client.synthesize_dataset("drawn", STILLS)
    draw_dataset(drawn.id)
    old = client.get_dataset(drawn.dataset_id)
    with pytest.raises(client.ClientError, match="these very options"):
        client.remake_dataset(old.id, "again", PrepareOptions.parse(old.options))
    assert len(client.list_datasets()) == 1


def test_findings_are_shown_with_whole_pictures_or_crops(home, monkeypatch, tmp_path):
    sys.path.insert(0, str(Path(__file__).parents[1] / "avce" / "data"))
    import data_builders

    monkeypatch.setattr("avce.faces.detect.default_detector", data_builders.LevelFaces)
    monkeypatch.setenv("AVCE_ALLOWED_FOLDERS", f'["{tmp_path}"]')
    settings.get_settings.cache_clear()
    files = data_builders.affwild(tmp_path, levels=(128, 10, 10, 10, 128, 250, 128, 128))
    job = client.import_server_folder("clips", data_builders.pack(tmp_path / "set.zip", files))
    import_dataset(job.id)
    card = client.get_dataset(job.dataset_id).card
    number = next(n for n, item in enumerate(card["findings"]) if "without a face" in item["title"])
    shown = client.finding_pictures(job.dataset_id, number)
    assert shown[0].name == "videos/train/001.mp4 frame 1"
    assert all(place.is_whole and place.jpeg.startswith(b"\xff\xd8") for place in shown)
    assert client.finding_names(job.dataset_id, number)[0] == "videos/train/001.mp4 frames 1-3"
    with pytest.raises(client.ClientError, match="counted from 0"):
        client.finding_pictures(job.dataset_id, 99)


def test_the_server_shows_allowed_folders_only(home, monkeypatch, tmp_path):
    assert client.server_entries() == []
    (tmp_path / "open" / "inner").mkdir(parents=True)
    (tmp_path / "open" / ".hidden").mkdir()
    (tmp_path / "open" / "a.tar.gz").write_bytes(b"")
    monkeypatch.setenv("AVCE_ALLOWED_FOLDERS", f'["{tmp_path / "open"}"]')
    settings.get_settings.cache_clear()
    assert [entry.path for entry in client.server_entries()] == [str(tmp_path / "open")]
    inside = client.server_entries(tmp_path / "open")
    assert [(entry.name, entry.path) for entry in inside] == [
        ("..", ""), ("a.tar.gz", str(tmp_path / "open" / "a.tar.gz")), ("inner", str(tmp_path / "open" / "inner")),
    ]  # fmt: skip
    assert client.server_entries(tmp_path / "open" / "inner")[0].path == str(tmp_path / "open")
    for outside in (tmp_path, tmp_path / "open" / ".."):
        with pytest.raises(client.ClientError, match="allowed"):
            client.server_entries(outside)


def test_the_table_of_weak_labels_starts_from_ours(home):
    assert client.weak_labels()["neutral"] == (0.0, 0.0)
