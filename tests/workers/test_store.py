"""Sessions and files."""

from __future__ import annotations

import hashlib
import io
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from avce.options import Split
from workers.errors import StoreError
from workers.store.files import FileStore, file_store
from workers.store.plain import plain
from workers.store.session import reading, writing
from workers.store.tables import JobLog, Run, Video


def test_sqlite_is_set_up_for_many_processes(home):
    with reading() as session:
        pragma = {name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys")}
    assert pragma == {"journal_mode": "wal", "foreign_keys": 1}


def test_on_sqlite_many_writers_that_read_first_all_succeed(home):
    with writing() as session:
        session.add(Video(name="counter", frames=0))

    def count(_):
        with writing() as session:
            video = session.scalars(select(Video)).one()
            video.frames += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(100)))
    with reading() as session:
        assert session.scalars(select(Video.frames)).one() == 100


def test_a_failed_transaction_leaves_nothing(home):
    def half_way():
        with writing() as session:
            session.add(Video(name="half"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    with reading() as session:
        assert session.scalars(select(Video)).all() == []


def test_a_row_cannot_point_to_nothing(home):
    with pytest.raises(IntegrityError), writing() as session:
        session.add(Run(name="r", dataset_id="nope", method="avce", backbone="tiny", options={}))


def test_times_are_aware_on_reading_and_naive_ones_are_refused(home, new_job):
    job_id = new_job()
    with writing() as session:
        session.add(JobLog(job_id=job_id, n=1, text="x", at=datetime(2020, 1, 1, tzinfo=UTC)))
    with reading() as session:
        assert session.scalars(select(JobLog.at)).one() == datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(StatementError, match="aware"), writing() as session:
        session.add(JobLog(job_id=job_id, n=2, text="x", at=datetime(2020, 1, 1)))  # noqa: DTZ001


def test_plain_values_are_json(home):
    value = {"a": np.float32(0.5), "b": [math.nan, np.int64(3)], Split.VAL: (True, None, np.zeros(2))}
    assert plain(value) == {"a": 0.5, "b": [None, 3], "val": [True, None, [0.0, 0.0]]}
    with pytest.raises(TypeError, match="object"):
        plain({"a": object()})


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    """A store in a folder, and one that is no folder."""
    url = str(tmp_path / "files") if request.param == "local" else f"memory://{tmp_path.name}"
    return FileStore(url, tmp_path / "cache")


def test_content_is_stored_once_under_its_hash(store):
    first, second = (store.put(io.BytesIO(b"face"), name) for name in ("a", "b"))
    assert first.sha256 == second.sha256 == hashlib.sha256(b"face").hexdigest()
    assert (first.size, second.name) == (4, "b")
    assert store.read(first.sha256) == b"face"
    assert store.local_path(first.sha256).read_bytes() == b"face"


def test_an_upload_over_the_limit_leaves_nothing(store):
    with pytest.raises(StoreError, match=r"clip\.mp4: larger than the limit of 3 bytes"):
        store.put(io.BytesIO(b"face"), "clip.mp4", max_bytes=3)
    assert not store.exists(hashlib.sha256(b"face").hexdigest())
    assert store.filesystem.ls(f"{store.root}/incoming") == []


def test_a_missing_file_is_named(store):
    for read in (store.read, store.local_path):
        with pytest.raises(StoreError, match="0123456789ab"):
            read("0123456789abcdef")


def test_a_folder_comes_back_as_it_was(store, tmp_path):
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a.json").write_text("{}")
    (source / "deep" / "b.bin").write_bytes(b"\0\1")
    files = store.put_folder(source)
    assert set(files) == {"a.json", "deep/b.bin"}
    for _ in range(2):  # the second time it is already there
        copy = store.get_folder(files, tmp_path / "copy")
    assert (copy / "a.json").read_text() == "{}"
    assert (copy / "deep" / "b.bin").read_bytes() == b"\0\1"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_a_folder_with_a_lost_file_does_not_appear(store, tmp_path):
    with pytest.raises(StoreError):
        store.get_folder({"a": "0" * 64}, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_the_settings_store_is_in_home(home):
    file_store().put(io.BytesIO(b"x"), "x")
    assert (home / "files").is_dir()
