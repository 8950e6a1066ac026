"""Prepare: crops once, resumable, all or nothing, the same whatever the number of threads."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from data_builders import afew_va, affwild, clip_bytes, generic, labels_csv, pack, picture, write

from avce.data import prepare as room
from avce.data.prepare import prepare
from avce.data.prepared import Prepared
from avce.errors import CancelledError, DataError
from avce.options import PrepareOptions, Split
from avce.progress import Reporter

WHOLE = PrepareOptions(detect="never", size=32)


class StopsAfter(Reporter):
    """Asks to stop at the n-th check."""

    def __init__(self, n):
        self.left = n

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise CancelledError("stop")


class Keeps(Reporter):
    def __init__(self):
        self.lines = []

    def log(self, line):
        self.lines.append(line)


def leftovers(folder, *known):
    return sorted(path.name for path in folder.iterdir() if path.name not in known)


def test_crops_labels_and_splits_come_back_as_they_went_in(tmp_path):
    data = prepare(pack(tmp_path / "set.zip", generic(20)), tmp_path / "out", WHOLE)
    assert data.samples["face"].all()
    assert set(data.samples["split"]) == {"train", "val", "test"}
    crops = data.crops_rgb_u8(range(20))
    assert crops.shape == (20, 32, 32, 3)
    import cv2

    for row in (0, 7, 19):
        wanted = cv2.imdecode(np.frombuffer(picture(row), np.uint8), cv2.IMREAD_COLOR_RGB)
        wanted = cv2.resize(wanted, (32, 32), interpolation=cv2.INTER_AREA)
        assert np.abs(crops[row].astype(int) - wanted).mean() < 3  # one more JPEG step, quality 95


def test_the_card_holds_what_a_page_shows(tmp_path):
    data = prepare(pack(tmp_path / "set.zip", generic(20)), tmp_path / "out", WHOLE)
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert card["layout"] == "generic"
    assert "labels.csv" in card["layout_reason"]
    assert card["labels"] == "exact"
    assert card["n_samples"] == card["n_faces"] == 20
    assert card["n_subjects"] == 5
    assert sum(part["faces"] for part in card["counts"].values()) == 20
    assert np.sum(card["histogram2d"]["counts"]) == 20
    assert {"severity", "title", "why", "where"} <= set(card["findings"][0])
    assert card["recipe"]["size"] == 32
    assert "detect = never" in card["crops"]
    assert data.fingerprint == card["fingerprint"]


def test_the_result_does_not_depend_on_container_threads_or_unit_size(tmp_path, monkeypatch):
    files = generic(30)
    one = prepare(pack(tmp_path / "set.zip", files), tmp_path / "one", WHOLE, jobs=1)
    other = prepare(write(tmp_path / "folder", files), tmp_path / "other", WHOLE, jobs=3)
    assert one.fingerprint == other.fingerprint
    monkeypatch.setattr(room, "UNIT_ROWS", 7)
    small = prepare(write(tmp_path / "folder", files), tmp_path / "small", WHOLE, jobs=3)
    assert len(small.card["shards"]) == 5
    np.testing.assert_array_equal(small.crops_rgb_u8(range(30)), one.crops_rgb_u8(range(30)))


def test_preparing_again_does_nothing_and_other_recipes_or_data_do(tmp_path):
    files = generic(10)
    place = pack(tmp_path / "set.zip", files)
    first = prepare(place, tmp_path / "out", WHOLE)
    changed = (tmp_path / "out" / "card.json").stat().st_mtime_ns
    reporter = Keeps()
    again = prepare(place, tmp_path / "out", WHOLE, reporter)
    assert (tmp_path / "out" / "card.json").stat().st_mtime_ns == changed
    assert again.fingerprint == first.fingerprint
    assert any("up to date" in line for line in reporter.lines)
    larger = prepare(place, tmp_path / "out", PrepareOptions(detect="never", size=48))
    assert larger.crops_rgb_u8([0]).shape == (1, 48, 48, 3)
    files["images/003.jpg"] = picture(777)
    place.unlink()
    assert prepare(pack(place, files), tmp_path / "out", WHOLE).fingerprint != first.fingerprint
    assert leftovers(tmp_path, "set.zip", "out") == []


def test_a_csv_is_prepared_again_when_a_picture_beside_it_changes(tmp_path):
    files = generic(10)
    write(tmp_path / "set", files)
    first = prepare(tmp_path / "set" / "labels.csv", tmp_path / "out", WHOLE)
    write(tmp_path / "set", {"images/003.jpg": picture(777)})
    assert prepare(tmp_path / "set" / "labels.csv", tmp_path / "out", WHOLE).fingerprint != first.fingerprint


def test_a_stopped_job_goes_on_where_it_was_and_ends_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "UNIT_ROWS", 5)
    place = pack(tmp_path / "set.zip", generic(40))
    whole = prepare(place, tmp_path / "whole", WHOLE)
    cut, decoded, most = room.Cutter.cut, [], 23

    def counting(self, start, stop):
        for item in cut(self, start, stop):
            decoded.append(item.row)
            if len(decoded) >= most:  # also in a unit that began before the stop was noticed
                raise CancelledError("stop")
            yield item

    monkeypatch.setattr(room.Cutter, "cut", counting)
    with pytest.raises(CancelledError):
        prepare(place, tmp_path / "out", WHOLE, jobs=1)
    assert not (tmp_path / "out").exists()
    reporter, most = Keeps(), 1000
    decoded.clear()
    resumed = prepare(place, tmp_path / "out", WHOLE, reporter, jobs=1)
    assert "resumed: 20 of 40 rows were done already" in reporter.lines
    assert len(decoded) == 20
    assert resumed.fingerprint == whole.fingerprint
    assert (tmp_path / "out" / "card.json").read_bytes() == (tmp_path / "whole" / "card.json").read_bytes()
    assert leftovers(tmp_path, "set.zip", "out", "whole") == []


KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path
from avce.data import prepare as room
from avce.options import PrepareOptions

room.UNIT_ROWS = 5
cut = room.Cutter.cut

def dying(self, start, stop):
    for item in cut(self, start, stop):
        if item.row >= 23:
            os.kill(os.getpid(), signal.SIGKILL)
        yield item

room.Cutter.cut = dying
room.prepare(Path(sys.argv[1]), Path(sys.argv[2]), PrepareOptions(detect="never", size=32), jobs=1)
"""


