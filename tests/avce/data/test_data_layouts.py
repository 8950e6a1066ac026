"""Layouts: each in its exact form on disk, with its known oddities, recognised without being told."""

from __future__ import annotations

import fsspec
import numpy as np
import pandas as pd
import pytest
from data_builders import (
    afew_va,
    affectnet,
    affectnet_npy,
    affwild,
    affwild2,
    author_lists,
    categories,
    generic,
    labels_csv,
    omg,
    pack,
    picture,
    write,
)

from avce.data.index import INDEX_COLUMNS, open_index
from avce.data.layouts import LAYOUTS
from avce.data.scales import AmbiguousScaleError
from avce.errors import DataError, OptionError
from avce.options import PrepareOptions

OMG = PrepareOptions(label_scale="0..1")


def read(place, **options):
    index = open_index(place, PrepareOptions(**options))
    index.source.close()
    return index


def titles(index):
    return " | ".join(note.title for note in index.notes)


BUILDERS = {
    "affwild": affwild,
    "affwild2": lambda _: affwild2(),
    "afew_va": lambda _: afew_va(),
    "affectnet": lambda _: affectnet(),
    "affectnet_npy": lambda _: affectnet_npy(),
    "omg_emotion": omg,
    "author_lists": lambda _: author_lists(),
    "generic": lambda _: generic(),
    "categories": lambda _: categories(),
}


def test_there_is_a_fixture_for_every_layout():
    assert set(BUILDERS) == set(LAYOUTS)


def put(tmp_path, form, files):
    """The files as a folder or archive, here or at an address."""
    name = form.removeprefix("memory://")
    here = write(tmp_path / "folder", files) if name == "folder" else pack(tmp_path / name, files)
    if form == name:
        return here
    memory = fsspec.filesystem("memory")
    address = f"/{tmp_path.name}/{name}"
    if name == "folder":
        for key, data in files.items():
            memory.pipe(f"{address}/{key}", data if isinstance(data, bytes) else data.encode())
    else:
        memory.pipe(address, here.read_bytes())
    return f"memory:/{address}"


@pytest.mark.parametrize("form", ["folder", "set.zip", "set.tar.gz", "memory://folder", "memory://set.zip"])
@pytest.mark.parametrize("name", BUILDERS)
def test_each_layout_is_recognised_in_every_container_and_says_the_same(tmp_path, name, form):
    files = BUILDERS[name](tmp_path)
    options = {"label_scale": "0..1"} if name == "omg_emotion" else {}
    place = put(tmp_path, form, files)
    index = read(place, **options)
    assert index.layout == name
    assert index.layout_reason
    assert set(INDEX_COLUMNS) <= set(index.table.columns)
    assert index.table[["valence", "arousal"]].abs().max().max() <= 1
    named = read(place, layout=name, **options)
    pd.testing.assert_frame_equal(named.table, index.table)
    key = ["image", "video", "frame"]
    expected = read(write(tmp_path / "again", files), **options).table.sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(index.table.sort_values(key, ignore_index=True), expected)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_folder_around_the_data_set_does_not_matter(tmp_path, name):
    files = {f"downloads/copy 1/{key}": data for key, data in BUILDERS[name](tmp_path).items()}
    assert (
        read(
            pack(tmp_path / "set.zip", files), **({"label_scale": "0..1"} if name == "omg_emotion" else {})
        ).layout
        == name
    )


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_that_was_asked_for_but_is_not_there_is_refused(tmp_path, name):
    write(tmp_path, {"readme.txt": "nothing here"})
    with pytest.raises(DataError, match="expected"):
        read(tmp_path, layout=name)


def test_no_layout_is_said_with_the_simplest_way_out(tmp_path):
    write(tmp_path, {"readme.txt": "nothing here"})
    with pytest.raises(DataError, match="image, valence, arousal"):
        read(tmp_path)
    with pytest.raises(OptionError, match="layout"):
        read(tmp_path, layout="spreadsheet")


# Aff-Wild -----------------------------------------------------------------------------------------------------


