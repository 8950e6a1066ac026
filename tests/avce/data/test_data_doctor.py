"""The doctor: what would spoil the result, each with the place."""

from __future__ import annotations

import gc
import json
import re
import zipfile

import pytest
from data_builders import affwild, affwild2, categories, generic, labels_csv, omg, pack, picture

from avce.data.doctor import examine, sample
from avce.data.duplicates import near_findings, near_pairs
from avce.data.labels import LabelIndex, make_table
from avce.data.pictures import thumbnail
from avce.errors import CancelledError, DataError
from avce.options import PrepareOptions
from avce.progress import Reporter

WHOLE = PrepareOptions(detect="never")


def found(report, severity, text):
    hits = [item for item in report.findings if text in item.title]
    assert hits, [item.title for item in report.findings]
    assert hits[0].severity == severity
    assert hits[0].why
    return hits[0]


def test_a_sound_set_has_no_errors_or_warnings(tmp_path):
    report = examine(pack(tmp_path / "set.zip", generic(40, subjects=10)), WHOLE)
    assert [item.title for item in report.findings if item.severity != "info"] == []
    assert (report.layout, report.n_samples, report.n_examined, report.n_subjects) == ("generic", 40, 40, 10)
    assert sum(report.histograms["valence"]["counts"]) == 40
    assert json.loads(report.to_json())["layout"] == "generic"


def test_nothing_is_written(tmp_path):
    place = pack(tmp_path / "set.zip", generic(10))
    before = place.read_bytes()
    examine(place, WHOLE)
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]
    assert place.read_bytes() == before


def test_subjects_in_two_splits_are_an_error(tmp_path):
    lines = labels_csv(10, subjects=5, extra="train").splitlines()
    lines[6:] = [line.replace(",train", ",val") for line in lines[6:]]
    report = examine(pack(tmp_path / "set.zip", generic(10) | {"labels.csv": "\n".join(lines)}), WHOLE)
    assert found(report, "error", "5 subjects are in more than one split").where[0] == "s0: train, val"
    assert report.has_errors


def test_the_same_picture_in_two_splits_is_an_error_and_a_copy_within_one_a_warning(tmp_path):
    lines = labels_csv(10, subjects=10, extra="train").splitlines()
    lines[6:] = [line.replace(",train", ",val") for line in lines[6:]]
    files = generic(10) | {
        "labels.csv": "\n".join(lines),
        "images/009.jpg": picture(0),
        "images/001.jpg": picture(2),
    }
    report = examine(pack(tmp_path / "set.zip", files), WHOLE)
    assert found(report, "error", "1 pictures lie in more than one split").where == [
        "images/000.jpg = images/009.jpg"
    ]
    assert found(report, "warning", "1 pictures occur more than once").where == [
        "images/001.jpg = images/002.jpg"
    ]


