"""Hundreds of malformed archives and label files: none accepted, none crashing, nothing left behind."""

from __future__ import annotations

import random

import pytest
from data_builders import afew_va, affectnet, affectnet_npy, affwild2, author_lists, generic, pack

from avce.data.doctor import examine
from avce.data.prepare import prepare
from avce.errors import AvceError, DataError
from avce.options import PrepareOptions

WHOLE = PrepareOptions(detect="never", size=32)

BAD_LABELS = ("nan", "inf", "-inf", "", "1.01", "-3", "high", "0,5", "1e9", "0x1", "--1", "１２", "\ufffd")
BAD_TABLES = {
    "no header": lambda text: text.split("\n", 1)[1],
    "field too many": lambda text: text.replace("\n", ",1\n", 3).replace(",1\n", "\n", 1),
    "field too few": lambda text: text.replace(",s1", "", 1),
    "ten thousand columns": lambda text: ",".join(f"c{k}" for k in range(10_000)) + "\n" + text,
    "only the header": lambda text: text.split("\n", 1)[0],
    "empty": lambda _: "",
    "columns twice": lambda text: text.replace("subject", "valence", 1),
    "open quote": lambda text: text.replace("s2", '"s2', 1),
    "latin": lambda text: text.replace("s1", "é", 1).encode("latin-1"),
    "utf-16": lambda text: text.encode("utf-16"),
    "NUL": lambda text: text.replace("s1", "s\0", 1),
    "picture gone": lambda text: text.replace("004.jpg", "404.jpg", 1),
    "picture outside": lambda text: text.replace("images/004.jpg", "../../../../etc/hostname", 1),
}


def malformed():
    """Name and files of each case."""
    for value in BAD_LABELS:
        for axis, column in (("valence", 2), ("arousal", 3)):
            lines = generic(8)["labels.csv"].splitlines()
            fields = lines[4].split(",")
            fields[column] = f'"{value}"'
            lines[4] = ",".join(fields)
            yield f"generic {axis} {value!r}", generic(8) | {"labels.csv": "\n".join(lines)}
    for name, change in BAD_TABLES.items():
        yield f"generic {name}", generic(8) | {"labels.csv": change(generic(8)["labels.csv"])}
    raw = generic(8)["images/003.jpg"]
    for name, data in {
        "empty": b"",
        "text": b"hello",
        "cut": raw[: len(raw) // 2],
        "zeros": bytes(500),
        "zip": b"PK\3\4" + raw,
    }.items():
        yield f"picture {name}", generic(8) | {"images/003.jpg": data}
    key = "Affwild2/annotations/VA_Estimation_Challenge/Train_Set/105.txt"
    for value in ("0.1", "0.1,", ",0.1", "a,b", "0.1,0.2,0.3", "0.1;0.2", "2,0", "0,-2", "nan,0"):
        yield f"affwild2 {value!r}", affwild2() | {key: f"valence,arousal\n0,0\n{value}\n0,0\n"}
    for value in ("11", "-10.5", '"5"', "null", "true", "[]", "{}", "NaN", "Infinity", "1e999"):
        yield (
            f"afew {value!r}",
            afew_va() | {"002/002.json": '{"frames": {"00000": {"arousal": 0, "valence": ' + value + "}}}"},
        )
    for value in ("{", "", "[]", "null", '{"frames": 3}', '{"frames": {"00000": 1}}', "\xff"):
        yield f"afew json {value!r}", afew_va() | {"002/002.json": value}
    for value in (
        b"",
        b"\x93NUMPY",
        b"text",
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n",
        bytes(80),
    ):
        yield f"npy {value[:9]!r}", affectnet_npy() | {"train_set/annotations/10_val.npy": value}
    for value in ("1.5,0", "0,-1.5", "-3,0", "nan,0", "a,0", ",0"):
        yield (
            f"affectnet {value!r}",
            affectnet() | {"training.csv": affectnet()["training.csv"].replace("0.78,0.1", value)},
        )
        yield (
            f"authors {value!r}",
            author_lists()
            | {"training_list.csv": author_lists()["training_list.csv"].replace("0.1,0.2", value)},
        )


def damaged_archives(folder):
    """Whole archives of which a stretch of bytes is overwritten where it hurts, or the end is missing."""
    rng = random.Random(0)
    for ending in ("zip", "tar", "tar.gz"):
        whole = pack(folder / f"whole.{ending}", generic(8)).read_bytes()
        content = len(whole.rstrip(b"\0"))  # a tar is filled up with zeros
        for k in range(30):
            yield f"cut{k}.{ending}", whole[: rng.randrange(0, content * 3 // 4)]
        for k in range(15):
            yield f"noise{k}.{ending}", rng.randbytes(rng.randrange(1, 5000))
    (folder / "whole.zip").unlink()


CASES = dict(malformed())


@pytest.mark.parametrize("name", CASES)
def test_a_malformed_set_is_refused_with_its_file_and_leaves_nothing(tmp_path, name):
    place = pack(tmp_path / "set.zip", CASES[name])
    before = place.read_bytes()
    with pytest.raises(DataError, match=r"set\.zip|no known layout") as caught:
        prepare(place, tmp_path / "out", WHOLE)
    assert len(str(caught.value)) < 700
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]
    assert place.read_bytes() == before


def test_damaged_archives_are_refused_and_leave_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    n = 0
    for name, data in damaged_archives(tmp_path / "in"):
        place = tmp_path / "in" / name
        place.write_bytes(data)
        with pytest.raises(DataError):
            prepare(place, tmp_path / "out", WHOLE)
        with pytest.raises(AvceError):
            examine(place, WHOLE)
        assert [path.name for path in tmp_path.iterdir()] == ["in"]
        n += 1
    assert n + len(CASES) >= 200