def test_affwild_uses_as_many_frames_as_both_files_label_and_says_so(tmp_path):
    index = read(pack(tmp_path / "set.zip", affwild(tmp_path)))
    assert index.table["video"].value_counts().to_dict() == {
        "videos/train/001.mp4": 8, "videos/train/002.mp4": 6, "videos/train/003.mp4": 8,
    }  # fmt: skip
    assert "1 pairs of label files differ in length" in titles(index)
    assert "1 videos have no labels" in titles(index)
    row = index.table[(index.table["video"] == "videos/train/002.mp4") & (index.table["frame"] == 3)].iloc[0]
    assert (row["valence"], row["arousal"], row["split"]) == (0.3, -0.3, "train")


@pytest.mark.parametrize("line", ["", "high", "nan", "1.5", "-5", "0.1 0.2"])
def test_affwild_lines_that_are_no_label_are_named(tmp_path, line):
    files = affwild(tmp_path)
    files["annotations/train/arousal/003.txt"] = f"0.1\n{line}\n0.2\n"
    with pytest.raises(DataError, match=r"annotations/train/arousal/003\.txt, row 2"):
        read(pack(tmp_path / "set.zip", files))


def test_affwild_needs_both_axes_of_a_video(tmp_path):
    files = affwild(tmp_path)
    del files["annotations/train/arousal/003.txt"]
    with pytest.raises(DataError, match="arousal file"):
        read(pack(tmp_path / "set.zip", files))


# Aff-Wild2 ----------------------------------------------------------------------------------------------------


def test_affwild2_leaves_out_discarded_frames_and_keeps_numbers_over_gaps(tmp_path):
    index = read(pack(tmp_path / "set.zip", affwild2()))
    train = index.table[index.table["split"] == "train"]
    assert train[["frame", "valence", "arousal"]].to_numpy().tolist() == [[0, 0.1, 0.2], [2, 0.3, -0.4]]
    assert train["image"].str.endswith(("00001.jpg", "00003.jpg")).all()
    assert (index.table["split"] == "val").sum() == 2
    assert index.pictures == "crops"
    for text in (
        "2 frames are marked -5",
        "1 labelled frames have no crop",
        "1 crops lie beyond the last label",
    ):
        assert text in titles(index)


def test_affwild2_without_header_reads_the_first_line_as_a_frame(tmp_path):
    files = affwild2()
    key = next(name for name in files if name.endswith("Train_Set/105.txt") and "VA_" in name)
    files[key.replace("105", "107")] = "0.5,0.5\n0.1,0.1\n"
    files["Affwild2/cropped_aligned/107/00001.jpg"] = picture(1)
    index = read(pack(tmp_path / "set.zip", files))
    assert index.table[index.table["video"] == "107"][["frame", "valence"]].to_numpy().tolist() == [[0, 0.5]]
    assert "has no header" in titles(index)


@pytest.mark.parametrize("line", ["0.5", "0.5,1.5", "0.5,high", "0.1,0.2,0.3"])
def test_affwild2_rows_that_are_no_labels_are_named(tmp_path, line):
    files = affwild2()
    key = next(name for name in files if name.endswith("VA_Estimation_Challenge/Train_Set/105.txt"))
    files[key] = f"valence,arousal\n0,0\n{line}\n"
    with pytest.raises(DataError, match=r"105\.txt, row 3"):
        read(pack(tmp_path / "set.zip", files))


# AFEW-VA ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [False, True])
def test_afew_va_is_divided_by_ten_with_actors_and_boxes(tmp_path, nested):
    index = read(pack(tmp_path / "set.zip", afew_va(nested=nested)))
    table = index.table
    assert len(table) == 9
    assert table["valence"].tolist() == [-0.2, -0.1, 0.0] * 3
    assert table["arousal"].tolist() == [1.0, 0.9, 0.8] * 3
    assert sorted(table["subject"].unique()) == ["actor 0", "actor 1"]
    assert table[["x0", "y0", "x1", "y1"]].iloc[0].tolist() == [20, 22, 36, 38]
    assert "copies" in titles(index)