def test_near_copies_are_found_across_splits_and_with_other_labels(tmp_path):
    import cv2
    import numpy as np

    image = cv2.imdecode(np.frombuffer(picture(0, 96), np.uint8), cv2.IMREAD_COLOR)
    near = cv2.imencode(".jpg", cv2.resize(image, (80, 80)), [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes()
    rows = "image,valence,arousal,split\na.jpg,0.5,0.5,train\nb.jpg,-0.5,0.5,val\nc.jpg,0,0.1,train\n"
    files = {"a.jpg": picture(0, 96), "b.jpg": near, "c.jpg": picture(5, 96), "l.csv": rows}
    report = examine(pack(tmp_path / "set.zip", files), WHOLE)
    assert found(report, "warning", "1 pairs of nearly the same picture lie in different splits").where == [
        "a.jpg ~ b.jpg"
    ]
    found(report, "warning", "1 of 1 pairs of nearly the same picture have different labels")


def test_near_pairs_are_found_whatever_the_light_and_plain_surfaces_are_no_pairs():
    import cv2
    import numpy as np

    one = cv2.imdecode(np.frombuffer(picture(1), np.uint8), cv2.IMREAD_COLOR_RGB)
    other = cv2.imdecode(np.frombuffer(picture(2), np.uint8), cv2.IMREAD_COLOR_RGB)
    dim, plain = (one * 0.5 + 20).astype(np.uint8), np.full_like(one, 90)
    thumbs = np.stack(
        [np.frombuffer(thumbnail(image), np.uint8) for image in (one, other, dim, plain, plain)]
    )
    assert near_pairs(thumbs).tolist() == [[0, 2]]


def test_crops_that_a_tool_used_again_are_found(tmp_path):
    files = affwild2()
    key = next(name for name in files if name.endswith("cropped_aligned/105/00001.jpg"))
    files[key.replace("00001", "00003")] = files[key]
    report = examine(pack(tmp_path / "set.zip", files))
    assert "00001.jpg" in found(report, "warning", "1 crops are repeated within their sequence").where[0]


def test_clips_with_gaps_second_faces_and_short_label_files_are_seen(tmp_path, level_faces):
    files = affwild(tmp_path, levels=(128, 10, 10, 250, 128, 128, 128, 128))
    report = examine(pack(tmp_path / "set.zip", files))
    assert report.layout == "affwild"
    assert "videos/train/001.mp4 frames 1-2" in found(report, "warning", "6 pictures without a face").where
    found(report, "warning", "3 pictures show more than one face")
    found(report, "warning", "1 pairs of label files differ in length")
    assert found(report, "warning", "1 videos and their labels differ").where == [
        "videos/train/002.mp4: 8 frames, labels for 6"
    ]


def test_an_uncertain_scale_is_a_question_not_a_guess(tmp_path):
    rows = "image,valence,arousal\na.jpg,1,9\nb.jpg,5,5\n"
    report = examine(
        pack(tmp_path / "set.zip", {"a.jpg": picture(0), "b.jpg": picture(1), "l.csv": rows}), WHOLE
    )
    assert "1..9 or -10..10" in found(report, "error", "which scale").title
    assert "label_scale" in report.findings[0].why
    assert found(examine(pack(tmp_path / "omg.zip", omg(tmp_path))), "error", "which scale").title.endswith(
        "0..1 or -1..1"
    )


def test_labels_that_are_never_negative_are_doubted(tmp_path):
    rows = "image,valence,arousal\n" + "".join(f"{k}.jpg,{k / 60},{1 - k / 60}\n" for k in range(60))
    report = examine(
        pack(tmp_path / "set.zip", {f"{k}.jpg": picture(k) for k in range(60)} | {"l.csv": rows}), WHOLE
    )
    found(report, "warning", "no label is negative")


def test_zero_and_constant_labels_are_said(tmp_path):
    rows = "image,valence,arousal\n" + "".join(f"{k}.jpg,0,0\n" for k in range(60))
    report = examine(
        pack(tmp_path / "set.zip", {f"{k}.jpg": picture(k) for k in range(60)} | {"l.csv": rows}), WHOLE
    )
    assert report.zero_rate == 1
    found(report, "warning", "100.0% of the labels are exactly (0, 0)")
    found(report, "error", "valence is the same everywhere")


def test_small_and_dark_faces_are_said(tmp_path):
    files = generic(10) | {"images/001.jpg": picture(1, 20), "images/002.jpg": picture(2, level=9)}
    report = examine(pack(tmp_path / "set.zip", files), WHOLE)
    assert found(report, "warning", "1 faces are smaller").where == ["images/001.jpg"]
    assert found(report, "info", "1 faces are very dark").where == ["images/002.jpg"]


def test_pictures_that_cannot_be_read_are_listed_all(tmp_path):
    files = generic(200, subjects=20) | {"images/101.jpg": b"x", "images/103.jpg": b""}
    report = examine(pack(tmp_path / "set.zip", files), WHOLE)
    assert found(report, "error", "2 pictures or videos cannot be read").count == 2
    assert report.n_examined == 198


def test_weak_labels_are_called_weak(tmp_path):
    report = examine(pack(tmp_path / "set.zip", categories()), WHOLE)
    assert report.labels == "weak"
    found(report, "warning", "labels are weak")


def test_a_shift_between_splits_is_said(tmp_path):
    rows = "image,valence,arousal,split\n"
    rows += "".join(
        f"{k}.jpg,{-0.5 + k / 1000},{k % 7 / 7},train\n{k}v.jpg,{0.5 - k / 1000},{k % 7 / 7},val\n"
        for k in range(60)
    )
    files = {f"{k}{v}.jpg": picture(2 * k + bool(v)) for k in range(60) for v in ("", "v")} | {"l.csv": rows}
    found(examine(pack(tmp_path / "set.zip", files), WHOLE), "warning", "valence of val lies +0.")


def test_hostile_archives_and_unknown_layouts_are_errors_of_their_own(tmp_path):
    with pytest.raises(DataError, match="unsafe"):
        examine(pack(tmp_path / "set.tar", {"../x": b""}))
    with pytest.raises(DataError, match="no known layout"):
        examine(pack(tmp_path / "other.zip", {"x.txt": b""}))


def test_the_examination_can_be_stopped(tmp_path):
    class Stop(Reporter):
        def check(self):
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        examine(pack(tmp_path / "set.zip", generic(10)), WHOLE, Stop())


def test_large_sets_are_sampled_evenly_and_videos_by_frame():
    singles = make_table(1000, image=[f"{k}.jpg" for k in range(1000)])
    assert len(sample(singles, 300)) == 250
    frames = make_table(1000, video=["a"] * 500 + ["b"] * 500, frame=list(range(500)) * 2)
    assert sample(frames, 300)["frame"].mod(4).eq(0).all()


@pytest.mark.shared_data
def test_what_is_wrong_with_the_sample_clips_is_found(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "renderav-affwild.zip") as archive:
        wanted = [name for name in archive.namelist() if re.search(r"/(004|007|009)\.(txt|mp4)$", name)]
        place = pack(tmp_path / "set.zip", {name: archive.read(name) for name in wanted})
    report = examine(place)
    gap = found(report, "warning", "pictures without a face").where
    assert any(place.startswith("videos/train/004.mp4 frames") for place in gap)
    assert "videos/train/007.mp4 frames 0-119" in found(report, "warning", "more than one face").where
    lines = found(report, "warning", "1 pairs of label files").where
    assert lines == ["videos/train/009.mp4: 118 valence lines, 120 arousal lines"]


def test_near_pairs_are_those_that_comparing_all_with_all_finds():
    import numpy as np

    rng = np.random.default_rng(0)
    thumbs = rng.integers(0, 255, (300, 256)).astype(np.uint8)
    thumbs[200:] = (thumbs[:100] * rng.uniform(0.5, 1, (100, 1)) + rng.normal(0, 9, (100, 256))).clip(0, 255)
    alike = np.corrcoef(thumbs.astype(np.float64)) >= 0.985
    assert near_pairs(thumbs).tolist() == np.argwhere(np.triu(alike, 1)).tolist()
    assert 0 < alike.sum() - 300 < 200


def test_a_thousand_copies_of_one_picture_are_all_named_but_not_in_all_pairs():
    import numpy as np

    pairs = near_pairs(
        np.tile(
            np.frombuffer(
                thumbnail(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)), np.uint8
            ),
            (1000, 1),
        )
    )
    assert len(np.unique(pairs)) == 1000
    assert len(pairs) <= 9000


def test_a_video_that_stands_still_hides_no_copy_in_another(monkeypatch):
    import numpy as np

    rng = np.random.default_rng(3)
    scenes = rng.integers(0, 255, (2, 256)).astype(np.uint8)
    table = make_table(
        60,
        video=["a"] * 40 + ["b"] * 20,
        frame=[*range(40), *range(20)],
        split=["train"] * 40 + ["val"] * 20,
        valence=0.0,
        arousal=0.0,
    )
    thumbs = [scenes[0].tobytes()] * 40 + [scenes[1].tobytes()] * 10 + [scenes[0].tobytes()] * 10
    across = next(iter(near_findings(table, thumbs)))
    assert across.title.startswith("1 pairs of nearly the same picture lie in different splits")
    assert across.where == ["a frame 0 ~ b frame 10"]
    monkeypatch.setattr("avce.data.duplicates.NEAR_LIMIT", 30)
    assert "among 30 of 60 pictures" in next(iter(near_findings(table, thumbs))).title


def test_that_only_a_sample_was_looked_at_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("avce.data.doctor.PICTURES", 10)
    report = examine(pack(tmp_path / "set.zip", generic(40, subjects=10)), WHOLE)
    found(report, "info", "10 of 40 pictures were looked at")


def test_labels_are_gone_before_pictures_are_compared(tmp_path, monkeypatch):
    """Both at once would take the most memory of all, and the more, the larger the set."""

    def indexes():
        gc.collect()
        return sum(type(thing) is LabelIndex for thing in gc.get_objects())

    before, during = indexes(), []
    monkeypatch.setattr("avce.data.doctor.near_findings", lambda *_: during.append(indexes()) or ())
    examine(pack(tmp_path / "set.zip", generic(20)), WHOLE)
    assert during == [before]