def test_a_killed_process_leaves_what_the_next_one_goes_on_from(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "UNIT_ROWS", 5)
    place, out = pack(tmp_path / "set.zip", generic(40)), tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", KILLED_IN_THE_MIDDLE, place, out], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    reporter = Keeps()
    resumed = prepare(place, out, WHOLE, reporter, jobs=1)
    assert "resumed: 20 of 40 rows were done already" in reporter.lines
    assert resumed.fingerprint == prepare(place, tmp_path / "whole", WHOLE).fingerprint
    assert leftovers(tmp_path, "set.zip", "out", "whole") == []


def test_a_stop_is_heard_between_pictures(tmp_path):
    with pytest.raises(CancelledError):
        prepare(pack(tmp_path / "set.zip", generic(40)), tmp_path / "out", WHOLE, StopsAfter(0))
    assert not (tmp_path / "out").exists()


BROKEN = {
    "text": b"this is no picture",
    "empty": b"",
    "cut short": picture(3, 200)[:-900],
    "huge png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    + (100_000).to_bytes(4, "big") * 2
    + b"\x08\x02\0\0\0"
    + bytes(20)
    + b"IEND",
    "damaged": picture(3)[:200] + b"\xff\xd9",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_picture_that_is_none_is_named_by_file_and_row_and_nothing_is_left(tmp_path, kind):
    place = pack(tmp_path / "set.zip", generic(12) | {"images/007.jpg": BROKEN[kind]})
    with pytest.raises(DataError, match=r"set\.zip: labels\.csv, row 9 \(images/007\.jpg\)"):
        prepare(place, tmp_path / "out", WHOLE)
    assert leftovers(tmp_path, "set.zip") == []


def test_a_failed_import_leaves_the_older_one_as_it_was(tmp_path):
    place = pack(tmp_path / "set.zip", generic(12))
    first = prepare(place, tmp_path / "out", WHOLE)
    place.unlink()
    pack(place, generic(12) | {"images/007.jpg": b"nothing"})
    with pytest.raises(DataError):
        prepare(place, tmp_path / "out", WHOLE)
    assert Prepared.load(tmp_path / "out").fingerprint == first.fingerprint


def test_a_folder_with_other_files_is_not_overwritten(tmp_path):
    write(tmp_path / "out", {"thesis.txt": "three years"})
    with pytest.raises(DataError, match="holds other files"):
        prepare(pack(tmp_path / "set.zip", generic(12)), tmp_path / "out", WHOLE)
    assert (tmp_path / "out" / "thesis.txt").read_text() == "three years"


def test_an_empty_split_is_said_with_the_ones_there_are(tmp_path):
    files = generic(6) | {"labels.csv": labels_csv(6, extra="test")}
    data = prepare(pack(tmp_path / "set.zip", files), tmp_path / "out", WHOLE)
    assert len(data.rows(Split.TEST)) == 6
    with pytest.raises(DataError, match=r"set\.zip: split train is empty.*test \(6\)"):
        data.rows(Split.TRAIN)


def test_a_damaged_prepared_folder_is_refused_and_made_again(tmp_path):
    place = pack(tmp_path / "set.zip", generic(6))
    data = prepare(place, tmp_path / "out", WHOLE)
    shard = tmp_path / "out" / "crops" / data.card["shards"][0]["file"]
    shard.write_bytes(shard.read_bytes()[:-10])
    with pytest.raises(DataError, match="prepare the data again"):
        Prepared.load(tmp_path / "out")
    assert prepare(place, tmp_path / "out", WHOLE).fingerprint == data.fingerprint
    (tmp_path / "out" / "samples.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="prepare it again"):
        Prepared.load(tmp_path / "out")
    with pytest.raises(DataError, match="expected a prepared data set"):
        Prepared.load(tmp_path / "nothing")
    shutil.rmtree(tmp_path / "out")


# faces --------------------------------------------------------------------------------------------------------


def test_frames_without_a_face_are_marked_not_filled_and_said_as_stretches(tmp_path, level_faces):
    levels = (128, 128, 10, 10, 10, 128, 250, 128)
    files = affwild(tmp_path, levels=levels)
    data = prepare(pack(tmp_path / "set.zip", files), tmp_path / "out", PrepareOptions(size=32))
    one = data.samples[data.samples["video"] == "videos/train/001.mp4"]
    assert one["face"].tolist() == [level > 40 for level in levels]
    assert one["n_faces"].tolist() == [1, 1, 0, 0, 0, 1, 2, 1]
    assert one["x0"].isna().tolist() == [level < 40 for level in levels]
    found = {item["title"]: item for item in data.card["findings"]}
    assert found["9 pictures without a face"]["where"][0] == "videos/train/001.mp4 frames 2-4"
    assert found["2 pictures show more than one face"]["where"] == [
        "videos/train/001.mp4 frame 6",
        "videos/train/003.mp4 frame 6",
    ]
    # the second face has the better score, but the first goes on from the frame before
    assert one["x0"].iloc[6] == pytest.approx(0.3 * 96)
    with pytest.raises(DataError, match="has no face"):
        data.crops_rgb_u8([int(one.index[2])])


def test_labels_beyond_the_end_of_a_video_are_said(tmp_path, level_faces):
    data = prepare(
        pack(tmp_path / "set.zip", affwild(tmp_path, levels=(128,) * 5)),
        tmp_path / "out",
        PrepareOptions(size=32),
    )
    found = {item["title"]: item for item in data.card["findings"]}
    assert (
        found["7 labels lie beyond the end of their video"]["where"][0] == "videos/train/001.mp4 frames 5-7"
    )


def test_one_frame_in_n_is_kept_of_videos(tmp_path, level_faces):
    data = prepare(
        pack(tmp_path / "set.zip", affwild(tmp_path)),
        tmp_path / "out",
        PrepareOptions(size=32, every_nth_frame=4),
    )
    assert set(data.samples["frame"]) == {0, 4}


def test_no_face_at_all_is_refused(tmp_path, level_faces):
    with pytest.raises(DataError, match="no face was found"):
        prepare(pack(tmp_path / "set.zip", affwild(tmp_path, levels=(5,) * 8)), tmp_path / "out")
    assert leftovers(tmp_path, "set.zip") == []


def test_a_video_that_does_not_decode_is_named(tmp_path, level_faces):
    files = affwild(tmp_path) | {"videos/train/003.mp4": b"no video" * 100}
    with pytest.raises(DataError, match=r"videos/train/003\.mp4"):
        prepare(pack(tmp_path / "set.zip", files), tmp_path / "out")
    assert leftovers(tmp_path, "set.zip") == []


def test_the_owners_box_says_where_to_cut_where_no_face_is_found(tmp_path, level_faces, monkeypatch):
    files = {
        name: picture(0, 72, ".png", level=20) if name.endswith(".png") else data
        for name, data in afew_va().items()
    }
    data = prepare(pack(tmp_path / "set.zip", files), tmp_path / "out", PrepareOptions(size=32))
    assert data.samples["face"].all()
    assert data.samples[["x0", "y0", "x1", "y1"]].iloc[0].tolist() == [20, 22, 36, 38]


def test_a_csv_may_name_one_video_frame_twice(tmp_path, level_faces):
    files = {
        "a.mp4": clip_bytes(tmp_path, (128,) * 4),
        "l.csv": "video,frame,valence,arousal\na.mp4,1,0,0\na.mp4,1,0.5,0\na.mp4,3,0,1\n",
    }
    assert (
        prepare(pack(tmp_path / "set.zip", files), tmp_path / "out", PrepareOptions(size=32))
        .samples["face"]
        .all()
    )


def test_tight_crops_are_not_cut_again_and_their_margin_is_measured(shared_data, tmp_path):
    import zipfile

    with zipfile.ZipFile(shared_data / "renderav-stills.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")][:: 3640 // 24]
        rows = [
            line for line in archive.read("labels.csv").decode().splitlines() if line.split(",")[0] in names
        ]
        files = {name: archive.read(name) for name in names} | {
            "labels.csv": "image,subject,valence,arousal,split\n" + "\n".join(rows)
        }
    data = prepare(pack(tmp_path / "set.zip", files), tmp_path / "out")
    assert not data.card["recipe"]["finds_faces"]
    assert "face crops already" in data.card["crops"]
    assert 0.02 < data.card["recipe"]["margin"] < 0.12
    padded = {name: _padded(raw) if name.endswith(".jpg") else raw for name, raw in files.items()}
    scene = prepare(pack(tmp_path / "scenes.zip", padded), tmp_path / "scenes")
    assert scene.card["recipe"]["finds_faces"]
    assert scene.samples["face"].mean() > 0.9


def _padded(raw):
    import cv2

    image = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(
        ".jpg", cv2.copyMakeBorder(image, 200, 100, 300, 100, cv2.BORDER_CONSTANT, value=(90, 90, 90))
    )[1].tobytes()