def test_afew_va_clips_that_are_there_twice_are_read_once(tmp_path):
    files = afew_va() | {f"copy/{name}": data for name, data in afew_va().items()}
    assert len(read(pack(tmp_path / "set.zip", files)).table) == 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"frames": {"00000": {"valence": 11, "arousal": 0}}}', "valence expected"),
        ('{"frames": {"00000": {"valence": 1}}}', "arousal expected"),
        ('{"frames": {"00000": {"valence": true, "arousal": 1}}}', "valence expected"),
        ('{"frames": []}', "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("{", "cannot be read"),
    ],
)
def test_afew_va_json_that_is_odd_is_named(tmp_path, text, message):
    with pytest.raises(DataError, match=r"002\.json.*" + message):
        read(pack(tmp_path / "set.zip", afew_va() | {"002/002.json": text}))


# AffectNet ----------------------------------------------------------------------------------------------------


def test_affectnet_reads_lists_with_and_without_header_and_leaves_out_what_is_not_rated(tmp_path):
    index = read(pack(tmp_path / "set.zip", affectnet()))
    table = index.table
    assert table[["valence", "arousal", "category", "split"]].to_numpy().tolist() == [
        [0.78, 0.1, "happiness", "train"], [-0.5, 0.6, "anger", "train"], [0.2, 0.7, "surprise", "val"],
    ]  # fmt: skip
    assert table[["x0", "y0", "x1", "y1"]].iloc[0].tolist() == [8, 9, 48, 50]
    for text in ("not rated (-2)", "has no header", "1 pictures of training.csv are missing"):
        assert text in titles(index)


def test_affectnet_labels_outside_the_range_are_named(tmp_path):
    files = affectnet()
    files["training.csv"] = files["training.csv"].replace("-0.5,0.6", "-0.5,1.6")
    with pytest.raises(DataError, match=r"training\.csv, row 4 .*arousal expected in \[-1, 1\], got 1\.6"):
        read(pack(tmp_path / "set.zip", files))


def test_affectnet_without_its_pictures_is_refused(tmp_path):
    files = {name: data for name, data in affectnet().items() if name.endswith(".csv")}
    with pytest.raises(DataError, match="put the pictures beside the list"):
        read(pack(tmp_path / "set.zip", files))


def test_affectnet_arrays_hold_numbers_as_text_or_not(tmp_path):
    index = read(pack(tmp_path / "set.zip", affectnet_npy()))
    assert index.table[["valence", "arousal", "split"]].to_numpy().tolist() == [
        [0.0, 0.0, "train"], [0.5, -0.5, "train"], [0.25, -0.25, "val"],
    ]  # fmt: skip
    assert index.pictures == "crops"
    assert "1 pictures are not rated" in titles(index)


def test_an_array_file_that_would_run_code_is_refused(tmp_path):
    import io

    stream = io.BytesIO()
    np.save(stream, np.array([print], dtype=object), allow_pickle=True)
    files = affectnet_npy() | {"train_set/annotations/0_val.npy": stream.getvalue()}
    with pytest.raises(DataError, match=r"0_val\.npy: expected a npy file with one number"):
        read(pack(tmp_path / "set.zip", files))


# OMG-Emotion --------------------------------------------------------------------------------------------------


def test_omg_asks_for_the_range_of_arousal(tmp_path):
    place = pack(tmp_path / "set.zip", omg(tmp_path))
    with pytest.raises(AmbiguousScaleError, match=r"choose label_scale: 0\.\.1 .*or -1\.\.1"):
        read(place)
    assert sorted(read(place, label_scale="0..1").table["arousal"].unique()) == [-0.5, 0.0]
    assert sorted(read(place, label_scale="-1..1").table["arousal"].unique()) == [0.25, 0.5]


def test_omg_spreads_the_label_over_a_few_frames_and_keeps_speakers_together(tmp_path):
    index = read(pack(tmp_path / "set.zip", omg(tmp_path)), label_scale="0..1")
    assert index.table.groupby("video").size().tolist() == [16, 16]
    assert index.table["frame"].max() == 19
    assert set(index.table["subject"]) == {"abc"}
    assert set(index.table["category"]) == {"happiness", "neutral"}
    assert "1 utterances have no video" in titles(index)


