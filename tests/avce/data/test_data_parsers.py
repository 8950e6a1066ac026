"""Whatever bytes a label file holds, its parser gives labels or a reason that names the file."""

from __future__ import annotations

import io
import tarfile
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from data_builders import (
    afew_va,
    affectnet,
    affectnet_npy,
    affwild2,
    author_lists,
    categories,
    generic,
    labels_csv,
    omg,
    pack,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from avce.cli.data import prepare_options, prepared_data
from avce.data.doctor import examine
from avce.data.index import open_index, read_index
from avce.data.layouts.categories import weak_table
from avce.data.pictures import decode_rgb
from avce.data.sources import open_source
from avce.errors import AvceError, DataError
from avce.options import PrepareOptions
from avce.progress import Reporter

TEXT = st.text(alphabet='01.-5e,;:"{}[]\n\t ra\ufeffé', max_size=120).map(str.encode)
BYTES = TEXT | st.binary(max_size=120)


def affwild(data):
    return {"videos/train/1.mp4": b"never opened", "annotations/train/valence/1.txt": data,
            "annotations/train/arousal/1.txt": b"0.1\n0.2\n"}  # fmt: skip


KEY2 = "Affwild2/annotations/VA_Estimation_Challenge/Train_Set/105.txt"
PARSERS = {
    "affwild": affwild,
    "affwild2": lambda data: affwild2() | {KEY2: b"valence,arousal\n" + data},
    "afew_va": lambda data: afew_va() | {"002/002.json": data},
    "affectnet": lambda data: affectnet() | {"training.csv": affectnet()["training.csv"].encode() + data},
    "affectnet_npy": lambda data: affectnet_npy() | {"train_set/annotations/10_val.npy": data},
    "author_lists": lambda data: (
        author_lists() | {"training_list.csv": author_lists()["training_list.csv"].encode() + data}
    ),
    "generic": lambda data: generic(4) | {"labels.csv": labels_csv(4).encode() + data},
    "categories": lambda data: categories() | {"labels.csv": b"image,emotion\n" + data},
    "parquet": lambda data: {"labels.parquet": b"PAR1" + data + b"PAR1"},
}


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=BYTES)
def test_any_bytes_give_labels_or_a_reason(tmp_path, name, data):
    place = pack(tmp_path / "set.zip", PARSERS[name](data))
    try:
        index = open_index(place)
    except DataError as error:
        assert "set.zip" in str(error)  # noqa: PT017 - either outcome is right
    else:
        index.source.close()
        values = index.table[["valence", "arousal"]].to_numpy(np.float64)
        assert ((values >= -1) & (values <= 1)).all()
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]


VOTES = st.text(alphabet="019.-²٣a ", max_size=4) | TEXT.map(bytes.decode)


