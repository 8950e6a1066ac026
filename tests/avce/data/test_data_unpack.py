"""Unpacking: members as they are, or nothing from a hostile archive."""

from __future__ import annotations

import zipfile

import pytest
from data_builders import generic, pack

from avce.data.unpack import unpack
from avce.errors import DataError


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_members_are_written_as_they_are(tmp_path, ending):
    files = generic(5)
    (tmp_path / "out").mkdir()
    unpack(pack(tmp_path / f"set.{ending}", files), tmp_path / "out")
    for name, data in files.items():
        assert (tmp_path / "out" / name).read_bytes() == (data if isinstance(data, bytes) else data.encode())


def test_a_bomb_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "out").mkdir()
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "first")
        archive.writestr("b.bin", bytes(40 << 20))
    with pytest.raises(DataError, match="would unpack"):
        unpack(tmp_path / "bomb.zip", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_name_that_is_taken_is_refused_and_the_file_stays(tmp_path):
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(DataError, match=r"a\.txt"):
        unpack(pack(tmp_path / "set.zip", {"a.txt": "other"}), tmp_path)
    assert (tmp_path / "a.txt").read_text() == "mine"


def test_more_than_the_disk_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("avce.data.unpack.SPARE_BYTES", 1 << 60)
    with pytest.raises(DataError, match="room"):
        unpack(pack(tmp_path / "set.zip", {"a.txt": "other"}), tmp_path)


def test_a_member_below_another_member_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        unpack(pack(tmp_path / "set.zip", {"a": "file", "a/b.txt": "other"}), tmp_path)