def test_omg_with_negative_arousal_needs_no_question(tmp_path):
    assert (
        read(pack(tmp_path / "set.zip", omg(tmp_path, arousal=("-0.5", "0.25")))).table["arousal"].min()
        == -0.5
    )


# lists and generic tables -------------------------------------------------------------------------------------


def test_the_authors_lists_find_pictures_although_paths_begin_on_another_disk(tmp_path):
    table = read(pack(tmp_path / "set.zip", author_lists())).table
    assert table["image"].tolist() == ["data/v1/0.jpg", "data/v2/0.jpg", "v3/0.jpg"]
    assert table["split"].tolist() == ["train", "train", "val"]
    assert table["video"].tolist() == ["data/v1", "data/v2", "v3"]


def test_a_csv_on_its_own_is_read_with_the_pictures_beside_it(tmp_path):
    write(tmp_path, generic(6))
    index = read(tmp_path / "labels.csv")
    assert len(index.table) == 6
    assert index.table["subject"].nunique() == 5


def test_parquet_is_as_good_as_csv(tmp_path):
    files = generic(6)
    write(tmp_path / "csv", files)
    table = pd.read_csv(tmp_path / "csv" / "labels.csv")
    write(tmp_path / "parquet", {name: data for name, data in files.items() if name != "labels.csv"})
    table.to_parquet(tmp_path / "parquet" / "labels.parquet")
    one, other = read(tmp_path / "csv").table, read(tmp_path / "parquet").table
    np.testing.assert_array_equal(one[["valence", "arousal"]], other[["valence", "arousal"]])
    assert one["image"].tolist() == other["image"].tolist()


def test_tables_named_after_splits_are_read_together(tmp_path):
    files = generic(6)
    lines = files.pop("labels.csv").splitlines()
    files |= {
        "train.csv": "\n".join(lines[:4]),
        "val.csv": "\n".join([lines[0], *lines[4:6]]),
        "test.csv": "\n".join([lines[0], lines[6]]),
    }
    assert read(pack(tmp_path / "set.zip", files)).table["split"].value_counts().to_dict() == {
        "train": 3,
        "val": 2,
        "test": 1,
    }


def test_a_csv_of_video_frames_is_read(tmp_path):
    files = affwild(tmp_path)
    files = {
        "clips/a.mp4": files["videos/train/001.mp4"],
        "l.csv": "video,frame,valence,arousal\nclips/a.mp4,0,0.1,0.2\nclips/a.mp4,5,0.1,0.3\n",
    }
    table = read(pack(tmp_path / "set.zip", files)).table
    assert table[["video", "frame"]].to_numpy().tolist() == [["clips/a.mp4", 0], ["clips/a.mp4", 5]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("valence", "happy"), "no known layout"),
        (
            ("images/003.jpg", "images/gone.jpg"),
            r"labels\.csv, row 5, column image: 'images/gone.jpg' is not in",
        ),
        (("images/003.jpg", "../../../etc/passwd"), "row 5, column image"),
        (("s3,", "s3,nan"), "row 5, column valence"),
        (("s3,-0.", "s3,-7."), r"row 5: expected valence and arousal in \[-1, 1\]"),
    ],
)
def test_generic_tables_that_cannot_be_used_are_named_by_file_and_row(tmp_path, change, message):
    files = generic(5)
    files["labels.csv"] = files["labels.csv"].replace(*change, 1)
    with pytest.raises(DataError, match=message):
        read(pack(tmp_path / "set.zip", files))


def test_an_unknown_split_is_named(tmp_path):
    files = generic(5) | {"labels.csv": labels_csv(5, extra="training").replace("training", "holdout", 1)}
    with pytest.raises(
        DataError, match=r"row 2, column split: expected train, val, test or empty, got 'holdout'"
    ):
        read(pack(tmp_path / "set.zip", files))