@pytest.fixture(scope="module")
def omg_files(tmp_path_factory):
    return omg(tmp_path_factory.mktemp("omg"), arousal=("0.5", "-0.25"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=BYTES, vote=VOTES)
@example(data=b"", vote="²")
def test_any_row_of_omg_gives_labels_or_a_reason(tmp_path, omg_files, data, vote):
    table = next(name for name in omg_files if name.endswith(".csv"))
    row = f'x,0,1,abc,utterance_1.mp4,0.1,0.2,"{vote.replace(chr(34), "")}"\n'
    place = pack(tmp_path / "set.zip", omg_files | {table: omg_files[table].encode() + row.encode() + data})
    try:
        index = open_index(place)
    except DataError as error:
        assert "set.zip" in str(error)  # noqa: PT017 - either outcome is right
    else:
        index.source.close()
        values = index.table[["valence", "arousal"]].to_numpy(np.float64)
        assert ((values >= -1) & (values <= 1)).all()


CELLS = st.sampled_from(
    ["happy", "Anger", "bored", "", "0.5", "-1", "1.01", "nan", "inf", "1e999", "0,5", '"', "é", "²", "\x00"]
)
WEAK = st.lists(st.lists(CELLS, max_size=5), max_size=6).map(
    lambda rows: "\n".join(["category,valence,arousal", *(",".join(row) for row in rows)]).encode()
)


def opened_or_refused(place, **flags):
    try:
        options = prepare_options(flags)
        with open_source(place) as source:
            return options, read_index(source, options), ""
    except AvceError as error:
        return None, None, str(error)


def test_a_category_with_two_labels_is_refused(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("category,valence,arousal\nhappy,0.5,0.1\nsad,0,0\nHappiness,-0.5,0.1\n")
    with pytest.raises(DataError, match=r"labels.csv: Happiness, row 4: .* row 2 .* take one out"):
        prepare_options({"weak_labels": table})
    table.write_text("category,valence,arousal\nhappy,0.5,0.1\nsad,0,0\nHappiness,0.5,0.1\n")
    assert prepare_options({"weak_labels": table}).weak_labels == {
        "happy": (0.5, 0.1), "sad": (0.0, 0.0), "Happiness": (0.5, 0.1)
    }  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=BYTES | WEAK)
@example(data=b"category,valence,arousal\nhappy,0.5,0.1\nhappy,-0.5,0.1")
@example(data=b"category,valence,arousal\nhappy,nan,0.1")
@example(data=b"category,valence,arousal\nhappy,2,0.1")
def test_any_table_of_weak_labels_is_used_or_refused_by_name(tmp_path, data):
    place, table = pack(tmp_path / "set.zip", categories()), tmp_path / "weak.csv"
    table.write_bytes(data)
    options, index, refusal = opened_or_refused(place, weak_labels=table)
    if index is None:
        assert "weak" in refusal
        return
    assert index.table[["valence", "arousal"]].abs().le(1).all(axis=None)
    wanted = weak_table(options)
    assert [wanted[name] for name in index.table["category"]] == list(
        zip(index.table["valence"], index.table["arousal"], strict=True)
    )


NAMES = st.sampled_from(
    ["images/001.jpg", "images/9.jpg", "labels.csv, row 3", "labels.csv, row 99", "labels.csv, row ²",
     "images/001.jpg frame 2", "x frames 9-1", "x frames 99999999999999999999-1", " ", "﻿", "\x00", "\r"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=BYTES | st.lists(NAMES, max_size=4).map("\n".join).map(str.encode))
def test_any_list_of_rows_to_leave_out_is_followed_or_refused_by_name(tmp_path, data):
    place, listed = pack(tmp_path / "set.zip", generic(6)), tmp_path / "exclude.txt"
    listed.write_bytes(data)
    options, index, refusal = opened_or_refused(place, exclude=listed)
    if index is None:
        assert "exclude" in refusal or "no row has a usable label" in refusal
        return
    whole = open_index(place)
    whole.source.close()
    gone = ~whole.table["image"].isin(index.table["image"])
    assert bool(gone.any()) == bool(options.exclude)
    left = whole.table[~gone].reset_index(drop=True)
    assert left.equals(index.table)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF0000WEBPVP8X"]),
    st.binary(max_size=200),
)
def test_any_bytes_are_a_picture_or_a_reason(start, data):
    try:
        picture = decode_rgb(start + data, "x.jpg")
    except DataError as error:
        assert str(error).startswith("x.jpg")  # noqa: PT017 - either outcome is right
    else:
        assert picture.shape[2] == 3


def test_addresses_are_taken_wherever_the_doctor_takes_them(tmp_path, monkeypatch):
    import fsspec

    monkeypatch.setenv("AVCE_CACHE", str(tmp_path / "cache"))
    files = fsspec.filesystem("memory")
    files.pipe("/parsers/set.zip", pack(tmp_path / "set.zip", generic(8)).read_bytes())
    found = prepared_data("memory://parsers/set.zip", PrepareOptions(detect="never"), Reporter())
    assert len(found) == 8
    files.rm("/parsers", recursive=True)
    with pytest.raises(DataError, match="or an address"):
        prepared_data(str(tmp_path / "gone"), PrepareOptions(), Reporter())


BIG = 5 << 30


def big_archive(path):
    """A small data set beside a recording of 5 GB, all holes on the disk."""
    files = generic(12)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
            whole = zipfile.ZipInfo("raw/recording.bin")
            whole.CRC, whole.file_size, whole.compress_size = zlib.crc32(b""), BIG, BIG
            whole.header_offset = archive.fp.tell()
            header = whole.FileHeader(zip64=True)
            archive.fp.write(header)
            archive.fp.seek(BIG, io.SEEK_CUR)
            archive.start_dir = archive.fp.tell()
            archive.filelist.append(whole)
            archive.NameToInfo[whole.filename] = whole
            archive._didModify = True
        return path
    with path.open("wb") as stream:
        whole = tarfile.TarInfo("raw/recording.bin")
        whole.size = BIG
        stream.write(whole.tobuf(tarfile.GNU_FORMAT))
        stream.seek(BIG, io.SEEK_CUR)
        inner = io.BytesIO()
        with tarfile.open(fileobj=inner, mode="w") as archive:
            for name, data in files.items():
                raw = data if isinstance(data, bytes) else data.encode()
                info = tarfile.TarInfo(name)
                info.size = len(raw)
                archive.addfile(info, io.BytesIO(raw))
        stream.write(inner.getvalue())
    return path


@pytest.mark.parametrize("ending", ["zip", "tar"])
def test_of_a_large_archive_only_what_is_needed_comes_into_memory(tmp_path, ending):
    place = big_archive(tmp_path / f"set.{ending}")
    assert place.stat().st_size > BIG
    tracemalloc.start()
    try:
        report = examine(place, PrepareOptions(detect="never"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.n_examined == 12
    assert peak < 64 << 20