@pytest.mark.parametrize(
    ("scale", "low", "high"), [("1..9", 1, 9), ("1..7", 1, 7), ("-10..10", -10, 10), ("0..1", 0, 1)]
)
def test_other_scales_are_asked_for_and_then_brought_to_the_unit_square(tmp_path, scale, low, high):
    middle = (low + high) / 2
    files = {f"{k}.jpg": picture(k) for k in range(3)}
    files["l.csv"] = (
        f"image,valence,arousal\n0.jpg,{low},{high}\n1.jpg,{middle},{middle}\n2.jpg,{high},{low}\n"
    )
    place = pack(tmp_path / "set.zip", files)
    if scale != "0..1":
        with pytest.raises(AmbiguousScaleError, match=f"choose label_scale: .*{scale.replace('.', '[.]')}"):
            read(place)
    table = read(place, label_scale=scale).table
    assert table["valence"].tolist() == [-1, 0, 1]
    assert table["arousal"].tolist() == [1, 0, -1]


def test_a_scale_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"1\.\.9 does not fit"):
        read(pack(tmp_path / "set.zip", generic(5)), label_scale="1..9")


# categories ---------------------------------------------------------------------------------------------------


def test_categories_become_weak_labels_by_folder(tmp_path):
    index = read(pack(tmp_path / "set.zip", categories()))
    table = index.table
    assert table["weak"].all()
    assert set(table["category"]) == {"happiness", "anger", "neutral"}
    assert table[table["category"] == "anger"][
        ["valence", "arousal"]
    ].drop_duplicates().to_numpy().tolist() == [[-0.5, 0.65]]
    assert table["split"].value_counts().to_dict() == {"train": 9, "test": 2}
    assert "3 pictures of categories without a weak label" in titles(index)
    assert index.extra["weak_labels"]["happiness"] == [0.65, 0.15]


def test_the_users_table_of_weak_labels_wins(tmp_path):
    index = read(
        pack(tmp_path / "set.zip", categories()), weak_labels={"bored": (-0.3, -0.7), "Angry": (-0.9, 0.9)}
    )
    table = index.table
    assert table[table["category"] == "bored"]["arousal"].unique().tolist() == [-0.7]
    assert table[table["category"] == "anger"]["valence"].unique().tolist() == [-0.9]
    with pytest.raises(DataError, match=r"weak_labels: anger: expected valence and arousal in \[-1, 1\]"):
        read(tmp_path / "set.zip", weak_labels={"anger": (2, 0)})


def test_categories_may_come_as_a_column(tmp_path):
    files = {
        "0.jpg": picture(0),
        "1.jpg": picture(1),
        "l.csv": "image,emotion,subject,split\n0.jpg,happy,a,train\n1.jpg,fear,b,val\n",
    }
    table = read(pack(tmp_path / "set.zip", files)).table
    assert table[["valence", "subject", "split"]].to_numpy().tolist() == [
        [0.65, "a", "train"],
        [-0.15, "b", "val"],
    ]


@pytest.mark.parametrize(
    ("name", "layout", "n"),
    [
        ("renderav-affwild", "affwild", 1198),
        ("renderav-stills", "generic", 3640),
        ("faces-weak", "categories", 6111),
    ],
)
def test_the_sample_archives_are_recognised(shared_data, name, layout, n):
    index = read(shared_data / f"{name}.zip")
    assert (index.layout, len(index.table)) == (layout, n)


def test_a_csv_may_name_the_sequence_of_each_picture(tmp_path):
    files = generic(4)
    files["labels.csv"] = (
        "image,video,frame,valence,arousal\nimages/000.jpg,v1,3,0,0.1\nimages/001.jpg,v1,4,0,0.2\nimages/002.jpg,,,0,0.3\n"
        "images/003.jpg,v2,0,0,0.4\n"
    )
    index = open_index(pack(tmp_path / "set.zip", files))
    index.source.close()
    assert index.table["video"].tolist() == ["v1", "v1", "", "v2"]
    assert index.table["frame"].tolist() == [3, 4, -1, 0]
    files["labels.csv"] = files["labels.csv"].replace("v1,4", "v1,4.5")
    with pytest.raises(DataError, match=r"labels\.csv, row 3: expected a frame number from 0, got 4\.5"):
        open_index(pack(tmp_path / "other.zip", files))
